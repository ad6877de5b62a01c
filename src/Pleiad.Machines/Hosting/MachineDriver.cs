using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Threading.Channels;
using Pleiad.Machines.Cloning;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>Drives one machine from its order to its end.</summary>
/// <remarks>
/// One task reads messages and alone changes the state; snapshots go out. What takes time (spawning and waiting for the first answer, a health check) is
/// a single piece of work beside it that reports by message, so that a stop or the end of QEMU is never kept waiting.
/// <code>
/// Reserved ──turn──► Starting ──first answer──► Ready ──drain──► Draining
///     │                 │ start failed,           │ died, hung      │
///     │ stop            │ timed out, stop         │ stop            │ died, hung, stop
///     └────────────────►└────────────► Stopping ◄─┴─────────────────┘
///                                       │    │
///                      asked to: Gone ◄─┘    └─► Failed: all else, or a stop after which something is left
/// </code>
/// Stopping is passed by failures too: a machine that died is no longer Ready while its remains are removed.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The driver task disposes of what the machine holds, at the machine's end.")]
internal sealed partial class MachineDriver : IMachine
{
    /// <summary>More than all senders together can have under way: one of each kind.</summary>
    private const int InboxMax = 32;

    private static readonly TimeSpan StartTick = TimeSpan.FromMilliseconds(250);

    private readonly HostContext _host;
    private readonly WarmPools _warm;
    private readonly Channel<MachineMessage> _inbox = Channel.CreateBounded<MachineMessage>(new BoundedChannelOptions(InboxMax) { SingleReader = true });
    private readonly TaskCompletionSource<MachineSnapshot> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<MachineSnapshot> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _workEnd = new();
    private readonly long _ordered;
    private volatile MachineSnapshot _snapshot;
    private MachineRecord _record;
    private INetworkPlace? _place;
    private QemuProcess? _process;
    private MachineHealth? _health;
    private UsageMeter? _usage;
    private Task _myTurn = Task.CompletedTask;
    private Task _work = Task.CompletedTask;
    private ITimer? _timer;
    private long _turn;
    private long? _asked;
    private string _lastProblem = "";
    private int _tickWaits;

    /// <summary>A machine to be started.</summary>
    public MachineDriver(HostContext host, WarmPools warm, MachineOrder order)
    {
        (_host, _warm) = (host, warm);
        Order = order;
        _ordered = host.Time.GetTimestamp();
        var now = host.Time.GetUtcNow();
        _record = MachineRecord.Of(order, host.Network.Mode, now);
        _snapshot = new MachineSnapshot(
            order.Id, order.Service, order.Image.Digest, host.Network.ServiceAddress(order.Address, order.Image.Manifest), MachineState.Reserved, order.Reason, now);
    }

    /// <summary>A machine of an earlier run, that has just answered.</summary>
    public MachineDriver(HostContext host, WarmPools warm, MachineRecord record, QemuProcess process, INetworkPlace place, MachineHealth health, GuestHealth? guest)
        : this(host, warm, record.Order)
    {
        (_record, _process, _place, _health) = (record, process, place, health);
        _usage = new UsageMeter(process, host.Time);
        _snapshot = _snapshot with
        {
            State = MachineState.Ready,
            Started = record.Started,
            Start = record.Start,
            ProcessId = process.Identity.Id,
            LastContact = host.Time.GetUtcNow(),
            Guest = guest,
            Adopted = true,
        };
        _started.SetResult(_snapshot);
    }

    public MachineOrder Order { get; }

    /// <summary>Time between two looks at a machine that runs: often enough to see within its hang timeout that it hangs.</summary>
    private TimeSpan LifeTick => Order.HangTimeout / 3 < _host.Options.HealthInterval ? Order.HangTimeout / 3 : _host.Options.HealthInterval;

    public MachineSnapshot Snapshot => _snapshot;

    public Task<MachineSnapshot> Started => _started.Task;

    public Task<MachineSnapshot> Ended => _ended.Task;

    /// <summary>The driver task; ends after <see cref="Ended"/>, or after <see cref="AbandonAsync"/>.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>Sets the driver going.</summary>
    public void Run()
    {
        // Asked for here and not on the driver's task, so that turns come in the order of the orders.
        _myTurn = _snapshot.State == MachineState.Reserved ? _host.Starts.WaitAsync(_workEnd.Token) : Task.CompletedTask;
        Completion = Task.Run(RunAsync);
    }

    public void Drain() => Post(new MachineMessage.Drain());

    public Task<MachineSnapshot> StopAsync()
    {
        Post(new MachineMessage.Stop());
        return Ended;
    }

    /// <summary>Lets go of the machine as if this process had been killed; for tests of adoption.</summary>
    public Task AbandonAsync()
    {
        Post(new MachineMessage.Abandon());
        return Completion;
    }

    private async Task RunAsync()
    {
        Ending? ending;
        try
        {
            if (_snapshot.State == MachineState.Ready)
            {
                WatchExit();
                SetTimer(LifeTick);
                Notify();
            }
            else
            {
                Notify();
                _work = StartAsync(_workEnd.Token);
            }

            ending = await LiveAsync();
        }
        catch (Exception e)
        {
            _host.Log.DriverFailed(Order.Id, e);
            ending = Ending.Failed(MachineFailure.StartFailed, $"a defect in Pleiad: {e.Message}");
        }

        await CloseAsync(ending);
    }

    /// <summary>Reads messages until one ends the machine; null when it is abandoned.</summary>
    private async Task<Ending?> LiveAsync()
    {
        while (true)
        {
            var message = await _inbox.Reader.ReadAsync();
            if (message is MachineMessage.Abandon)
            {
                return null;
            }

            if (Take(message) is { } ending)
            {
                return ending;
            }
        }
    }

