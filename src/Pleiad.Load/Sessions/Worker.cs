using System.Collections.Concurrent;
using System.Diagnostics;
using Pleiad.Distributions.Random;
using Pleiad.Load.Http;
using Pleiad.Load.Recording;
using Pleiad.Load.Scenarios;
using Pleiad.Load.Shapes;

namespace Pleiad.Load.Sessions;

/// <summary>
/// One thread that is all its users: it waits for sockets and for the next moment at which someone does something, in one call. Nothing here is shared while it runs but the queues at
/// its edge: finished windows go out, changes of the rate and the end come in.
/// </summary>
/// <remarks>All times are nanoseconds since the start of the run.</remarks>
internal sealed partial class Worker : IDisposable
{
    public static readonly TimeSpan WindowLength = TimeSpan.FromMilliseconds(250);

    private const int EventsMax = 512;
    private const int ActionsAtOnce = 256;
    private const long MissedMax = 10_000_000;
    private const long Second = 1_000_000_000;
    private static readonly long WindowNanoseconds = (long)WindowLength.TotalNanoseconds;
    private static readonly long UsersTick = Second / 20;

    private readonly WorkerSettings _settings;
    private readonly Scenario _scenario;
    private readonly LoadPlan _plan;
    private readonly RateShape _shape;
    private readonly ArrivalSchedule? _arrivals;
    private readonly TimerHeap _timers = new();
    private readonly byte[] _events = Native.Events(EventsMax);
    private readonly int _epoll = Native.CreateEpoll();
    private readonly int _signal = Native.CreateEvent();
    private readonly ConcurrentQueue<(double At, double Factor)> _steering = new();
    private readonly SystemTransport? _system;
    private readonly byte[] _prefix;
    private long _stopAt;
    private volatile bool _givesUp;
    private bool _isDisposed;
    private Window _window;
    private long _windowIndex;
    private long _inFlightSince;
    private long _cpuAtWindow;
    private int _inFlight;

    public Worker(WorkerSettings settings)
    {
        _settings = settings;
        (_scenario, _plan) = (settings.Scenario, settings.Plan);
        _prefix = settings.Options.Target.AbsolutePath is { Length: > 1 } path ? System.Text.Encoding.ASCII.GetBytes(path.TrimEnd('/')) : [];
        _shape = new RateShape(_plan.Steps);
        _stopAt = (long)_plan.Duration.TotalNanoseconds;
        _window = new Window(_scenario.Pages.Count);
        Transitions = new long[_scenario.Classes.Sum(users => users.Transitions.Append(users.Entry).OfType<Row>().Sum(row => row.Steps.Count + 1))];
        if (_plan.Kind != LoadKind.Closed)
        {
            _arrivals = new ArrivalSchedule(_plan.Arrivals.Start(RandomStream.Named(settings.Options.Seed, 0, "arrivals")), _shape, settings.Share, settings.Shares);
        }

        if (settings.Options.Engine == Running.HttpEngine.System || settings.Options.Http2 || settings.Options.Target.Scheme == Uri.UriSchemeHttps)
        {
            _system = new SystemTransport(settings, SignalLoop);
        }

        Native.Watch(_epoll, _signal, Native.EpollIn, ulong.MaxValue);
    }

    /// <summary>Windows that are over, for whoever gathers them.</summary>
    public ConcurrentQueue<(long Index, Window Window)> Finished { get; } = new();

    /// <summary>How often each transition was taken; to be read after the end.</summary>
    public long[] Transitions { get; }

    /// <summary>Sessions that did not begin because there was no row of data left for them.</summary>
    public long SessionsWithoutData { get; private set; }

    /// <summary>Requests that had no answer when the waiting after the end was over.</summary>
    public long Unfinished { get; private set; }

    /// <summary>Arrivals that were due before the end and could not even be begun.</summary>
    public long Missed { get; private set; }

    /// <summary>CPU time of the thread, in nanoseconds; to be read after the end.</summary>
    public long CpuNanoseconds { get; private set; }

    /// <summary>Requests under way, as seen from outside.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    public long Now => Stopwatch.GetTimestamp() - _settings.StartTimestamp;

    /// <summary>From a moment on, the load is multiplied by a factor. From any thread.</summary>
    /// <param name="at">Seconds since the start; in the future, the same for all workers.</param>
    /// <param name="factor">0 or more.</param>
    public void Steer(double at, double factor)
    {
        _steering.Enqueue((at, factor));
        SignalLoop();
    }

    /// <summary>Begins nothing new after a moment. From any thread.</summary>
    public void StopAt(long nanoseconds)
    {
        Interlocked.Exchange(ref _stopAt, Math.Min(nanoseconds, Interlocked.Read(ref _stopAt)));
        SignalLoop();
    }

    /// <summary>Ends without waiting for answers. From any thread.</summary>
    public void GiveUp()
    {
        _givesUp = true;
        StopAt(0);
    }

    /// <summary>Runs to the end, on the calling thread.</summary>
    public void Run()
    {
        var grace = (long)_settings.Options.Grace.TotalNanoseconds;
        _cpuAtWindow = Native.ThreadCpuNanoseconds();
        while (true)
        {
            var now = Now;
            var stop = Interlocked.Read(ref _stopAt);
            CloseWindows(now);
            if (now >= stop && ((_inFlight == 0 && !IsDueBefore(stop)) || now >= stop + grace || _givesUp))
            {
                break;
            }

            TakeSteering();
            var next = Math.Min(Act(now, stop), (_windowIndex + 1) * WindowNanoseconds);
            if (_waiting.Count > 0)
            {
                ServeWaiting(Now);
            }

            next = Math.Min(next, now < stop ? stop : stop + grace);
            var wait = next - Now;
            var count = Native.Wait(_epoll, _events, wait <= 0 ? 0 : wait);
            for (var i = 0; i < count; i++)
            {
                var (events, data) = Native.EventAt(_events, i);
                if (data == ulong.MaxValue)
                {
                    Native.Drain(_signal);
                }
                else
                {
                    OnLink(events, data);
                }
            }

            while (_system?.Answers.TryDequeue(out var answer) == true)
            {
                OnSystemAnswer(answer);
            }
        }

        Finish();
    }

