using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Pleiad.Core.Documents;
using Pleiad.Load.Recording;
using Pleiad.Load.Scenarios;
using Pleiad.Load.Sessions;
using Pleiad.Load.Trust;

namespace Pleiad.Load.Running;

/// <summary>A run under way: its threads, what they have recorded so far, and the ways to change it.</summary>
public sealed class LoadRun : ILoadRun
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Recent = TimeSpan.FromSeconds(3);

    /// <summary>A change of the rate takes effect this long after it is asked for, so that all workers have heard of it by then.</summary>
    private static readonly TimeSpan SteeringLead = TimeSpan.FromMilliseconds(50);

    /// <summary>The moment 0 lies this far ahead, so that all threads wait for it and whoever arrives at once is not late already.</summary>
    private static readonly TimeSpan StartLead = TimeSpan.FromMilliseconds(20);

    private readonly Scenario _scenario;
    private readonly LoadPlan _plan;
    private readonly LoadOptions _options;
    private readonly StopRule? _until;
    private readonly TimeProvider _time;
    private readonly Worker[] _workers;
    private readonly RequestLog? _log;
    private readonly long _start;
    private readonly DateTimeOffset _started;
    private readonly WindowSeries _series;
    private readonly Queue<(long Index, Window Window)> _recent = new();
    private readonly Task<RunRecord> _end;
    private double _stopAt;
    private double _factor = 1;
    private volatile bool _wasSteered;

    private LoadRun(Scenario scenario, LoadPlan plan, LoadOptions options, IReadOnlyList<IPEndPoint> addresses, StopRule? until, TimeProvider time)
    {
        (_scenario, _plan, _options, _until, _time) = (scenario, plan, options, until, time);
        _log = options.RequestLogFile is null ? null : RequestLog.Open(options.RequestLogFile);
        _series = new WindowSeries(scenario.Pages.Count, Worker.WindowLength);
        _stopAt = plan.Duration.TotalSeconds;
        _started = time.GetUtcNow();
        var before = GeneratorFigures.Now();
        _start = Stopwatch.GetTimestamp() + (long)StartLead.TotalNanoseconds;
        _workers = [.. Enumerable.Range(0, options.Workers).Select(index => new Worker(new WorkerSettings
        {
            Scenario = scenario,
            Plan = plan,
            Options = options,
            Addresses = addresses,
            Share = (options.Share * options.Workers) + index,
            Shares = options.Shares * options.Workers,
            StartTimestamp = _start,
            Log = _log,
            Time = time,
            Host = WorkerSettings.HostOf(options.Target),
        }))];
        _end = RunAsync(before);
    }

    /// <inheritdoc/>
    public RunProgress Progress { get; private set; } = new();

    /// <summary>Begins a run.</summary>
    /// <param name="scenario">What users do.</param>
    /// <param name="plan">How many; usually the scenario's own.</param>
    /// <param name="options">How it is done.</param>
    /// <param name="until">Ends the run before its time when a figure is known well enough, for example <c>p95±5%</c>; null runs to the end.</param>
    /// <param name="time">The clock for what is not measured.</param>
    /// <param name="cancellation">Gives up the beginning.</param>
    /// <exception cref="InvalidInputException">The target's name is unknown, <paramref name="until"/> says nothing, or the request log cannot be written.</exception>
    public static async Task<LoadRun> StartAsync(Scenario scenario, LoadPlan plan, LoadOptions options, string? until, TimeProvider time, CancellationToken cancellation)
    {
        if (Stopwatch.Frequency != 1_000_000_000)
        {
            throw new PlatformNotSupportedException("The clock of this system does not count nanoseconds.");
        }

        var rule = until is null ? null : StopRule.Parse(until, scenario.PageNames);
        if (rule is not null && !Conclusions.IsSteady(plan))
        {
            throw new InvalidInputException("--until", new InputProblem("rule", until, "asks for one figure of a load that changes by steps", "leave it out, or give a level with --rate or --users"));
        }

        var addresses = await AddressesAsync(options.Target, cancellation);
        await Rehearsal.DoneAsync(withRuntimes: options.Engine == HttpEngine.System || options.Http2 || options.Target.Scheme == Uri.UriSchemeHttps).WaitAsync(cancellation);
        return new LoadRun(scenario, plan, options, addresses, rule, time);
    }

    /// <inheritdoc/>
    public double Factor => Volatile.Read(ref _factor);

    /// <inheritdoc/>
    public void SetFactor(double factor)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(factor);
        _wasSteered |= factor != Factor;
        Volatile.Write(ref _factor, factor);
        var at = Now + SteeringLead.TotalSeconds;
        foreach (var worker in _workers)
        {
            worker.Steer(at, factor);
        }
    }

    /// <inheritdoc/>
    public void Stop() => StopAt(Now);

    /// <inheritdoc/>
    public async Task<Results.RunResult> ResultAsync(Results.ConclusionOptions options) => Results.RunResult.Conclude(await _end, options);

    /// <summary>What was recorded, when it is over.</summary>
    internal Task<RunRecord> RecordAsync() => _end;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Stop();
        foreach (var worker in _workers)
        {
            worker.GiveUp();
        }

        await ((Task)_end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private double Now => Math.Max(0, (Stopwatch.GetTimestamp() - _start) / 1e9);

    private void StopAt(double seconds)
    {
        Volatile.Write(ref _stopAt, Math.Min(seconds, Volatile.Read(ref _stopAt)));
        foreach (var worker in _workers)
        {
            worker.StopAt((long)(seconds * 1e9));
        }
    }

    private async Task<RunRecord> RunAsync((double Cpu, double Pause, int Count) before)
    {
        var threads = _workers.Select(RunOnThread).ToList();
        var all = Task.WhenAll(threads);
        using var timer = new PeriodicTimer(Look, _time);
        try
        {
            while (!all.IsCompleted)
            {
                await Task.WhenAny(all, timer.WaitForNextTickAsync().AsTask());
                Gather();
            }

            await all;
            Gather();
            var after = GeneratorFigures.Now();
            var wall = Now;
            using var self = Process.GetCurrentProcess();
            return new RunRecord
            {
                Scenario = _scenario.Name,
                Target = _options.Target.ToString(),
                Seed = _options.Seed,
                Plan = _plan,
                Started = _started,
                Seconds = Math.Min(Volatile.Read(ref _stopAt), wall),
                Pages = _scenario.PageNames,
                Series = _series,
                Transitions = TransitionCount.Of(_scenario, [.. _workers.Select(worker => worker.Transitions)]),
                Generators =
                [
                    new GeneratorFigures(
                        "local", _workers.Length, _workers.Sum(worker => worker.CpuNanoseconds) / 1e9, after.Cpu - before.Cpu, after.Pause - before.Pause, after.Count - before.Count, self.WorkingSet64, wall),
                ],
                Unfinished = _workers.Sum(worker => worker.Unfinished),
                Missed = _workers.Sum(worker => worker.Missed),
                SessionsWithoutData = _workers.Sum(worker => worker.SessionsWithoutData),
                WasSteered = _wasSteered,
                Unreached = _until is null || _untilNow <= _until.Target ? null : $"{_until} was not reached{(_untilNow is { } half ? string.Create(CultureInfo.InvariantCulture, $": the figure is known to ±{half * 100:0.#} %") : "")}",
            };
        }
        finally
        {
            // Over it is however it ends: others wait for that.
            Progress = Progress with { IsOver = true };
            foreach (var worker in _workers)
            {
                worker.GiveUp();
            }

            await all.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var worker in _workers)
            {
                worker.Dispose();
            }

            _log?.Dispose();
        }
    }

    private static Task RunOnThread(Worker worker, int index)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                worker.Run();
                done.SetResult();
            }
            catch (Exception error)
            {
                // The edge of the thread: whoever waits for the run gets it.
                done.SetException(error);
            }
        })
        {
            IsBackground = true,
            Name = $"load {index}",
        };
        thread.Start();
        return done.Task;
    }

    private void Gather()
    {
        foreach (var worker in _workers)
        {
            while (worker.Finished.TryDequeue(out var finished))
            {
                _recent.Enqueue(finished);
                _series.Add(finished.Index, finished.Window);
                _requests += finished.Window.Requests;
                _failed += finished.Window.Failed;
            }
        }

        var newest = _recent.Count == 0 ? 0 : _recent.Max(each => each.Index);
        while (_recent.TryPeek(out var oldest) && (newest - oldest.Index + 1) * Worker.WindowLength > Recent)
        {
            _recent.Dequeue();
        }

        ShowProgress(newest);
        if (_until is not null && _series.WindowLength * _series.Windows.Count is var length && length >= _nextCheck)
        {
            // Looking often would find a tight interval by luck; looks grow apart.
            _nextCheck = length * 1.15;
            _untilNow = _wasSteered ? null : _until.HalfWidth(_series);
            if (_untilNow <= _until.Target)
            {
                StopAt(Now);
            }
        }
    }

    private TimeSpan _nextCheck = TimeSpan.FromSeconds(5);
    private double? _untilNow;
    private long _requests;
    private long _failed;

    private void ShowProgress(long newest)
    {
        var total = new Window(_scenario.Pages.Count);
        foreach (var (_, window) in _recent)
        {
            total.Add(window);
        }

        var latency = new Histogram();
        foreach (var page in total.Pages)
        {
            latency.Add(page?.FromIntended ?? new Histogram());
        }

        var seconds = Math.Max(Worker.WindowLength.TotalSeconds, _recent.Select(each => each.Index).Distinct().Count() * Worker.WindowLength.TotalSeconds);
        Progress = new RunProgress
        {
            Seconds = Now,
            DurationSeconds = Math.Min(_plan.Duration.TotalSeconds, Volatile.Read(ref _stopAt)),
            Factor = Factor,
            Level = _recent.Where(each => each.Index == newest).Select(each => each.Window.Level).DefaultIfEmpty(0).Max(),
            RequestsPerSecond = total.Requests / seconds,
            FailedShare = total.Requests == 0 ? 0 : (double)total.Failed / total.Requests,
            P50Ms = latency.Quantile(0.5) / 1e6,
            P95Ms = latency.Quantile(0.95) / 1e6,
            P99Ms = latency.Quantile(0.99) / 1e6,
            LagP99Ms = total.Lag.Quantile(0.99) / 1e6,
            CpuShare = total.CpuNanoseconds / 1e9 / (seconds * _workers.Length),
            InFlight = _workers.Sum(worker => worker.InFlight),
            Requests = _requests,
            Failed = _failed,
            UntilNow = _untilNow,
        };
    }

    private static async Task<IReadOnlyList<IPEndPoint>> AddressesAsync(Uri target, CancellationToken cancellation)
    {
        try
        {
            var addresses = IPAddress.TryParse(target.Host.Trim('[', ']'), out var address) ? [address] : await Dns.GetHostAddressesAsync(target.IdnHost, cancellation);
            return [.. addresses.OrderBy(each => each.AddressFamily == AddressFamily.InterNetworkV6).Take(1).Select(each => new IPEndPoint(each, target.Port))];
        }
        catch (SocketException error)
        {
            throw new InvalidInputException("--target", new InputProblem("host", target.Host, $"is not known ({error.Message})", "give a name or address that this machine can reach"), error);
        }
    }
}
