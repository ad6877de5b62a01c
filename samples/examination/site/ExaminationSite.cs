using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;

namespace Pleiad.Sample.Examination;

/// <summary>A small site for examinations: log in, open the test, answer, hand in. Everything is kept in memory, bounded. <c>--delay 20</c> lets each answer take that many milliseconds.</summary>
public static class ExaminationSite
{
    private const int SessionsMax = 100_000;
    private const int Questions = 40;
    private const string SessionCookie = "session";

    public static async Task Main(string[] args)
    {
        await using var site = Build(args);
        await site.StartAsync();
        Console.WriteLine($"examination: {site.Urls.First()}");
        await site.WaitForShutdownAsync();
    }

    /// <summary>The site; <c>--urls</c> says where it listens.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.Logging.ClearProviders();
        var delay = TimeSpan.FromMilliseconds(builder.Configuration.GetValue("delay", 0));
        var site = builder.Build();
        var state = new State();
        site.Use(async (context, next) =>
        {
            if (delay > TimeSpan.Zero)
            {
                await Task.Delay(delay, TimeProvider.System, context.RequestAborted);
            }

            await next(context);
        });
        site.MapGet("/login", () => Page($"<h1>Log in</h1><form method=\"post\"><input name=\"name\"><input name=\"password\"><input type=\"hidden\" name=\"token\" value=\"{state.NewToken()}\"></form>"));
        site.MapPost("/login", async (HttpRequest request, HttpResponse response) =>
        {
            var form = await request.ReadFormAsync();
            if (!state.TakeToken(form["token"].ToString()) || form["name"].Count == 0 || form["password"].Count == 0)
            {
                return Results.StatusCode(StatusCodes.Status403Forbidden);
            }

            response.Cookies.Append(SessionCookie, state.Begin(form["name"].ToString()), new CookieOptions { HttpOnly = true });
            return Results.Redirect("/tests");
        });
        site.MapGet("/tests", (HttpRequest request) => state.Student(request) is { } student ? Page($"<h1>Welcome, {WebUtility.HtmlEncode(student)}</h1>") : Results.Unauthorized());
        site.MapPost("/tests", (HttpRequest request) => state.Student(request) is null ? Results.Unauthorized() : Question(state.OpenTest(), 1));
        site.MapPost("/tests/{test}/questions/{number:int}", (HttpRequest request, string test, int number) =>
            state.Student(request) is null ? Results.Unauthorized() : state.Answer(test) ? Question(test, (number % Questions) + 1) : Results.NotFound());
        site.MapGet("/material", (HttpRequest request, int question) => state.Student(request) is null ? Results.Unauthorized() : Page($"<h1>Material for question {question.ToString(CultureInfo.InvariantCulture)}</h1><p>{new string('m', 3000)}</p>"));
        site.MapPost("/tests/{test}/finish", (HttpRequest request, string test) =>
            state.Student(request) is null ? Results.Unauthorized() : state.Finish(test) is { } answers ? Results.Json(new { state = "finished", answers, grade = 1 + (answers % 5) }) : Results.NotFound());
        site.MapGet("/results", () => Page($"<h1>Results</h1><p>{state.Finished.ToString(CultureInfo.InvariantCulture)} finished</p>"));
        return site;
    }

    private static IResult Question(string test, int number) =>
        Page($"<h1>Question {number.ToString(CultureInfo.InvariantCulture)}</h1><form data-test=\"{test}\" data-question=\"{number.ToString(CultureInfo.InvariantCulture)}\"><p>{new string('q', 800)}</p></form>");

    private static IResult Page(string body) => Results.Content($"<!doctype html><html><body>{body}</body></html>", "text/html; charset=utf-8");

    /// <summary>Who is logged in and which tests are open; the oldest are forgotten when there are too many.</summary>
    private sealed class State
    {
        private readonly Bounded<string> _tokens = new();
        private readonly Bounded<string> _students = new();
        private readonly Bounded<int> _tests = new();
        private int _finished;

        public int Finished => _finished;

        public string NewToken() => _tokens.Add("");

        public bool TakeToken(string token) => _tokens.Remove(token, out _);

        public string Begin(string name) => _students.Add(name);

        public string? Student(HttpRequest request) => request.Cookies[SessionCookie] is { } session && _students.TryGet(session, out var name) ? name : null;

        public string OpenTest() => _tests.Add(0);

        public bool Answer(string test) => _tests.Change(test, answers => answers + 1);

        public int? Finish(string test)
        {
            if (!_tests.Remove(test, out var answers))
            {
                return null;
            }

            Interlocked.Increment(ref _finished);
            return answers;
        }
    }

    private sealed class Bounded<T>
    {
        private readonly ConcurrentDictionary<string, T> _items = new();
        private readonly ConcurrentQueue<string> _order = new();

        public string Add(T value)
        {
            var key = RandomNumberGenerator.GetHexString(16, lowercase: true);
            _items[key] = value;
            _order.Enqueue(key);
            while (_order.Count > SessionsMax && _order.TryDequeue(out var oldest))
            {
                _items.TryRemove(oldest, out _);
            }

            return key;
        }

        public bool TryGet(string key, out T? value) => _items.TryGetValue(key, out value);

        public bool Remove(string key, out T? value) => _items.TryRemove(key, out value);

        public bool Change(string key, Func<T, T> change)
        {
            while (_items.TryGetValue(key, out var value))
            {
                if (_items.TryUpdate(key, change(value), value))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
