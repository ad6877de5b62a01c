using System.Globalization;
using Pleiad.Load.Recording;
using Pleiad.Load.Running;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Trust;

/// <summary>What a run's figures are worth.</summary>
public enum Trustworthiness
{
    /// <summary>The figures are the server's.</summary>
    Good,

    /// <summary>They are, with the reservations that the findings state.</summary>
    Marked,

    /// <summary>The generator was the bottleneck: the figures say nothing about the server.</summary>
    Refused,
}

/// <summary>Something that the generator noticed about itself.</summary>
/// <param name="Weight">How much it matters.</param>
/// <param name="What">What was seen, with figures.</param>
/// <param name="Remedy">What to do about it.</param>
public sealed record Finding(Trustworthiness Weight, string What, string Remedy);

/// <summary>The generator's judgement of its own run.</summary>
internal static class Conclusions
{
    /// <summary>Lag beyond which arrivals are no longer the ones asked for, unless latencies are far longer.</summary>
    private const double LagRefusedMs = 10;
    private const double LagMarkedMs = 1;

    /// <summary>Largest share of the median latency that the lag may make up.</summary>
    private const double LagShareRefused = 0.1;
    private const double LagShareMarked = 0.05;
    private const double CpuRefused = 0.95;
    private const double CpuMarked = 0.8;
    private const double GcRefused = 0.1;
    private const double GcMarked = 0.02;
    private const double BooksMax = 0.02;

    /// <summary>Whether the load is the same all the time: only then there is one state to settle into.</summary>
    public static bool IsSteady(LoadPlan plan) => plan.Steps.All(step => step.From == plan.Steps[0].From && step.To == plan.Steps[0].From);

    public static IReadOnlyList<Finding> Judge(RunRecord record, int warmUpWindows, bool didSettle)
    {
        var total = record.Series.Total(Math.Min(warmUpWindows, Math.Max(0, record.Series.Windows.Count - 1)));
        var findings = new List<Finding>();
        Lag(total, findings);
        Cpu(record, warmUpWindows, findings);
        Gc(record, findings);
        Sockets(record, findings);
        Books(record, findings);
        if (record.Missed > 0)
        {
            findings.Add(new Finding(Trustworthiness.Refused, $"{record.Missed} sessions that were due could not even be begun", "give the generator more workers (--workers), agents (--agent) or less load"));
        }

        if (record.SessionsWithoutData > 0)
        {
            findings.Add(new Finding(Trustworthiness.Marked, $"{record.SessionsWithoutData} sessions did not begin, for every row of data was used", "give the file more rows, or order: sequential"));
        }

        if (record.WasSteered)
        {
            findings.Add(new Finding(Trustworthiness.Marked, "the load was changed while it ran: the figures are of all its levels together, and nothing was cut off as warm-up", "put the changes into the scenario's steps to repeat the run"));
        }

        if (record.Unreached is { } unreached)
        {
            findings.Add(new Finding(Trustworthiness.Marked, unreached, "run longer (--duration), or be content with a wider interval"));
        }

        if (!didSettle)
        {
            findings.Add(new Finding(Trustworthiness.Marked, "latencies were still changing in the second half: the run never settled, and nothing was cut off as warm-up", "run longer, or at a load that the server bears"));
        }

        if (total.Requests > 0 && total.Failed == total.Requests)
        {
            findings.Add(new Finding(Trustworthiness.Marked, "no request succeeded", "look at the kinds of failures, and at --csv for every request"));
        }

        if (total.Requests == 0)
        {
            findings.Add(new Finding(Trustworthiness.Refused, "no request ended", "run longer, or look at the scenario's load"));
        }

        return [.. findings.OrderByDescending(finding => finding.Weight)];
    }

