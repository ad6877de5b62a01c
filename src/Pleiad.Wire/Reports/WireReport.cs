using Pleiad.Wire.Captures;

namespace Pleiad.Wire.Reports;

/// <summary>What a capture says about every tier's own time. All times in milliseconds; rates per second; shares from 0 to 1. This is the JSON of <c>pleiad wire analyze --json</c>.</summary>
/// <param name="Capture">What was read, and what of it was lost.</param>
/// <param name="Scheme">The tiers in force, as YAML.</param>
/// <param name="Start">Time of the first frame, or null without frames.</param>
/// <param name="Seconds">From the first frame to the last.</param>
/// <param name="Requests">Front requests: complete ones.</param>
/// <param name="ThroughputPerSecond">Front requests per second.</param>
/// <param name="Tiers">From the front to the back.</param>
/// <param name="Classes">Classes of front requests (method and path pattern), the most frequent first.</param>
/// <param name="Statements">Patterns of database statements, the costliest first; at most 50.</param>
/// <param name="Attribution">What could be given to a request, and what not.</param>
/// <param name="Warnings">What a reader must know before using the figures.</param>
public sealed record WireReport(
    CaptureReport Capture,
    string Scheme,
    DateTimeOffset? Start,
    double Seconds,
    long Requests,
    double ThroughputPerSecond,
    IReadOnlyList<TierReport> Tiers,
    IReadOnlyList<ClassReport> Classes,
    IReadOnlyList<StatementReport> Statements,
    AttributionReport Attribution,
    IReadOnlyList<string> Warnings);

/// <summary>A sample of times, in milliseconds.</summary>
/// <param name="Count">Number of values.</param>
/// <param name="Mean">Mean; 0 without values.</param>
/// <param name="MeanLow">Lower bound of the mean's 95 % interval, from batch means.</param>
/// <param name="MeanHigh">Its upper bound.</param>
/// <param name="StandardDeviation">Of the values, not of the mean.</param>
/// <param name="Min">Smallest value.</param>
/// <param name="Max">Largest value.</param>
/// <param name="Percentiles">50, 75, 90, 95, 99; each exact to 0.3 % of its value.</param>
public sealed record Distribution(long Count, double Mean, double MeanLow, double MeanHigh, double StandardDeviation, double Min, double Max, IReadOnlyList<Percentile> Percentiles)
{
    /// <summary>The value of a percentile, or null when it is not among them.</summary>
    public double? At(double percent) => Percentiles.FirstOrDefault(each => each.Percent.Equals(percent))?.Value;
}

/// <summary>One percentile with its 95 % interval from order statistics, in milliseconds.</summary>
/// <param name="Percent">For example 95.</param>
/// <param name="Value">The percentile.</param>
/// <param name="Low">Lower bound.</param>
/// <param name="High">Upper bound.</param>
public sealed record Percentile(double Percent, double Value, double Low, double High);

