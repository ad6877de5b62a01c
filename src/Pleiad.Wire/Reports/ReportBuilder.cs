using System.Globalization;
using Pleiad.Wire.Association;
using Pleiad.Wire.Captures;
using Pleiad.Wire.Decomposition;
using Pleiad.Wire.Schemes;
using Pleiad.Wire.Statistics;

namespace Pleiad.Wire.Reports;

/// <summary>Makes the report of what was collected.</summary>
internal sealed class ReportBuilder(CaptureAccount capture, TrafficReader traffic, RequestAssembler assembler, RequestCollector collected, AnalysisOptions options)
{
    private const int StatementsMax = 50;
    private const double AgreementMax = 0.05;
    private const double UnattributedMax = 0.05;
    private const double NsPerSecond = 1e9;

    private readonly double _seconds = Math.Max(((capture.LastNs ?? 0) - (capture.FirstNs ?? 0)) / NsPerSecond, 1e-9);

    public WireReport Build()
    {
        var tiers = collected.Map is { } map ? Enumerable.Range(0, map.Count).Select(Tier).ToList() : [];
        return new WireReport(
            Capture(),
            collected.Map is null ? "" : SchemeDocument.Write(collected.Map.Scheme),
            capture.FirstNs is { } first ? DateTimeOffset.UnixEpoch.AddTicks(first / 100) : null,
            capture.Frames == 0 ? 0 : _seconds,
            collected.Requests,
            collected.Requests / _seconds,
            tiers,
            [.. collected.Classes.OrderByDescending(each => each.Residence.Count).Select(Class)],
            Statements(),
            Attribution(),
            Warnings(tiers));
    }

    private TierReport Tier(int tier)
    {
        var figures = collected.Tiers[tier];
        var spec = collected.Map!.Scheme.Tiers[tier];
        var front = Math.Max(collected.Map!.Depth[tier] == 0 ? collected.Tiers[tier].Residence.Count : collected.Requests, 1);
        var called = collected.Map.Calls[tier].Sum(other => collected.Tiers[other].Residence.Sum);
        var ownSum = Math.Max(0, figures.Residence.Sum - called);
        var visits = figures.Residence.Count / (double)front;
        var withoutLinks = (ownSum / front) + (figures.Own.Count == 0 ? 0 : figures.OverlapSum / figures.Own.Count);
        var machines = spec.Replicas ?? Math.Max(1, figures.Machines.Count);
        var demandPerVisit = figures.Residence.Count == 0 ? 0 : ownSum / figures.Residence.Count / (1 + figures.ArrivalsSeen);
        return new TierReport(
            spec.Name,
            collected.Map.Depth[tier],
            string.Join(", ", figures.Protocols.Order(StringComparer.Ordinal)),
            [.. figures.Servers.Order(StringComparer.Ordinal)],
            figures.Residence.Count,
            figures.Failures,
            figures.Residence.Count / _seconds,
            figures.Residence.Sum / 1000 / _seconds,
            ownSum / 1000 / _seconds,
            visits,
            figures.Residence.ToDistribution(),
            figures.RequestSpread.ToDistribution(),
            figures.Service.ToDistribution(),
            figures.AnswerSpread.ToDistribution(),
            figures.Own.ToDistribution(),
            withoutLinks,
            Agree(figures.Own, withoutLinks),
            figures.ArrivalsSeen,
            demandPerVisit,
            demandPerVisit * visits,
            demandPerVisit * visits / 1000 * (collected.Requests / _seconds) / machines,
            options.Utilization.TryGetValue(spec.Name, out var measured) ? measured : null,
            machines,
            figures.Validation.Count,
            figures.Validation.ToDistribution(),
            figures.Sessions);
    }

    private static bool Agree(Series own, double withoutLinks) =>
        own.Count == 0 || Math.Abs(own.Mean - withoutLinks) <= Math.Max(AgreementMax * Math.Max(withoutLinks, own.Mean), Math.Min(own.HalfWidth, withoutLinks));

    private ClassReport Class(ClassFigures figures) => new(
        figures.Name,
        figures.Residence.Count,
        figures.Failures,
        figures.Residence.Count / _seconds,
        figures.Residence.Sum / 1000 / _seconds,
        figures.Residence.ToDistribution(),
        [.. Enumerable.Range(0, collected.Tiers.Length).Select(tier => ClassTier(figures, tier))]);

    private ClassTierReport ClassTier(ClassFigures figures, int tier)
    {
        var requests = Math.Max(figures.ResidenceOf[tier].Count, 1);
        var ahead = figures.Visits[tier] == 0 ? 0 : figures.AheadSums[tier] / figures.Visits[tier];
        return new ClassTierReport(
            collected.Map!.Scheme.Tiers[tier].Name,
            figures.Visits[tier] / (double)requests,
            figures.ResidenceOf[tier].ToDistribution(),
            figures.OwnOf[tier].ToDistribution(),
            ahead,
            figures.OwnOf[tier].Mean / (1 + ahead));
    }

    private List<StatementReport> Statements() =>
        [.. collected.Statements.OrderByDescending(each => each.Times.Sum).Take(StatementsMax).Select(each => new StatementReport(
            collected.Map!.Scheme.Tiers[each.Tier].Name,
            collected.StatementTable.Text(each.Statement),
            each.Times.Count,
            each.Times.Sum,
            each.Times.ToDistribution()))];

    private AttributionReport Attribution() => new(
        options.Threshold,
        collected.Attributed,
        collected.Requests - collected.Attributed,
        collected.CallsOpen.Sum(),
        [.. assembler.Links.Select(Link)]);

