using System.IO.Pipelines;
using System.Text;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;

namespace Pleiad.Server.Tests.Simulation;

/// <summary>A machine of <see cref="FakeHost"/>: the states and promises of a real one, and a service that answers with the path it was asked for.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The source has no timer and no handle; it goes with the machine.")]
internal sealed class FakeMachine : IMachine
{
    internal const long ResidentBytes = 5 << 20;

    private readonly FakeHost _host;
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<MachineSnapshot> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<MachineSnapshot> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _gone = new();
    private volatile MachineSnapshot _snapshot;
    private bool _ending;
    private int _active;

    internal FakeMachine(FakeHost host, MachineOrder order)
    {
        _host = host;
        Order = order;
        _snapshot = new MachineSnapshot(order.Id, order.Service, order.Image.Digest, order.Address, MachineState.Reserved, order.Reason, host.Time.GetUtcNow());
    }

    internal MachineOrder Order { get; }

    internal int ActiveMax { get; private set; }

    /// <summary>Whether it has not begun to end.</summary>
    internal bool IsLive => !_ending;

    public MachineSnapshot Snapshot => _snapshot;

    public Task<MachineSnapshot> Started => _started.Task;

    public Task<MachineSnapshot> Ended => _ended.Task;

    internal void Run() => _ = Task.Run(LiveAsync);

    public void Drain()
    {
        lock (_lock)
        {
            if (_snapshot.State == MachineState.Ready)
            {
                _snapshot = _snapshot with { State = MachineState.Draining };
            }
        }
    }

    public Task<MachineSnapshot> StopAsync()
    {
        End(null);
        return Ended;
    }

    /// <summary>Ends it as a crash does.</summary>
    internal void Die() => End(MachineFailure.Died);

    /// <summary>A connection to it; null once it is gone.</summary>
    internal Stream? Connect()
    {
        if (_ending)
        {
            return null;
        }

        var toMachine = new Pipe();
        var toClient = new Pipe();
        _ = Task.Run(() => ServeAsync(toMachine.Reader, toClient.Writer));
        return new DuplexStream(toClient.Reader.AsStream(), toMachine.Writer.AsStream());
    }

    private async Task LiveAsync()
    {
        await Task.Delay(_host.Chance.StartAlways ?? _host.Chance.Upto(_host.Chance.StartMax), _host.Time);
        if (_host.Fails(Order) || _host.Chance.Happens(_host.Chance.StartFails))
        {
            End(MachineFailure.StartFailed);
            return;
        }

        lock (_lock)
        {
            if (_ending)
            {
                return;
            }

            _snapshot = _snapshot with { State = MachineState.Ready, Usage = new MachineUsage(0, ResidentBytes), Start = new MachineStart(StartMode.Cold, TimeSpan.FromMilliseconds(5), null) };
            _started.TrySetResult(_snapshot);
        }

        var life = _host.LivesFor(Order) ?? (_host.Chance.Happens(_host.Chance.Dies) ? _host.Chance.Upto(TimeSpan.FromSeconds(3)) : null);
        if (life is { } time)
        {
            await Task.Delay(time, _host.Time);
            Die();
        }
    }

    private void End(MachineFailure? failure)
    {
        lock (_lock)
        {
            if (_ending)
            {
                return;
            }

            _ending = true;
            _snapshot = _snapshot with { State = MachineState.Stopping, Failure = failure };
        }

        _ = Task.Run(async () =>
        {
            // What is at work in it is cut before its end is known, as with QEMU.
            await _gone.CancelAsync();
            await Task.Delay(_host.Chance.Upto(TimeSpan.FromMilliseconds(100)), _host.Time);
            var final = _snapshot with { State = failure is null ? MachineState.Gone : MachineState.Failed, FailureDetail = failure?.ToString() };
            _host.Forget(Order.Id);
            _snapshot = final;
            _started.TrySetResult(final);
            _ended.TrySetResult(final);
        });
    }

    private async Task ServeAsync(PipeReader requests, PipeWriter answers)
    {
        try
        {
            var read = requests.AsStream();
            var head = new StringBuilder();
            var buffer = new byte[4096];
            while (await read.ReadAsync(buffer, _gone.Token) is > 0 and var count)
            {
                head.Append(Encoding.ASCII.GetString(buffer, 0, count));
                if (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
                {
                    continue;
                }

                var path = head.ToString().Split(' ')[1];
                head.Clear();
                lock (_lock)
                {
                    ActiveMax = Math.Max(ActiveMax, ++_active);
                }

                try
                {
                    _host.Asked(path);
                    await Task.Delay(_host.Chance.WorkAlways ?? _host.Chance.Upto(_host.Chance.WorkMax), _host.Time, _gone.Token);
                }
                finally
                {
                    lock (_lock)
                    {
                        _active--;
                    }
                }

                await answers.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {path.Length}\r\n\r\n{path}"), _gone.Token);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or InvalidOperationException)
        {
            // It ends, or its client went away.
        }
        finally
        {
            await requests.CompleteAsync(new IOException("closed"));
            await answers.CompleteAsync(new IOException("closed"));
        }
    }
}
