using System.Net.Sockets;
using Pleiad.Core.Identity;

namespace Pleiad.Gateway.Transport;

/// <summary>One slot's way to its machine: a connection, kept between requests, and the marks of the request under way.</summary>
/// <remarks>
/// <code>
/// no connection ──connect──► busy ──answer read to its end──► idle ──request──► busy
///                             └── failed, cancelled, answer not read to its end, "close" ──► no connection
/// </code>
/// An idle connection that the machine ended, or on which it said something unasked, is replaced before anything is written.
/// </remarks>
internal sealed class SlotLink : HttpMessageHandler
{
    private readonly Lock _gate = new();
    private readonly IMachineConnector _connector;
    private readonly MachineAddress _address;
    private readonly MachineTransportOptions _options;
    private readonly TimeProvider _time;
    private SlotConnection? _idle;
    private SlotConnection? _busy;
    private bool _closed;

    public SlotLink(IMachineConnector connector, MachineAddress address, MachineTransportOptions options, TimeProvider time)
    {
        _connector = connector;
        _address = address;
        _options = options;
        _time = time;
        Invoker = new HttpMessageInvoker(this, disposeHandler: false);
        Prefix = address.Ip.AddressFamily == AddressFamily.InterNetworkV6 ? $"http://[{address.Ip}]:{address.Port}" : $"http://{address}";
    }

    public HttpMessageInvoker Invoker { get; }

    /// <summary>The machine as the beginning of a URL.</summary>
    public string Prefix { get; }

    /// <summary>Whether a byte of the request may have reached the machine.</summary>
    public bool Sent { get; private set; }

    /// <summary>Whether a byte of the answer came.</summary>
    public bool Answered { get; private set; }

    /// <summary>Whether the request's body was begun to be read, so that it cannot be read again.</summary>
    public bool BodyBegun { get; private set; }

    /// <summary>Whether an idle connection waits for the next request.</summary>
    public bool IsWarm
    {
        get
        {
            lock (_gate)
            {
                return _idle is { IsAtRest: true };
            }
        }
    }

    /// <summary>Makes the slot ready for a new request.</summary>
    public void Begin()
    {
        Sent = false;
        Answered = false;
        BodyBegun = false;
        End();
    }

    /// <summary>Ends what the request left unfinished, so that the machine does not go on with it when the slot is given to another.</summary>
    public void End() => Interlocked.Exchange(ref _busy, null)?.Abort();

    /// <summary>Ends the connection, busy or idle, and refuses new ones.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closed = true;
            _idle?.Abort();
            _busy?.Abort();
            _idle = null;
        }
    }

    /// <summary>Takes a connection back whose exchange ended in order.</summary>
    internal void Keep(SlotConnection connection)
    {
        if (!connection.TryRest())
        {
            Drop(connection);
            return;
        }

        lock (_gate)
        {
            if (ReferenceEquals(_busy, connection) && !_closed)
            {
                _busy = null;
                _idle = connection;
                return;
            }
        }

        connection.Abort();
    }

    /// <summary>Ends a connection that cannot be used again.</summary>
    internal void Drop(SlotConnection connection)
    {
        connection.Abort();
        Interlocked.CompareExchange(ref _busy, null, connection);
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var head = RequestHead.Write(request, _address);
        var connection = await ConnectAsync(cancellationToken);
        var registration = cancellationToken.UnsafeRegister(static state => ((SlotConnection)state!).Abort(), connection);
        RequestBody? body = null;
        try
        {
            connection.BeginRead();
            Sent = true;
            await connection.WriteAsync(head.Bytes, CancellationToken.None);
            if (request.Content is { } content && head.BodyLength != 0)
            {
                body = new RequestBody(connection, content, head.BodyLength);
                var wait = request.Headers.ExpectContinue == true ? _options.ContinueTimeout : TimeSpan.Zero;
                body.Start(wait, _time, () => BodyBegun = true);
            }

            var answer = await ReadHeadAsync(connection, request, body);
            var stream = new AnswerStream(this, connection, body, answer, _options.HeadBytesMax, _time);
            answer.Content.Attach(stream);
            await stream.EndIfEmptyAsync();
            return answer.Response;
        }
        catch (Exception error)
        {
            Drop(connection);
            var bodyError = body is null ? null : await body.StopAsync();
            cancellationToken.ThrowIfCancellationRequested();
            throw bodyError is null ? Explain(error) : new HttpRequestException($"The request's body could not be read: {bodyError.Message}", bodyError);
        }
        finally
        {
            await registration.DisposeAsync();
        }
    }

    /// <summary>Any failure of the connection as one kind of exception that names the machine; others as they are.</summary>
    internal Exception Explain(Exception error) => error switch
    {
        MachineException or HttpRequestException => error,
        IOException or SocketException or ObjectDisposedException =>
            new MachineException(MachineFault.Closed, $"The connection to {_address} failed: {error.Message}", error),
        _ => error,
    };

    internal MachineException Fail(MachineFault fault, string what) => new(fault, $"{_address} {what}.");

    private async ValueTask<AnswerHead> ReadHeadAsync(SlotConnection connection, HttpRequestMessage request, RequestBody? body)
    {
        while (true)
        {
            int length;
            while ((length = AnswerHead.Find(connection.Buffered)) < 0)
            {
                if (connection.Buffered.Length >= _options.HeadBytesMax)
                {
                    throw Fail(MachineFault.Malformed, $"answered with a head of more than {_options.HeadBytesMax} bytes");
                }

                if (await connection.FillAsync(_options.HeadBytesMax) == 0)
                {
                    throw Fail(MachineFault.Closed, Answered ? "ended the connection within the head of its answer" : "ended the connection without an answer");
                }

                Answered = true;
                if (!AnswerHead.CanBegin(connection.Buffered))
                {
                    throw Fail(MachineFault.Malformed, "sent something other than HTTP/1.x");
                }
            }

            if (!AnswerHead.TryParse(connection.Buffered[..length], request, out var head, out var problem))
            {
                throw Fail(MachineFault.Malformed, $"sent an answer that {problem}");
            }

            connection.Skip(length);
            if (!head.IsInterim)
            {
                return head;
            }

            head.Response.Dispose();
            if (head.Response.StatusCode == System.Net.HttpStatusCode.Continue)
            {
                body?.Continue();
            }
        }
    }

    private async ValueTask<SlotConnection> ConnectAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_busy is not null)
            {
                throw new InvalidOperationException("A slot serves one request at a time; this one is busy.");
            }

            if (_idle is { } idle)
            {
                _idle = null;
                if (idle.IsAtRest)
                {
                    _busy = idle;
                    return idle;
                }

                idle.Abort();
            }
        }

        var connection = new SlotConnection(await OpenAsync(cancellation));
        lock (_gate)
        {
            if (!_closed)
            {
                _busy = connection;
                return connection;
            }
        }

        connection.Abort();
        throw Fail(MachineFault.Unreachable, "is gone");
    }

    private async ValueTask<Stream> OpenAsync(CancellationToken cancellation)
    {
        if (Volatile.Read(ref _closed))
        {
            throw Fail(MachineFault.Unreachable, "is gone");
        }

        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await _connector.ConnectAsync(_address, either.Token);
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new MachineException(MachineFault.Unreachable, $"{_address} takes no connection: {error.Message}", error);
        }
        catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
        {
            throw new MachineException(
                MachineFault.Unreachable, $"{_address} took no connection within {_options.ConnectTimeout.TotalMilliseconds:F0} ms.", error);
        }
    }
}