/// <summary>One tier over all classes.</summary>
/// <param name="Name">Name of the scheme.</param>
/// <param name="Depth">0 for the front.</param>
/// <param name="Protocol">Protocols spoken to it.</param>
/// <param name="Servers">Addresses and ports seen.</param>
/// <param name="Count">Exchanges, without validations and session openings.</param>
/// <param name="Failures">Exchanges with a status of 500 and above, or an error of the database.</param>
/// <param name="ThroughputPerSecond">Exchanges per second.</param>
/// <param name="Concurrency">Mean number of exchanges in the tier: the sum of residence times over the capture's length.</param>
/// <param name="OwnConcurrency">The same without those that wait for a call to another tier.</param>
/// <param name="Visits">Exchanges per front request.</param>
/// <param name="ResidenceMs">First byte of the request to the last of the answer, per exchange (T1, T2, T3 of the front, the second and the third tier).</param>
/// <param name="RequestSpreadMs">First to last byte of the request.</param>
/// <param name="ServiceMs">Last byte of the request to the first of the answer.</param>
/// <param name="AnswerSpreadMs">First to last byte of the answer.</param>
/// <param name="OwnMs">Own time per front request: residence less the union of the calls to other tiers; over requests that were attributed.</param>
/// <param name="OwnMeanWithoutLinksMs">Mean own time per front request from sums alone, which needs no attribution; where calls run at the same time, with the overlap that attributed requests show.</param>
/// <param name="MeansAgree">Whether the two means agree within 5 % or the interval.</param>
/// <param name="ArrivalsSeen">A: mean number of requests in the tier's machine, and not in a call of theirs, that an arriving one finds.</param>
/// <param name="DemandPerVisitMs">D of R = D(1 + A), per exchange: own time without waiting for others.</param>
/// <param name="DemandMs">D per front request.</param>
/// <param name="UtilizationByDemand">U = X·D of each machine of the tier.</param>
/// <param name="UtilizationMeasured">CPU share of each machine as given by the user, or null.</param>
/// <param name="Machines">Machines of the tier: as the scheme says, or addresses seen.</param>
/// <param name="Validations">Checks of pooled connections.</param>
/// <param name="ValidationMs">Time of a validation.</param>
/// <param name="Sessions">Openings of sessions and cancellations.</param>
public sealed record TierReport(
    string Name,
    int Depth,
    string Protocol,
    IReadOnlyList<string> Servers,
    long Count,
    long Failures,
    double ThroughputPerSecond,
    double Concurrency,
    double OwnConcurrency,
    double Visits,
    Distribution ResidenceMs,
    Distribution RequestSpreadMs,
    Distribution ServiceMs,
    Distribution AnswerSpreadMs,
    Distribution OwnMs,
    double OwnMeanWithoutLinksMs,
    bool MeansAgree,
    double ArrivalsSeen,
    double DemandPerVisitMs,
    double DemandMs,
    double UtilizationByDemand,
    double? UtilizationMeasured,
    int Machines,
    long Validations,
    Distribution ValidationMs,
    long Sessions);

/// <summary>One class of front requests.</summary>
/// <param name="Name">Method and path pattern, for example <c>GET /item/{}</c>.</param>
/// <param name="Count">Requests.</param>
/// <param name="Failures">Requests with a status of 500 and above.</param>
/// <param name="ThroughputPerSecond">Requests per second.</param>
/// <param name="Concurrency">Mean number of them in the system.</param>
/// <param name="ResidenceMs">T1: the whole time in the system.</param>
/// <param name="Tiers">Its time in each tier.</param>
public sealed record ClassReport(string Name, long Count, long Failures, double ThroughputPerSecond, double Concurrency, Distribution ResidenceMs, IReadOnlyList<ClassTierReport> Tiers);

/// <summary>One class in one tier, over requests that were attributed.</summary>
/// <param name="Tier">Name of the tier.</param>
/// <param name="Visits">Exchanges per request.</param>
/// <param name="ResidenceMs">Time in the tier per request (T1, T2, T3).</param>
/// <param name="OwnMs">Own time per request (H, T, D).</param>
/// <param name="ArrivalsSeen">A, over the class's exchanges.</param>
/// <param name="DemandMs">D of R = D(1 + A), per request.</param>
public sealed record ClassTierReport(string Tier, double Visits, Distribution ResidenceMs, Distribution OwnMs, double ArrivalsSeen, double DemandMs);

/// <summary>One pattern of statements.</summary>
/// <param name="Tier">Tier that it was sent to.</param>
/// <param name="Text">The pattern: without comments, literals as <c>?</c>.</param>
/// <param name="Count">Executions.</param>
/// <param name="TotalMs">Sum of their times.</param>
/// <param name="TimeMs">Time of one.</param>
public sealed record StatementReport(string Tier, string Text, long Count, double TotalMs, Distribution TimeMs);

/// <summary>What could be attributed.</summary>
/// <param name="Threshold">Posterior below which a link is left open.</param>
/// <param name="Attributed">Front requests whose calls are all settled, down to the last tier.</param>
/// <param name="Unattributed">Front requests with something open.</param>
/// <param name="CallsUnattributed">Calls that no request was found for.</param>
/// <param name="Links">How each tier's calls were linked.</param>
public sealed record AttributionReport(double Threshold, long Attributed, long Unattributed, long CallsUnattributed, IReadOnlyList<LinkReport> Links);

