using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Events;
using Pleiad.State;

namespace Pleiad.Server.Events;

/// <summary>
/// Takes events from anywhere without making the caller wait, writes them to the store in order and in batches, and wakes whoever follows them.
/// </summary>
internal sealed partial class EventLog : IAsyncDisposable
{
    /// <summary>Events that may wait to be written; when the store cannot keep up, more are counted and reported as lost.</summary>
    internal const int BufferMax = 20_000;

    private const int BatchMax = 500;

    /// <summary>Attempts to write a batch, each after a pause; meanwhile the buffer fills.</summary>
    private const int TriesMax = 30;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<PleiadEvent> _buffer = Channel.CreateBounded<PleiadEvent>(new BoundedChannelOptions(BufferMax) { SingleReader = true });
    private readonly IStateStore _store;
    private readonly TimeProvider _time;
    private readonly ILogger<EventLog> _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _writer;
    private volatile TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lost;

    internal EventLog(IStateStore store, TimeProvider time, ILogger<EventLog> logger)
    {
        _store = store;
        _time = time;
        _logger = logger;
        _writer = Task.Run(WriteAsync);
    }

    /// <summary>Events that were never written, since the start.</summary>
    internal long Lost { get; private set; }

    /// <summary>Records an event; returns at once.</summary>
    internal void Record(EventKind kind, string reason, string? service = null, string? machine = null, string? job = null)
    {
        LogEvent(kind, service ?? "-", machine ?? "-", job ?? "-", reason);
        if (!_buffer.Writer.TryWrite(new PleiadEvent(kind, _time.GetUtcNow(), reason) { Service = service, Machine = machine, Job = job }))
        {
            Interlocked.Increment(ref _lost);
        }
    }

    /// <summary>Events that match; when there are none, waits up to <paramref name="wait"/> for one.</summary>
    internal async Task<IReadOnlyList<PleiadEvent>> ListAsync(EventQuery query, TimeSpan wait, CancellationToken cancellation)
    {
        var deadline = _time.GetUtcNow() + wait;
        while (true)
        {
            var written = _written.Task;
            var events = await _store.ListEventsAsync(query, cancellation);
            var rest = deadline - _time.GetUtcNow();
            if (events.Count > 0 || rest <= TimeSpan.Zero)
            {
                return events;
            }

            await written.WaitAsync(rest, _time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Writes what is buffered and ends. Safe to repeat.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_buffer.Writer.TryComplete())
        {
            return;
        }

        _stop.CancelAfter(TimeSpan.FromSeconds(5));
        await _writer;
        _written.TrySetResult();
        _stop.Dispose();
    }

    private async Task WriteAsync()
    {
        var batch = new List<PleiadEvent>(BatchMax);
        while (await _buffer.Reader.WaitToReadAsync())
        {
            while (batch.Count < BatchMax && _buffer.Reader.TryRead(out var one))
            {
                batch.Add(one);
            }

            var error = await WriteAsync(batch);
            if (error is not null)
            {
                Interlocked.Add(ref _lost, batch.Count);
            }

            if (Interlocked.Exchange(ref _lost, 0) is > 0 and var lost)
            {
                Lost += lost;
                LogLost(lost, error);
            }

            batch.Clear();
            Interlocked.Exchange(ref _written, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        }
    }

    /// <returns>Null when the batch is written, else why it is not.</returns>
    private async Task<Exception?> WriteAsync(IReadOnlyList<PleiadEvent> batch)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await _store.AppendEventsAsync(batch, _stop.Token);
                return null;
            }
            catch (Exception error)
            {
                // The writer's edge: whatever is wrong with these, the next can be written.
                if (attempt == TriesMax || error is not StateException || _stop.IsCancellationRequested)
                {
                    return error;
                }
            }

            await Task.Delay(Pause, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(4000, LogLevel.Information, "{Kind} service={Service} machine={Machine} job={Job}: {Reason}")]
    private partial void LogEvent(EventKind kind, string service, string machine, string job, string reason);

    [LoggerMessage(4001, LogLevel.Error, "{Count} events were not written to the store")]
    private partial void LogLost(long count, Exception? error);
}
