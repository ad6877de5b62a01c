using System.Buffers;
using System.Globalization;
using System.Text;
using Pleiad.Load.Http;
using Pleiad.Load.Recording;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Sessions;

/// <content>Requests: written, sent, answered, judged.</content>
internal sealed partial class Worker
{
    private const int LogBlock = 64 * 1024;

    /// <summary>What a target may have as it is.</summary>
    private static readonly SearchValues<byte> Plain = SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Where(c => c != '#').Select(c => (byte)c)]);

    private readonly ByteBuffer _out = new(16 * 1024);
    private readonly ByteBuffer _body = new();
    private readonly ByteBuffer _log = new(LogBlock + 4096);

    private void BeginRequest(User user, long now)
    {
        user.RedirectedTo = null;
        user.Redirects = 0;
        user.Method = user.Page!.Method;
        (user.Started, user.InFlightSince) = (now, now);
        user.Deadline = now + (long)user.Page.Timeout.TotalNanoseconds;
        user.IsAsking = true;
        CountInFlight(now, +1);
        Ask(user, now);
    }

    /// <summary>Sends the request as it stands: at first, after a redirect, on another connection.</summary>
    private void Ask(User user, long now)
    {
        user.BeginAnswer();
        QueueDeadline(user);
        if (_system is null)
        {
            TakeLink(user, now);
        }
        else if (AskSystem(user, _system) is var failure and not RequestFailure.None)
        {
            Fail(user, failure, now);
        }
    }

    private RequestFailure AskSystem(User user, SystemTransport system)
    {
        // In flight is this one too.
        _window.Waited += IsShared && !_settings.Options.Http2 && _inFlight > system.SharedMax ? 1 : 0;
        return TryWriteTarget(user) && TryWriteBody(user)
            ? system.Ask(user, ValuesOf(user), _body.Span, _settings.Options.RequestIdHeader is null ? null : RequestId(user))
            : RequestFailure.Value;
    }

    /// <summary>A user has at most one deadline timer that is not stale: the earliest; later ones are planned when it is due.</summary>
    private void QueueDeadline(User user)
    {
        if (user.Deadline < user.DeadlineQueued)
        {
            user.DeadlineQueued = user.Deadline;
            _timers.Push(new Timer(user.Deadline, user, 0, IsDeadline: true));
        }
    }

    private bool TryWriteTarget(User user)
    {
        var target = user.Target;
        target.Clear();
        if (user.RedirectedTo is { } redirected)
        {
            target.Add(redirected);
            return true;
        }

        target.Add(_prefix);
        if (!user.Page!.Url.TryWrite(target, ValuesOf(user)))
        {
            return false;
        }

        var url = target.Span[_prefix.Length..];
        if (url.StartsWith("http://"u8) || url.StartsWith("https://"u8))
        {
            if (!Uri.TryCreate(Encoding.UTF8.GetString(url), UriKind.Absolute, out var absolute) || !IsTarget(absolute))
            {
                return false;
            }

            target.Clear();
            target.Add(Encoding.ASCII.GetBytes(absolute.PathAndQuery));
        }

        return target.Length > 0 && target.Span[0] == '/' && (target.Span.IndexOfAnyExcept(Plain) < 0 || TryWritePlain(target));
    }

    /// <summary>Writes a target as browsers send it: letters of other scripts and spaces as %XX, and no fragment, which is the browser's own. What controls the protocol is refused.</summary>
    private static bool TryWritePlain(ByteBuffer target)
    {
        var whole = target.Span.IndexOf((byte)'#') is var fragment and >= 0 ? target.Span[..fragment].ToArray() : target.Span.ToArray();
        target.Clear();
        foreach (var each in whole)
        {
            if (each is < (byte)' ' or 0x7f)
            {
                return false;
            }

            if (each is (byte)' ' or > 0x7f)
            {
                target.AddPercent(each);
            }
            else
            {
                target.Add(each);
            }
        }

        return true;
    }

    private bool IsTarget(Uri url) => url.Scheme == _settings.Options.Target.Scheme && url.Port == _settings.Options.Target.Port && url.IdnHost.Equals(_settings.Options.Target.IdnHost, StringComparison.OrdinalIgnoreCase);

    private bool TryWriteBody(User user)
    {
        _body.Clear();
        return user.Page!.Body is not { } body || user.RedirectedTo is not null && user.Method == "GET" || body.TryWrite(_body, ValuesOf(user));
    }

    /// <summary>Writes head and body of HTTP/1.1 into the buffer.</summary>
    private bool TryWriteRequest(User user)
    {
        if (!TryWriteBody(user))
        {
            return false;
        }

        _out.Clear();
        Add(user.Method);
        _out.Add((byte)' ');
        _out.Add(user.Target.Span);
        _out.Add(" HTTP/1.1\r\n"u8);
        if (!user.Page!.HasHost)
        {
            _out.Add("Host: "u8);
            _out.Add(_settings.Host);
            _out.Add("\r\n"u8);
        }

        foreach (var (name, value) in user.Page!.Headers)
        {
            Add(name);
            _out.Add(": "u8);
            var from = _out.Length;
            if (!value.TryWrite(_out, ValuesOf(user)) || _out.Span[from..].IndexOfAny((byte)'\r', (byte)'\n') >= 0)
            {
                return false;
            }

            _out.Add("\r\n"u8);
        }

        if (user.Cookies.Count > 0)
        {
            var from = _out.Length;
            _out.Add("Cookie: "u8);
            if (user.Cookies.Write(_out, user.Target.Span))
            {
                _out.Add("\r\n"u8);
            }
            else
            {
                _out.Truncate(from);
            }
        }

        if (_settings.Options.RequestIdHeader is { } header)
        {
            Add(header);
            _out.Add(": "u8);
            Add(RequestId(user));
            _out.Add("\r\n"u8);
        }

        if (_scenario.HasCompression)
        {
            _out.Add("Accept-Encoding: gzip, br\r\n"u8);
        }

        if (_body.Length > 0 || user.Method is "POST" or "PUT" or "PATCH")
        {
            _out.Add("Content-Length: "u8);
            _out.Add(_body.Length);
            _out.Add("\r\n"u8);
        }

        _out.Add("\r\n"u8);
        _out.Add(_body.Span);
        return true;

        void Add(string text)
        {
            Span<byte> bytes = stackalloc byte[256];
            _out.Add(bytes[..Encoding.ASCII.GetBytes(text.AsSpan(0, Math.Min(text.Length, 256)), bytes)]);
        }
    }

    /// <summary>The values of a session, with those that change with each request.</summary>
    private byte[]?[] ValuesOf(User user)
    {
        // The order of VariableTable.BuiltIn; made only where a template asks, for they cost a text each.
        if (_scenario.UsesBuiltIns && (user.Values[3] is null || user.BuiltInsOfStep != user.Step))
        {
            user.BuiltInsOfStep = user.Step;
            user.Values[0] ??= Encoding.ASCII.GetBytes(user.Session.ToString(CultureInfo.InvariantCulture));
            user.Values[1] ??= Encoding.ASCII.GetBytes(user.Number.ToString(CultureInfo.InvariantCulture));
            user.Values[2] = Encoding.ASCII.GetBytes($"{user.Random.NextBits():x16}{user.Random.NextBits():x16}");
            user.Values[3] = Encoding.ASCII.GetBytes(user.Step.ToString(CultureInfo.InvariantCulture));
        }

        return user.Values;
    }

    public string RequestId(User user) => string.Create(CultureInfo.InvariantCulture, $"{_settings.Options.Seed:x}-{user.Session}-{user.Visit}-{user.Step}");

    /// <summary>An answer is whole.</summary>
    private void OnAnswer(User user, int status, ReadOnlySpan<byte> body, long bytes, long now)
    {
        var page = user.Page!;
        if (status is 301 or 302 or 303 or 307 or 308 && page.RedirectsMax > 0 && user.Location is { } location && TryRedirect(user, status, location, now, out var failure))
        {
            if (failure != RequestFailure.None)
            {
                End(user, failure, status, bytes, now);
            }

            return;
        }

        End(user, Judge(user, page, status, body), status, bytes, now);
    }

    private static RequestFailure Judge(User user, Page page, int status, ReadOnlySpan<byte> body)
    {
        if (!page.Status.Has(status))
        {
            return RequestFailure.Status;
        }

        if (!page.NeedsBody && page.Extractions.Count == 0)
        {
            return RequestFailure.None;
        }

        if (user.Encoding is { } encoding && page.NeedsBody)
        {
            if (ContentCoding.Decode(encoding, body) is not { } plain)
            {
                return RequestFailure.Protocol;
            }

            body = plain;
        }

        foreach (var check in page.Checks)
        {
            if (!check.Holds(body))
            {
                return RequestFailure.Check;
            }
        }

        for (var i = 0; i < page.Extractions.Count; i++)
        {
            var extraction = page.Extractions[i];
            if (extraction.Body is { } extractor)
            {
                var found = extractor.Find(body);
                if (found is null && !extraction.IsOptional)
                {
                    return RequestFailure.Extraction;
                }

                user.Values[extraction.Place] = found ?? user.Values[extraction.Place];
            }
            else if (!extraction.IsOptional && !user.HasHeaderOf(i))
            {
                return RequestFailure.Extraction;
            }
        }

        return RequestFailure.None;
    }

    /// <summary>Follows a redirect inside the target; one that leads elsewhere is an answer like any other.</summary>
    private bool TryRedirect(User user, int status, byte[] location, long now, out RequestFailure failure)
    {
        failure = RequestFailure.None;
        var here = new Uri(_settings.Options.Target, Encoding.UTF8.GetString(user.Target.Span));
        if (!Uri.TryCreate(here, Encoding.UTF8.GetString(location), out var next) || !IsTarget(next))
        {
            return false;
        }

        if (++user.Redirects > user.Page!.RedirectsMax)
        {
            failure = RequestFailure.Redirects;
            return true;
        }

        user.RedirectedTo = Encoding.ASCII.GetBytes(next.PathAndQuery);
        user.Method = status is 307 or 308 || user.Method == "HEAD" ? user.Method : "GET";
        Ask(user, now);
        return true;
    }

    private void End(User user, RequestFailure failure, int status, long bytes, long now)
    {
        user.IsAsking = false;
        CountInFlight(now, -1);
        Record(user, failure, status, bytes, now);
        GoOn(user, failure == RequestFailure.None, now);
    }

    /// <summary>A request ended without an answer.</summary>
    private void Fail(User user, RequestFailure failure, long now)
    {
        if (user.Link is { } link)
        {
            CloseLink(link);
        }
        else
        {
            _waiting.Remove(user);
        }

        SystemTransport.GiveUp(user);
        End(user, failure, 0, 0, now);
    }

    private void Log(User user, RequestFailure failure, int status, long bytes, long end)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{user.Intended / 1e9:F6},{user.Started / 1e9:F6},{end / 1e9:F6},{user.Session},{user.Number},{user.Step},{RequestLog.Field(user.Class.Name)},{RequestLog.Field(user.Page!.Name)},{user.Page.Method},{status},{failure},{bytes},{(end - user.Intended) / 1e3:F1},{(end - user.Started) / 1e3:F1},{RequestId(user)},{user.Visit}\n");
        _log.Add(Encoding.UTF8.GetBytes(line));
        if (_log.Length >= LogBlock)
        {
            FlushLog();
        }
    }

    private void FlushLog()
    {
        _settings.Log?.Write(_log.Span);
        _log.Clear();
    }
}