/// <summary>How calls of one tier were linked to requests of those before it.</summary>
/// <param name="Tier">The called tier.</param>
/// <param name="Calls">Calls, without validations.</param>
/// <param name="ByIdentity">Settled by what the protocol itself says.</param>
/// <param name="ByModel">Settled by the learned model.</param>
/// <param name="Open">Left open.</param>
/// <param name="HoldMarks">What validations mean for who holds a connection: <c>none</c>, <c>borrow</c> or <c>return</c>.</param>
public sealed record LinkReport(string Tier, long Calls, long ByIdentity, long ByModel, long Open, string HoldMarks);

/// <summary>What was read and what was lost.</summary>
/// <param name="Format">For example <c>pcapng, xz</c>.</param>
/// <param name="Frames">Frames read.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="FramesCut">Frames of which the capture kept a part.</param>
/// <param name="FramesDropped">Frames that the capturing program says it lost.</param>
/// <param name="BytesSkipped">Bytes of the file that are no readable frames.</param>
/// <param name="Damages">Where the file could not be read; at most 20.</param>
/// <param name="NotIp">Frames of other protocols than IP.</param>
/// <param name="NotTcp">IP packets that are not TCP.</param>
/// <param name="Fragments">IP fragments, which are not put together.</param>
/// <param name="Malformed">Packets that contradict themselves.</param>
/// <param name="Connections">TCP connections with data.</param>
/// <param name="BegunBefore">Those that were open before the capture began.</param>
/// <param name="OutOfOrder">Segments that came ahead of others.</param>
/// <param name="Retransmitted">Segments sent again.</param>
/// <param name="Duplicates">Frames captured twice.</param>
/// <param name="Gaps">Places where bytes are missing.</param>
/// <param name="BytesUnseen">Bytes of connections that were not captured.</param>
/// <param name="Protocols">Each protocol's messages.</param>
/// <param name="UnknownConnections">Connections of no known protocol.</param>
/// <param name="UnknownBytes">Their bytes.</param>
/// <param name="TlsConnections">Those of them that are TLS.</param>
/// <param name="OutsideScheme">Exchanges with servers that are not in the scheme.</param>
public sealed record CaptureReport(
    string Format,
    long Frames,
    long Bytes,
    long FramesCut,
    long FramesDropped,
    long BytesSkipped,
    IReadOnlyList<CaptureDamage> Damages,
    long NotIp,
    long NotTcp,
    long Fragments,
    long Malformed,
    long Connections,
    long BegunBefore,
    long OutOfOrder,
    long Retransmitted,
    long Duplicates,
    long Gaps,
    long BytesUnseen,
    IReadOnlyList<ProtocolReport> Protocols,
    long UnknownConnections,
    long UnknownBytes,
    long TlsConnections,
    long OutsideScheme);

/// <summary>One protocol's messages.</summary>
/// <param name="Name"><c>http</c>, <c>ajp</c>, <c>postgresql</c> or <c>tns</c>.</param>
/// <param name="Connections">Connections recognised.</param>
/// <param name="Messages">Messages read.</param>
/// <param name="Exchanges">Requests with their whole answer.</param>
/// <param name="Incomplete">Requests whose answer was not seen whole.</param>
/// <param name="AnswersWithoutRequest">Answers whose request was not seen.</param>
/// <param name="Resynchronized">Times at which the next message had to be looked for.</param>
/// <param name="BytesNotParsed">Bytes passed over while looking.</param>
/// <param name="Opaque">Connections that became unreadable: TLS, upgrades, tunnels.</param>
public sealed record ProtocolReport(string Name, long Connections, long Messages, long Exchanges, long Incomplete, long AnswersWithoutRequest, long Resynchronized, long BytesNotParsed, long Opaque);
