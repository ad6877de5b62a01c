using Pleiad.Distributions;

namespace Pleiad.Load.Scenarios;

/// <summary>What users do: pages, classes of users that walk over them, data, load and thresholds. Immutable; made by <see cref="ScenarioDocument"/>.</summary>
public sealed class Scenario
{
    internal Scenario()
    {
    }

    /// <summary>Its name, for reports.</summary>
    public string Name { get; internal init; } = "";

    /// <summary>The text it was read from; agents are given it.</summary>
    public string Source { get; internal init; } = "";

    /// <summary>The files of data it was read with, by the name in the text.</summary>
    public IReadOnlyDictionary<string, string> Files { get; internal init; } = new Dictionary<string, string>();

    /// <summary>Names of the pages, in the order of the file.</summary>
    public IReadOnlyList<string> PageNames => [.. Pages.Select(page => page.Name)];

    /// <summary>The load that the file asks for.</summary>
    public LoadPlan Load { get; internal init; } = new();

    /// <summary>What a run has to keep, as text such as <c>p95&lt;500ms</c>.</summary>
    public IReadOnlyList<string> Thresholds { get; internal init; } = [];

    /// <summary>Requests that a session makes on the average, from the transitions alone.</summary>
    public double RequestsPerSession => VisitRatios.Of(this).Sum();

    internal IReadOnlyList<Page> Pages { get; init; } = [];

    internal IReadOnlyList<UserClass> Classes { get; init; } = [];

    internal IReadOnlyList<DataSource> Data { get; init; } = [];

    internal VariableTable Variables { get; init; } = new();

    /// <summary>Whether any page needs cookies sent back: all, unless the file says no.</summary>
    internal bool HasCookies { get; init; } = true;

    internal bool HasCompression { get; init; }

    /// <summary>Whether any template uses a value of <see cref="VariableTable.BuiltIn"/>.</summary>
    internal bool UsesBuiltIns { get; init; }
}

/// <summary>One kind of request.</summary>
internal sealed record Page
{
    public required int Index { get; init; }

    public required string Name { get; init; }

    public required string Method { get; init; }

    public required Template Url { get; init; }

    public IReadOnlyList<(string Name, Template Value)> Headers
    {
        get;
        init
        {
            field = value;
            HasHost = value.Any(header => header.Name.Equals("Host", StringComparison.OrdinalIgnoreCase));
        }
    } = [];

    /// <summary>Whether the headers name another host than the target's, as for one of several sites behind one address.</summary>
    public bool HasHost { get; private init; }

    public Template? Body { get; init; }

    /// <summary>Most values taken from one answer.</summary>
    public const int ExtractionsMax = 64;

    public IReadOnlyList<Check> Checks { get; init; } = [];

    public IReadOnlyList<Extraction> Extractions { get; init; } = [];

    public StatusSet Status { get; init; } = StatusSet.Good;

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Most redirects followed; 0 follows none.</summary>
    public int RedirectsMax { get; init; } = 10;

    /// <summary>Whether the body of the answer is looked at, not only counted.</summary>
    public bool NeedsBody { get; init; }

    /// <summary>Whether sending it twice is the same as once.</summary>
    public bool IsIdempotent => Method is "GET" or "HEAD" or "PUT" or "DELETE" or "OPTIONS";
}

/// <summary>Users who behave alike.</summary>
internal sealed class UserClass
{
    public required string Name { get; init; }

    /// <summary>Share of all sessions, from 0 to 1.</summary>
    public required double Share { get; init; }

    public required Row Entry { get; init; }

    /// <summary>Where users go from each page, by the page's index; null where this class never is.</summary>
    public required Row?[] Transitions { get; init; }

    /// <summary>Think times are counted from the intended start of the page before rather than from its answer: a fixed pace.</summary>
    public bool IsPaced { get; init; }

    /// <summary>What a user does whose page failed.</summary>
    public bool LeavesOnError { get; init; } = true;
}

/// <summary>A row of a transition matrix.</summary>
internal sealed class Row(IReadOnlyList<Step> steps)
{
    public const int Exit = -1;

    /// <summary>The first index of this row among all rows of the scenario, for counting.</summary>
    public int CounterBase { get; set; }

    public IReadOnlyList<Step> Steps { get; } = steps;

    /// <summary>Probability of leaving.</summary>
    public double ExitProbability => Math.Max(0, 1 - Steps.Sum(step => step.Probability));

    private readonly double[] _cumulative = Cumulative(steps);

    /// <summary>Index of the step taken, or the number of steps for leaving.</summary>
    public int Choose(double u)
    {
        var at = 0;
        while (at < _cumulative.Length && u >= _cumulative[at])
        {
            at++;
        }

        return at;
    }

    private static double[] Cumulative(IReadOnlyList<Step> steps)
    {
        var sums = new double[steps.Count];
        var sum = 0.0;
        for (var i = 0; i < steps.Count; i++)
        {
            sums[i] = sum += steps[i].Probability;
        }

        // Thirds written with six digits still mean certainty.
        if (sums.Length > 0 && sum > 1 - 1e-6)
        {
            sums[^1] = double.PositiveInfinity;
        }

        return sums;
    }
}

/// <summary>One transition.</summary>
/// <param name="Page">Index of the next page.</param>
/// <param name="Probability">From 0 to 1.</param>
/// <param name="Think">Time before it, in seconds; null is none.</param>
internal sealed record Step(int Page, double Probability, Distribution? Think);
