using Pleiad.Load.Recording;
using Pleiad.Load.Running;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Agents;

/// <summary>What an agent is asked to run: a share of a load.</summary>
public sealed record AgentRequest
{
    /// <summary>Text of the scenario.</summary>
    public required string Scenario { get; init; }

    /// <summary>Text of each file of data, by its name in the scenario.</summary>
    public required IReadOnlyDictionary<string, string> Files { get; init; }

    /// <summary>What is loaded.</summary>
    public required Uri Target { get; init; }

    /// <summary>Seed of all chance; the same for all agents of a run.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Level instead of the scenario's, together with <see cref="Kind"/>.</summary>
    public double? Level { get; init; }

    /// <summary>Kind of load instead of the scenario's.</summary>
    public LoadKind? Kind { get; init; }

    /// <summary>Length in seconds.</summary>
    public required double DurationSeconds { get; init; }

    /// <summary>Which share this agent has, from 0.</summary>
    public required int Share { get; init; }

    /// <summary>How many agents there are.</summary>
    public required int Shares { get; init; }

    /// <summary>Threads.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Whether to speak HTTP/2.</summary>
    public bool Http2 { get; init; }

    /// <summary>Whether any certificate is taken.</summary>
    public bool AcceptsAnyCertificate { get; init; }

    /// <summary>Header with each request's id, or null.</summary>
    public string? RequestIdHeader { get; init; }

    /// <summary>What think times are multiplied by.</summary>
    public double ThinkScale { get; init; } = 1;

    /// <summary>Seconds for which last answers are waited for.</summary>
    public double GraceSeconds { get; init; } = 10;

    /// <summary>Most connections of one worker.</summary>
    public int ConnectionsMax { get; init; } = 10_000;

    internal (Scenario Scenario, LoadPlan Plan, LoadOptions Options) ToRun()
    {
        var scenario = ScenarioDocument.Read(Scenario, "scenario", name => Files.TryGetValue(name, out var text) ? text : throw new FileNotFoundException("the coordinator did not send it"));
        var duration = TimeSpan.FromSeconds(DurationSeconds);
        var plan = Level is { } level ? scenario.Load.WithLevel(Kind ?? scenario.Load.Kind, level, duration) : scenario.Load with { Duration = duration };
        return (scenario, plan, new LoadOptions
        {
            Target = Target,
            Seed = Seed,
            Share = Share,
            Shares = Shares,
            Workers = Math.Clamp(Workers, 1, 64),
            Http2 = Http2,
            AcceptsAnyCertificate = AcceptsAnyCertificate,
            RequestIdHeader = RequestIdHeader,
            ThinkScale = ThinkScale,
            Grace = TimeSpan.FromSeconds(GraceSeconds),
            ConnectionsMax = ConnectionsMax,
        });
    }
}

/// <summary>A change of the load.</summary>
/// <param name="Factor">What the planned load is multiplied by; 0 or more.</param>
public sealed record FactorRequest(double Factor);

/// <summary>What an agent recorded.</summary>
internal sealed record AgentRecord
{
    public required ulong Seed { get; init; }

    public required DateTimeOffset Started { get; init; }

    public required double Seconds { get; init; }

    public required double WindowSeconds { get; init; }

    public required IReadOnlyList<AgentWindow> Windows { get; init; }

    public required IReadOnlyList<TransitionCount> Transitions { get; init; }

    public required IReadOnlyList<GeneratorFigures> Generators { get; init; }

    public long Unfinished { get; init; }

    public long Missed { get; init; }

    public long SessionsWithoutData { get; init; }

    public bool WasSteered { get; init; }

    public static AgentRecord Of(RunRecord record) => new()
    {
        Seed = record.Seed,
        Started = record.Started,
        Seconds = record.Seconds,
        WindowSeconds = record.Series.WindowLength.TotalSeconds,
        Windows = [.. record.Series.Windows.Select(AgentWindow.Of)],
        Transitions = record.Transitions,
        Generators = record.Generators,
        Unfinished = record.Unfinished,
        Missed = record.Missed,
        SessionsWithoutData = record.SessionsWithoutData,
        WasSteered = record.WasSteered,
    };

    public RunRecord ToRecord(Scenario scenario, LoadPlan plan, Uri target, string agent) => new()
    {
        Scenario = scenario.Name,
        Target = target.ToString(),
        Seed = Seed,
        Plan = plan,
        Started = Started,
        Seconds = Seconds,
        Pages = scenario.PageNames,
        Series = WindowSeries.Of(scenario.Pages.Count, Sessions.Worker.WindowLength, TimeSpan.FromSeconds(WindowSeconds), Windows.Select(window => window.ToWindow(scenario.Pages.Count))),
        Transitions = Transitions,
        Generators = [.. Generators.Select(generator => generator with { Name = agent })],
        Unfinished = Unfinished,
        Missed = Missed,
        SessionsWithoutData = SessionsWithoutData,
        WasSteered = WasSteered,
    };
}

/// <summary>A window on the wire.</summary>
internal sealed record AgentWindow(
    IReadOnlyList<AgentPage?> Pages, byte[] Lag, long SessionsStarted, long SessionsEnded, double InFlightNanoseconds, long CpuNanoseconds, long ConnectionsOpened, long Waited, double Level)
{
    public static AgentWindow Of(Window window) => new(
        [.. window.Pages.Select(page => page is null ? null : new AgentPage(page.FromIntended.ToBytes(), page.FromStart.ToBytes(), page.ByFailure, page.Bytes, page.Durations))],
        window.Lag.ToBytes(), window.SessionsStarted, window.SessionsEnded, window.InFlightNanoseconds, window.CpuNanoseconds, window.ConnectionsOpened, window.Waited, window.Level);

    public Window ToWindow(int pages)
    {
        if (Pages.Count != pages)
        {
            throw new InvalidDataException("The agent ran another scenario.");
        }

        var window = new Window(pages)
        {
            Lag = Histogram.FromBytes(Lag),
            SessionsStarted = SessionsStarted,
            SessionsEnded = SessionsEnded,
            InFlightNanoseconds = InFlightNanoseconds,
            CpuNanoseconds = CpuNanoseconds,
            ConnectionsOpened = ConnectionsOpened,
            Waited = Waited,
            Level = Level,
        };
        for (var i = 0; i < pages; i++)
        {
            window.Pages[i] = Pages[i]?.ToPage();
        }

        return window;
    }
}

/// <summary>A page's part of a window on the wire.</summary>
internal sealed record AgentPage(byte[] FromIntended, byte[] FromStart, long[] ByFailure, long Bytes, double Durations)
{
    public PageWindow ToPage() => new()
    {
        FromIntended = Histogram.FromBytes(FromIntended),
        FromStart = Histogram.FromBytes(FromStart),
        ByFailure = ByFailure.Length == PageWindow.Failures ? ByFailure : throw new InvalidDataException("The agent is of another version."),
        Bytes = Bytes,
        Durations = Durations,
    };
}
