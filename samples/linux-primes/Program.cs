// The primes service as a C# program for a Linux machine: the same contract as guest/services/primes, which is a unikernel.
//
//   GET /primes?n=N   how many primes there are from 2 to N      GET /health     what the machine does, for Pleiad
//                                                                GET /identity   what no other machine has
using System.Globalization;
using LinuxPrimes;
using Microsoft.AspNetCore.Connections;

var traffic = new Traffic();
var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { Args = args });
builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.ListenAnyIP(
        int.Parse(Environment.GetEnvironmentVariable("PORT") ?? "8080", CultureInfo.InvariantCulture),
        listen => listen.Use(next => connection => traffic.ConnectedAsync(() => next(connection))));
});

var app = builder.Build();
app.Run(context => context switch
{
    { Request: { ContentLength: > 0 } or { Headers.TransferEncoding.Count: > 0 } } => Problem.AnswerAsync(context, 413, "no request here has a body"),
    { Request.Path.Value: "/primes" } => ReadAsync(context, () => traffic.ServeAsync(() => Primes.AnswerAsync(context))),
    { Request.Path.Value: "/health" } => ReadAsync(context, () => Health.AnswerAsync(context, traffic)),
    { Request.Path.Value: "/identity" } => ReadAsync(context, () => Identity.AnswerAsync(context)),
    _ => Problem.AnswerAsync(context, 404, "there is /primes?n=N, /health and /identity"),
});
app.Lifetime.ApplicationStarted.Register(() => Console.WriteLine("primes: ready"));
app.Run();

static Task ReadAsync(HttpContext context, Func<Task> answer)
{
    if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
    {
        return answer();
    }

    context.Response.Headers.Allow = "GET, HEAD";
    return Problem.AnswerAsync(context, 405, null);
}
