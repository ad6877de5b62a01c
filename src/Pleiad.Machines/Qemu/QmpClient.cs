using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;

namespace Pleiad.Machines.Qemu;

/// <summary>Speaks QMP, QEMU's control protocol: one JSON object a line, answers matched by id, events in between.</summary>
internal sealed class QmpClient : IAsyncDisposable
{
    /// <summary>Longest line taken, in bytes; QEMU's longest answers (<c>query-qmp-schema</c>) stay below it.</summary>
    public const int LineBytesMax = 1 << 20;

    /// <summary>Events kept for a slow reader; older ones are dropped.</summary>
    public const int EventsMax = 256;

    private readonly NetworkStream _stream;
    private readonly PipeReader _reader;
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<JsonElement>> _pending = new();
    private readonly Channel<QmpEvent> _events =
        Channel.CreateBounded<QmpEvent>(new BoundedChannelOptions(EventsMax) { FullMode = BoundedChannelFullMode.DropOldest, SingleWriter = true });
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _closing = new();
    private readonly TaskCompletionSource<JsonElement> _greeting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private QmpException? _fault;
    private long _lastId;
    private int _disposed;

    private QmpClient(NetworkStream stream, TimeProvider time)
    {
        _stream = stream;
        _time = time;
        _reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 4096));
        _reading = ReadAsync();
    }

    /// <summary>Events in their order; ends when the connection does.</summary>
    public ChannelReader<QmpEvent> Events => _events.Reader;

    /// <summary>Completes when the connection has ended, for whatever reason.</summary>
    public Task Closed => _reading;

    /// <summary>Connects and leaves negotiation mode.</summary>
    /// <param name="socketPath">QEMU's unix socket.</param>
    /// <param name="timeLimit">For all of it.</param>
    /// <param name="time">Measures the limit.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="QmpException">It is no QMP, or did not answer in time.</exception>
    public static async Task<QmpClient> ConnectAsync(string socketPath, TimeSpan timeLimit, TimeProvider time, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(timeLimit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        QmpClient? client = null;
        try
        {
            client = new QmpClient(await UnixSocket.ConnectAsync(socketPath, both.Token), time);
            await client._greeting.Task.WaitAsync(both.Token);
            await client.ExecuteAsync("qmp_capabilities", null, timeLimit, both.Token);
            var connected = client;
            client = null;
            return connected;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new QmpException(QmpFault.TimedOut, $"QMP at {socketPath} did not answer within {timeLimit.TotalSeconds:0.###} s");
        }
        catch (SocketException e)
        {
            throw new QmpException(QmpFault.Closed, $"QMP at {socketPath} cannot be reached: {e.Message}", e);
        }
        finally
        {
            if (client is not null)
            {
                await client.DisposeAsync();
            }
        }
    }

    /// <summary>Runs a command.</summary>
    /// <param name="command">Its name, for example <c>query-status</c>.</param>
    /// <param name="arguments">Writes the arguments' members; null when it has none.</param>
    /// <param name="timeLimit">Longest wait for the answer.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>What stands in <c>return</c>.</returns>
    /// <exception cref="QmpException">Closed, timed out, garbled or refused.</exception>
    public Task<JsonElement> ExecuteAsync(string command, Action<Utf8JsonWriter>? arguments, TimeSpan timeLimit, CancellationToken cancellation) =>
        ExecuteAsync(command, arguments, descriptor: null, timeLimit, cancellation);

    /// <summary>Gives QEMU a descriptor, which commands know by a name from then on (QMP <c>getfd</c>).</summary>
    /// <exception cref="QmpException">Closed, timed out, garbled or refused.</exception>
    public Task PassAsync(string name, SafeFileHandle descriptor, TimeSpan timeLimit, CancellationToken cancellation) =>
        ExecuteAsync("getfd", json => json.WriteString("fdname", name), descriptor, timeLimit, cancellation);

    private async Task<JsonElement> ExecuteAsync(string command, Action<Utf8JsonWriter>? arguments, SafeFileHandle? descriptor, TimeSpan timeLimit, CancellationToken cancellation)
    {
        var id = Interlocked.Increment(ref _lastId).ToString(CultureInfo.InvariantCulture);
        var answer = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pending[id] = answer;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var timer = _time.CreateTimer(static state => ((CancellationTokenSource)state!).Cancel(), limit, timeLimit, Timeout.InfiniteTimeSpan);
        try
        {
            if (_reading.IsCompleted)
            {
                throw Fault();
            }

            await WriteAsync(Compose(id, command, arguments), descriptor, limit.Token);
            return await answer.Task.WaitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new QmpException(QmpFault.TimedOut, $"QMP command {command} was not answered within {timeLimit.TotalSeconds:0.###} s");
        }
        catch (Exception e) when (e is IOException and not QmpException or ObjectDisposedException)
        {
            throw new QmpException(QmpFault.Closed, $"QMP command {command} could not be sent: {e.Message}", e);
        }
        finally
        {
            _pending.TryRemove(id, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _closing.CancelAsync();
        await _stream.DisposeAsync();
        await _reading;
        _closing.Dispose();
        _writing.Dispose();
    }

    private static ReadOnlyMemory<byte> Compose(string id, string command, Action<Utf8JsonWriter>? arguments)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("execute", command);
            if (arguments is not null)
            {
                json.WriteStartObject("arguments");
                arguments(json);
                json.WriteEndObject();
            }

            json.WriteString("id", id);
            json.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }

    private async Task WriteAsync(ReadOnlyMemory<byte> line, SafeFileHandle? descriptor, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            if (descriptor is not null)
            {
                DescriptorMessage.Send(_stream.Socket.SafeHandle, line.Span, descriptor);
                return;
            }

            await _stream.WriteAsync(line, cancellation);
        }
        finally
        {
            _writing.Release();
        }
    }

    private QmpException Fault() => _fault ?? new QmpException(QmpFault.Closed, "QEMU closed its QMP connection");

    private async Task ReadAsync()
    {
        try
        {
            while (true)
            {
                var result = await _reader.ReadAsync(_closing.Token);
                var rest = result.Buffer;
                while (TakeLine(ref rest, out var line))
                {
                    TakeMessage(line);
                }

                if (rest.Length > LineBytesMax)
                {
                    throw new QmpException(QmpFault.Garbled, $"a QMP line is longer than {LineBytesMax} bytes");
                }

                _reader.AdvanceTo(rest.Start, rest.End);
                if (result.IsCompleted)
                {
                    break;
                }
            }
        }
        catch (QmpException e)
        {
            _fault = e;
        }
        catch (JsonException e)
        {
            _fault = new QmpException(QmpFault.Garbled, $"what came over QMP is no JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            _fault = new QmpException(QmpFault.Closed, "the QMP connection ended", e);
        }
        finally
        {
            await _reader.CompleteAsync();
            _events.Writer.TryComplete();
            var fault = Fault();
            Fail(_greeting, fault);
            foreach (var waiting in _pending.Values)
            {
                Fail(waiting, fault);
            }
        }
    }

    private static void Fail(TaskCompletionSource<JsonElement> waiting, QmpException fault)
    {
        waiting.TrySetException(fault);
        _ = waiting.Task.Exception; // Whoever waited may have given up: the fault is then nobody's and no unobserved one.
    }

    private static bool TakeLine(ref ReadOnlySequence<byte> rest, out ReadOnlySequence<byte> line)
    {
        if (rest.PositionOf((byte)'\n') is not { } end)
        {
            line = default;
            return false;
        }

        line = rest.Slice(0, end);
        rest = rest.Slice(rest.GetPosition(1, end));
        return true;
    }

    private void TakeMessage(ReadOnlySequence<byte> line)
    {
        if (line.Length > LineBytesMax)
        {
            throw new QmpException(QmpFault.Garbled, $"a QMP line is longer than {LineBytesMax} bytes");
        }

        using var document = JsonDocument.Parse(line);
        var message = document.RootElement;
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw new QmpException(QmpFault.Garbled, $"a QMP message is no object but {message.ValueKind}");
        }

        if (message.TryGetProperty("event", out var name))
        {
            _events.Writer.TryWrite(new QmpEvent(name.ToString(), message.TryGetProperty("data", out var data) ? data.Clone() : default));
        }
        else if (message.TryGetProperty("QMP", out var greeting))
        {
            _greeting.TrySetResult(greeting.Clone());
        }
        else if (message.TryGetProperty("id", out var id) && _pending.TryRemove(id.ToString(), out var waiting))
        {
            Answer(waiting, message);
        }

        // What is left answers a command whose sender gave up: nobody's.
    }

    private static void Answer(TaskCompletionSource<JsonElement> waiting, JsonElement message)
    {
        if (message.TryGetProperty("return", out var value))
        {
            waiting.TrySetResult(value.Clone());
        }
        else if (message.TryGetProperty("error", out var error) && error.ValueKind == JsonValueKind.Object)
        {
            var reason = error.TryGetProperty("desc", out var description) ? description.ToString() : error.GetRawText();
            Fail(waiting, new QmpException(QmpFault.Refused, reason));
        }
        else
        {
            Fail(waiting, new QmpException(QmpFault.Garbled, "a QMP answer has neither return nor error"));
        }
    }
}