    private LinkReport Link(LinkAssociator link)
    {
        var calls = collected.Tiers[link.Tier].Residence.Count;
        var open = collected.CallsOpen[link.Tier];
        var known = Math.Min(link.ByIdentity, calls - open);
        return new LinkReport(collected.Map!.Scheme.Tiers[link.Tier].Name, calls, known, calls - open - known, open, link.Marks switch
        {
            HoldMarks.Borrow => "borrow",
            HoldMarks.Return => "return",
            _ => "none",
        });
    }

    private CaptureReport Capture() => new(
        capture.Format,
        capture.Frames,
        capture.Bytes,
        capture.FramesCut,
        capture.FramesDropped,
        capture.BytesSkipped,
        capture.Damages,
        traffic.Packets.NotIp + traffic.Packets.UnknownLink,
        traffic.Packets.NotTcp,
        traffic.Packets.Fragments,
        traffic.Packets.Malformed,
        traffic.Tcp.Connections,
        traffic.Tcp.BegunBeforeCapture,
        traffic.Tcp.OutOfOrder,
        traffic.Tcp.Retransmitted,
        traffic.Tcp.Duplicates,
        traffic.Tcp.Gaps,
        traffic.Tcp.BytesUnseen,
        [.. traffic.Protocols.Where(protocol => protocol.Account.Connections > 0).Select(Protocol)],
        traffic.Unknown.Connections,
        traffic.Unknown.Bytes,
        traffic.Unknown.Tls,
        assembler.Outside);

    private static ProtocolReport Protocol(Protocols.Protocol protocol)
    {
        var account = protocol.Account;
        return new ProtocolReport(protocol.Name, account.Connections, account.Messages, account.Exchanges, account.Incomplete, account.AnswersWithoutRequest, account.Resynchronized, account.BytesNotParsed, account.Opaque);
    }

    private List<string> Warnings(List<TierReport> tiers)
    {
        var warnings = new List<string>();
        Warn(collected.Map is null, traffic.Protocols.Any(protocol => protocol.Account.Messages > 0)
            ? "no request was seen with its whole answer: nothing could be measured"
            : "no exchange was recognised in this capture: nothing could be measured");
        foreach (var unknown in options.Utilization.Keys.Where(name => collected.Map is { } map && map.Scheme.Tiers.All(tier => tier.Name != name)))
        {
            Warn(true, $"utilization was given for '{unknown}', which is no tier of the scheme ({string.Join(", ", tiers.Select(tier => tier.Name))})");
        }

        Warn(collected.Map is not null && collected.Requests == 0, "no request to the first tier was seen: does the scheme fit the capture?");
        var open = collected.Requests == 0 ? 0 : 1 - (collected.Attributed / (double)collected.Requests);
        Warn(open > UnattributedMax, Text($"{open:P1} of the requests have calls that could not be attributed: percentiles and figures by class are those of the others only; means of tiers hold for all"));
        Warn(capture.DamageCount > 0, Text($"the file is damaged in {capture.DamageCount} {(capture.DamageCount == 1 ? "place" : "places")} ({capture.BytesSkipped} bytes unread): {(capture.Damages is [var first, ..] ? first.What : "")}"));
        Warn(capture.FramesDropped > 0, Text($"the capturing program lost {capture.FramesDropped} frames"));
        Warn(capture.FramesCut > 0, Text($"{capture.FramesCut} frames were cut by the snap length; capture whole frames (-s 0)"));
        Warn(traffic.Tcp.BytesUnseen > 0, Text($"{traffic.Tcp.BytesUnseen} bytes of connections were not captured ({traffic.Tcp.Gaps} gaps)"));
        Warn(traffic.Unknown.Tls > 0, Text($"{traffic.Unknown.Tls} connections are TLS and cannot be read, among them with {string.Join(", ", traffic.Unknown.TlsServers)}; what is shown as the front tier may stand behind"));
        Warn(traffic.Unknown.Http2 > 0, Text($"{traffic.Unknown.Http2} connections are HTTP/2, which is not read"));
        Warn(traffic.Packets.Fragments > 0, Text($"{traffic.Packets.Fragments} IP fragments were left out"));
        Warn(assembler.Overdue > 0, Text($"{assembler.Overdue} exchanges were under way so long that they were not waited for"));
        foreach (var protocol in traffic.Protocols)
        {
            Warn(protocol.Account.Opaque > 0, Text($"{protocol.Account.Opaque} {protocol.Name} connections went over to something that cannot be read (TLS, upgrade, tunnel)"));
            Warn(protocol.Account.Incomplete > 0, Text($"{protocol.Account.Incomplete} {protocol.Name} requests without their whole answer are left out"));
        }

        foreach (var tier in tiers)
        {
            Warn(!tier.MeansAgree, Text($"{tier.Name}: the mean own time of attributed requests ({tier.OwnMs.Mean:F3} ms) and that from sums over all ({tier.OwnMeanWithoutLinksMs:F3} ms) differ"));
            Warn(tier.Count == 0, $"{tier.Name}: no exchange with this tier was seen");
            Warn(tier.UtilizationMeasured is { } measured && Math.Abs(measured - tier.UtilizationByDemand) > Math.Max(0.1, 0.25 * measured),
                Text($"{tier.Name}: utilization by demand ({tier.UtilizationByDemand:P0}) is not the measured one ({tier.UtilizationMeasured:P0}): its own time is not service at one processor alone"));
        }

        return warnings;

        void Warn(bool isSo, string text)
        {
            if (isSo)
            {
                warnings.Add(text);
            }
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