    public void Dispose()
    {
        lock (_timers)
        {
            _isDisposed = true;
            Native.Close(_signal);
        }

        CloseConnections();
        _system?.Dispose();
        Native.Close(_epoll);
    }

    /// <summary>Users in the middle of a session still have their connections.</summary>
    private void CloseConnections()
    {
        foreach (var user in _users)
        {
            SystemTransport.GiveUp(user);
            _system?.EndSession(user);
        }

        foreach (var link in _links.Where(link => link.File >= 0))
        {
            Native.Close(link.File);
            link.File = -1;
        }
    }

    /// <summary>Whether something that is due before a moment has not begun: the thread may have stood still.</summary>
    private bool IsDueBefore(long moment) => (_arrivals is not null && Nanoseconds(_arrivals.Next) < moment) || _timers.NextDue < moment;

    /// <summary>Does what is due.</summary>
    /// <returns>When the next thing is.</returns>
    private long Act(long now, long stop)
    {
        for (var done = 0; done < ActionsAtOnce; done++)
        {
            now = Now;
            var arrival = _arrivals is null ? long.MaxValue : Nanoseconds(_arrivals.Next);
            var due = Math.Min(arrival, _timers.NextDue);
            if (due > now)
            {
                // Looking at the users may plan one of them for this very moment.
                var users = UsersDue(now, stop);
                return Math.Min(users, Math.Min(due, _timers.NextDue));
            }

            if (arrival <= _timers.NextDue)
            {
                var number = _arrivals!.Number;
                _arrivals.Advance();
                if (arrival < stop)
                {
                    BeginArrival(number, arrival, now);
                }
                else
                {
                    // Past the end nothing arrives; the loop must not look at the next ones.
                    return _timers.NextDue;
                }
            }
            else
            {
                OnTimer(_timers.Pop(), now, stop);
            }
        }

        return 0;
    }

    private void OnTimer(in Timer timer, long now, long stop)
    {
        var user = timer.User;
        if (timer.IsDeadline)
        {
            if (user.DeadlineQueued == timer.Due)
            {
                user.DeadlineQueued = long.MaxValue;
            }

            if (user.IsAsking && user.Deadline <= now)
            {
                Fail(user, RequestFailure.Timeout, now);
            }
            else if (user.IsAsking)
            {
                QueueDeadline(user);
            }
        }
        else if (timer.Stamp == user.Stamp && timer.Due < stop)
        {
            _window.Lag.Record(now - timer.Due);
            if (user.Page is null)
            {
                BeginSession(user, timer.Due, now);
            }
            else
            {
                BeginRequest(user, now);
            }
        }
    }

    private void TakeSteering()
    {
        var any = false;
        while (_steering.TryDequeue(out var change))
        {
            _shape.SetFactor(change.At, change.Factor);
            any = true;
        }

        if (any)
        {
            _arrivals?.Refresh();
            _usersLookedAt = 0;
        }
    }

    private void CloseWindows(long now)
    {
        while (now >= (_windowIndex + 1) * WindowNanoseconds)
        {
            CountInFlight((_windowIndex + 1) * WindowNanoseconds, 0);
            var cpu = Native.ThreadCpuNanoseconds();
            _window.CpuNanoseconds = cpu - _cpuAtWindow;
            _window.Level = _shape.At((_windowIndex + 1) * WindowLength.TotalSeconds);
            _cpuAtWindow = cpu;
            Finished.Enqueue((_windowIndex++, _window));
            _window = new Window(_scenario.Pages.Count);
        }
    }

    /// <summary>Adds what was in flight since the last change, then the change.</summary>
    private void CountInFlight(long now, int change)
    {
        _window.InFlightNanoseconds += Math.Max(0, now - _inFlightSince) * (double)_inFlight;
        _inFlightSince = Math.Max(now, _inFlightSince);
        _inFlight += change;
    }

    private void Finish()
    {
        Unfinished = _inFlight;
        var now = Now;
        foreach (var user in _users.Where(user => user.IsAsking))
        {
            Record(user, RequestFailure.Timeout, 0, 0, now);
        }

        var stop = Interlocked.Read(ref _stopAt);
        for (; _arrivals is not null && Nanoseconds(_arrivals.Next) < stop && Missed < MissedMax; Missed++)
        {
            _arrivals.Advance();
        }

        CountInFlight(now, 0);
        CpuNanoseconds = Native.ThreadCpuNanoseconds();
        _window.CpuNanoseconds = CpuNanoseconds - _cpuAtWindow;
        _window.Level = _shape.At(Math.Min(now, stop) / (double)Second);
        Finished.Enqueue((_windowIndex, _window));
        FlushLog();

        // A run that used up all files leaves some for whoever writes its results.
        CloseConnections();
    }

    /// <summary>Wakes the loop; after the end the file may be another's.</summary>
    private void SignalLoop()
    {
        lock (_timers)
        {
            if (!_isDisposed)
            {
                Native.Signal(_signal);
            }
        }
    }

    private static long Nanoseconds(double seconds) => seconds >= 9e9 ? long.MaxValue : (long)(seconds * Second);
}
