using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Pleiad.Load.Recording;
using Pleiad.Load.Scenarios;
using Pleiad.Load.Sessions;

namespace Pleiad.Load.Http;

/// <summary>What the runtime's client keeps for one user.</summary>
internal sealed class SystemSession
{
    public HttpMessageInvoker? Client { get; set; }

    public CancellationTokenSource? Asking { get; set; }

    /// <summary>Changes with each request, so that an answer which nobody waits for any more is known.</summary>
    public int Number { get; set; }
}

/// <summary>An answer that the runtime's client got.</summary>
internal sealed record SystemAnswer(User User, int Number, RequestFailure Failure, int Status, IReadOnlyList<(byte[] Name, byte[] Value)> Headers, byte[] Body, long End);

/// <summary>The runtime's client, for TLS and HTTP/2. Requests are written on the worker's thread and answered on others; answers come back through a queue.</summary>
internal sealed class SystemTransport(WorkerSettings settings, Action signal) : IDisposable
{
    private readonly int _filesMax = Native.FilesLeft(settings.Options.Workers);
    private HttpMessageInvoker? _shared;

    /// <summary>Sessions with a client of their own.</summary>
    private int _sessions;

    /// <summary>Most requests at once on shared connections of HTTP/1.1; the runtime lets others wait.</summary>
    public int SharedMax => Math.Min(settings.Options.ConnectionsMax, _filesMax);

    public ConcurrentQueue<SystemAnswer> Answers { get; } = new();

    /// <summary>Begins a request.</summary>
    /// <returns>Why it could not; None when it did.</returns>
    public RequestFailure Ask(User user, byte[]?[] values, ReadOnlySpan<byte> body, string? requestId)
    {
        var session = user.System ??= new SystemSession();
        var request = new HttpRequestMessage(new HttpMethod(user.Method), new Uri(settings.Options.Target, Encoding.ASCII.GetString(user.Target.Span)))
        {
            Version = settings.Options.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (body.Length > 0 || user.Method is "POST" or "PUT" or "PATCH")
        {
            request.Content = new ByteArrayContent(body.ToArray());
        }

        var text = new ByteBuffer(256);
        foreach (var (name, value) in user.Page!.Headers)
        {
            text.Clear();
            if (!value.TryWrite(text, values) || text.Span.IndexOfAny((byte)'\r', (byte)'\n') >= 0)
            {
                request.Dispose();
                return RequestFailure.Value;
            }

            Add(request, name, Encoding.UTF8.GetString(text.Span));
        }

        text.Clear();
        if (user.Cookies.Write(text, user.Target.Span))
        {
            Add(request, "Cookie", Encoding.UTF8.GetString(text.Span));
        }

        if (requestId is not null)
        {
            Add(request, settings.Options.RequestIdHeader!, requestId);
        }

        if (settings.Scenario.HasCompression)
        {
            Add(request, "Accept-Encoding", "gzip, br");
        }

        if (session.Client is null && !TryTakeClient(session))
        {
            request.Dispose();
            return RequestFailure.Sockets;
        }

        session.Number++;
        session.Asking = new CancellationTokenSource();
        _ = AskAsync(user, session.Client!, request, session.Number, session.Asking);
        return RequestFailure.None;
    }

    /// <summary>A process without files left is one in which the runtime gives up; a session stays without a connection before that.</summary>
    private bool TryTakeClient(SystemSession session)
    {
        if (settings.Plan.Connections == ConnectionUse.Shared)
        {
            session.Client = _shared ??= Client(settings, SharedMax);
            return true;
        }

        if (_sessions >= _filesMax)
        {
            return false;
        }

        _sessions++;
        session.Client = Client(settings, settings.Options.ConnectionsMax);
        return true;
    }

    public static void GiveUp(User user)
    {
        if (user.System is { } session)
        {
            session.Number++;
            session.Asking?.Cancel();
        }
    }

    public void EndSession(User user)
    {
        if (user.System is { } session)
        {
            if (session.Client is { } client && client != _shared)
            {
                client.Dispose();
                _sessions--;
            }

            session.Client = null;
        }
    }

    public void Dispose() => _shared?.Dispose();

    private static void Add(HttpRequestMessage request, string name, string value)
    {
        if (!request.Headers.TryAddWithoutValidation(name, value))
        {
            request.Content?.Headers.TryAddWithoutValidation(name, value);
        }
    }

    private static HttpMessageInvoker Client(WorkerSettings settings, int connectionsMax)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            UseProxy = false,
            EnableMultipleHttp2Connections = true,
            MaxConnectionsPerServer = connectionsMax,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(10),
            ActivityHeadersPropagator = null,
        };
        if (settings.Options.AcceptsAnyCertificate)
        {
            handler.SslOptions = new SslClientAuthenticationOptions
            {
#pragma warning disable CA5359 // Asked for by an option that says so: systems under test often have certificates of their own.
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
            };
        }

        return new HttpMessageInvoker(handler, disposeHandler: true);
    }

    private async Task AskAsync(User user, HttpMessageInvoker client, HttpRequestMessage request, int number, CancellationTokenSource asking)
    {
        SystemAnswer answer;
        // The source of cancellation is not disposed: the worker may cancel it later than this ends, and it holds nothing but memory.
        using (request)
        {
            try
            {
                using var response = await client.SendAsync(request, asking.Token);
                var body = await response.Content.ReadAsByteArrayAsync(asking.Token);
                answer = new SystemAnswer(user, number, RequestFailure.None, (int)response.StatusCode, Headers(response), body, Now());
            }
            catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException or ObjectDisposedException or SocketException or InvalidOperationException)
            {
                answer = new SystemAnswer(user, number, FailureOf(error), 0, [], [], Now());
            }
        }

        Answers.Enqueue(answer);
        signal();
    }

    private long Now() => Stopwatch.GetTimestamp() - settings.StartTimestamp;

    private static List<(byte[], byte[])> Headers(HttpResponseMessage response) =>
        [.. response.Headers.NonValidated.Concat<KeyValuePair<string, HeaderStringValues>>(response.Content.Headers.NonValidated)
            .SelectMany(header => header.Value.Select(value => (Encoding.ASCII.GetBytes(header.Key), Encoding.Latin1.GetBytes(value))))];

    private static RequestFailure FailureOf(Exception error) => error is HttpRequestException { InnerException: SocketException { SocketErrorCode: SocketError.TooManyOpenSockets or SocketError.AddressNotAvailable or SocketError.NoBufferSpaceAvailable } }
        ? RequestFailure.Sockets
        : error is HttpRequestException request
        ? request.HttpRequestError switch
        {
            HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError => RequestFailure.Connect,
            HttpRequestError.SecureConnectionError => RequestFailure.Tls,
            HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.VersionNegotiationError or HttpRequestError.ConfigurationLimitExceeded => RequestFailure.Protocol,
            _ => RequestFailure.Broken,
        }
        : RequestFailure.Broken;
}