    private static void Lag(Window total, List<Finding> findings)
    {
        var lag = total.Lag.Quantile(0.99) / 1e6;
        var median = Metrics.Latency(total, null).Quantile(0.5) / 1e6;
        var weight = lag > LagRefusedMs && !(lag <= LagShareRefused * median) ? Trustworthiness.Refused
            : lag > LagMarkedMs && !(lag <= LagShareMarked * median) ? Trustworthiness.Marked
            : Trustworthiness.Good;
        if (weight != Trustworthiness.Good)
        {
            findings.Add(new Finding(weight, Text($"the generator was {lag:0.0} ms late in {(total.Lag.Count < 100 ? $"the worst of {total.Lag.Count} cases" : "1 of 100 cases")}{(double.IsNaN(median) ? "" : Text($", at a median latency of {median:0.0} ms"))}"), "give it more workers (--workers), agents (--agent), a machine of its own, or less load"));
        }
    }

    private static void Cpu(RunRecord record, int warmUpWindows, List<Finding> findings)
    {
        var workers = record.Generators.Sum(generator => generator.Workers);
        var windows = record.Series.Windows.Skip(warmUpWindows).SkipLast(1).ToList();
        if (windows.Count == 0 || workers == 0)
        {
            return;
        }

        var shares = windows.Select(window => window.CpuNanoseconds / 1e9 / (record.Series.WindowLength.TotalSeconds * workers)).Order().ToList();
        var high = shares[(int)(0.9 * (shares.Count - 1))];
        if (high > CpuMarked)
        {
            findings.Add(new Finding(
                high > CpuRefused ? Trustworthiness.Refused : Trustworthiness.Marked,
                Text($"its workers computed {high * 100:0} % of the time"), "give it more workers (--workers) or agents (--agent), where there are processors for them"));
        }
    }

    private static void Gc(RunRecord record, List<Finding> findings)
    {
        var share = record.Generators.Max(generator => generator.WallSeconds == 0 ? 0 : generator.GcPauseSeconds / generator.WallSeconds);
        if (share > GcMarked)
        {
            findings.Add(new Finding(share > GcRefused ? Trustworthiness.Refused : Trustworthiness.Marked, Text($"the garbage collector held it {share * 100:0.0} % of the time"), "keep fewer bodies (checks, extractions), or use more agents"));
        }
    }

    private static void Sockets(RunRecord record, List<Finding> findings)
    {
        var total = record.Series.Total();
        var without = total.Pages.Sum(page => page?.ByFailure[(int)RequestFailure.Sockets] ?? 0);
        if (without > 0)
        {
            findings.Add(new Finding(
                Trustworthiness.Refused, $"{without} requests found no port or file for a connection on this machine",
                "share connections (connections: shared), raise 'ulimit -n' and net.ipv4.ip_local_port_range, or use agents"));
        }

        var untrusted = total.Pages.Sum(page => page?.ByFailure[(int)RequestFailure.Tls] ?? 0);
        if (untrusted > 0)
        {
            findings.Add(new Finding(Trustworthiness.Marked, $"{untrusted} requests came to no trusted TLS with the target", "give --insecure if its certificate is its own, or the target's right name and port"));
        }

        if (total.Waited > 0)
        {
            findings.Add(new Finding(Trustworthiness.Marked, $"{total.Waited} requests waited for a connection; their time from the intended start holds that wait", "raise --connections-max, if users would not wait"));
        }
    }

    /// <summary>Little's law on the generator's own figures: what was in flight on the average is the rate times the time; another answer means that something was not counted.</summary>
    private static void Books(RunRecord record, List<Finding> findings)
    {
        var (inFlight, product) = LittlesLaw(record);
        if (Math.Abs(inFlight - product) > (BooksMax * Math.Max(inFlight, product)) + 1e-3)
        {
            findings.Add(new Finding(Trustworthiness.Refused, Text($"its books do not agree: {inFlight:0.000} requests in flight on the average, but rate × time gives {product:0.000}"), "this is a defect of the generator: report it"));
        }
    }

    /// <summary>Mean number in flight by its integral, and by rate × time.</summary>
    public static (double InFlight, double RateTimesTime) LittlesLaw(RunRecord record)
    {
        var total = record.Series.Total();
        var seconds = Math.Max(record.Seconds, 1e-9);
        return (total.InFlightNanoseconds / 1e9 / seconds, total.Pages.Sum(page => page?.Durations ?? 0) / 1e9 / seconds);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