    /// <returns>How the machine ends, when it does.</returns>
    private Ending? Take(MachineMessage message)
    {
        switch (message)
        {
            case MachineMessage.Turn:
                _turn = _host.Time.GetTimestamp();
                SetTimer(StartTick);
                Change(_snapshot with { State = MachineState.Starting });
                _host.Log.Starting(Order.Id, Order.Service, _snapshot.Address.ToString(), Order.Reason);
                return null;
            case MachineMessage.Spawned spawned:
                Change(_snapshot with { ProcessId = spawned.ProcessId });
                return null;
            case MachineMessage.StartFailed failed:
                return Ending.Failed(MachineFailure.StartFailed, failed.Detail);
            case MachineMessage.Exited exited:
                return _snapshot.State == MachineState.Starting
                    ? Ending.Exited(MachineFailure.StartFailed, $"QEMU ended before the first answer ({exited.Status})")
                    : Ending.Exited(MachineFailure.Died, $"QEMU ended by itself ({exited.Status})");
            case MachineMessage.Answered answered:
                OnAnswered(answered);
                return null;
            case MachineMessage.Missed missed:
                _lastProblem = missed.Why;
                return null;
            case MachineMessage.Drain:
                if (_snapshot.State == MachineState.Ready)
                {
                    Change(_snapshot with { State = MachineState.Draining });
                }

                return null;
            case MachineMessage.Stop:
                return Ending.Gone;
            case MachineMessage.Tick:
                Interlocked.Exchange(ref _tickWaits, 0);
                BoundLog();
                return _snapshot.State == MachineState.Starting ? LookAtStart() : LookAtLife();
            default:
                throw new InvalidOperationException($"unknown message {message}");
        }
    }

    private void OnAnswered(MachineMessage.Answered answered)
    {
        _asked = null;
        var seen = _snapshot with { LastContact = _host.Time.GetUtcNow(), Guest = answered.Guest, Usage = _usage?.Read() ?? default };
        if (answered.Start is not { } start)
        {
            Change(seen);
            return;
        }

        Change(seen with { State = MachineState.Ready, Start = start });
        _host.Log.Ready(Order.Id, start.Duration.TotalMilliseconds, start.Way);
        _started.TrySetResult(_snapshot);
        SetTimer(LifeTick);
    }

    private Ending? LookAtStart() =>
        _host.Time.GetElapsedTime(_turn) >= Order.StartTimeout
            ? Ending.Exited(MachineFailure.StartTimedOut, string.Create(CultureInfo.InvariantCulture, $"no answer within {Order.StartTimeout.TotalSeconds:0.###} s: {_health?.LastProblem ?? "QEMU was not started yet"}"))
            : null;

    private Ending? LookAtLife()
    {
        if (_asked is { } asked && _host.Time.GetElapsedTime(asked) >= Order.HangTimeout)
        {
            return Ending.Exited(MachineFailure.Hung, string.Create(CultureInfo.InvariantCulture, $"no answer for {Order.HangTimeout.TotalSeconds:0.###} s: {_lastProblem}"));
        }

        if (_work.IsCompleted)
        {
            _asked ??= _host.Time.GetTimestamp();
            _work = CheckAsync(_workEnd.Token);
        }

        return null;
    }

    private void BoundLog()
    {
        try
        {
            SerialLog.Bound(_host.Files.LogOf(Order.Id), _host.Options.LogBytesMax);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _host.Log.LogUnbounded(Order.Id, e.Message);
        }
    }

    private void Change(MachineSnapshot next)
    {
        if (next.State != _snapshot.State && !MachineStates.CanFollow(_snapshot.State, next.State))
        {
            throw new InvalidOperationException($"machine {Order.Id} cannot go from {_snapshot.State} to {next.State}");
        }

        _snapshot = next;
        Notify();
    }

    private void Notify()
    {
        try
        {
            _host.Options.Changed?.Invoke(_snapshot);
        }
        catch (Exception e)
        {
            _host.Log.ListenerFailed(Order.Id, e); // Its own fault; the machine lives on.
        }
    }

    private void SetTimer(TimeSpan period)
    {
        _timer?.Dispose();
        _timer = _host.Time.CreateTimer(static state => ((MachineDriver)state!).PostTick(), this, period, period);
    }

    private void PostTick()
    {
        if (Interlocked.Exchange(ref _tickWaits, 1) == 0)
        {
            Post(new MachineMessage.Tick());
        }
    }

    private void WatchExit()
    {
        var process = _process!;
        _ = process.Exited.ContinueWith(
            exited => Post(new MachineMessage.Exited(exited.Result)),
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
    }

    // A message to a machine that has ended has nobody to read it, and needs none.
    private void Post(MachineMessage message) => _inbox.Writer.TryWrite(message);

    private static bool IsExpected(Exception e) => e is IOException or Win32Exception or UnauthorizedAccessException or System.Net.Sockets.SocketException;

    /// <summary>How a machine ends.</summary>
    /// <param name="Failure">Why it failed; null when it was asked to end.</param>
    /// <param name="Detail">In a sentence.</param>
    /// <param name="TellLog">Whether the last line of its log belongs to the sentence.</param>
    private sealed record Ending(MachineFailure? Failure, string Detail, bool TellLog)
    {
        public static Ending Gone { get; } = new(null, "", false);

        public static Ending Failed(MachineFailure failure, string detail) => new(failure, detail, false);

        public static Ending Exited(MachineFailure failure, string detail) => new(failure, detail, true);
    }
}
