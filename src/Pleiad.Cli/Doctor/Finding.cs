using System.Text.Json.Serialization;

namespace Pleiad.Cli.Doctor;

/// <summary>What a check says.</summary>
internal enum Verdict
{
    /// <summary>As it should be.</summary>
    [JsonStringEnumMemberName("ok")]
    Ok,

    /// <summary>Machines run, but something is slower, smaller or less apart than it could be.</summary>
    [JsonStringEnumMemberName("warn")]
    Warn,

    /// <summary>Machines cannot run.</summary>
    [JsonStringEnumMemberName("fail")]
    Fail,
}

/// <summary>The outcome of one check.</summary>
/// <param name="Name">What was looked at.</param>
/// <param name="Verdict">How it is.</param>
/// <param name="Seen">What was found.</param>
/// <param name="Remedy">What to do, an exact command where there is one; null when nothing is to be done.</param>
internal sealed record Finding(string Name, Verdict Verdict, [property: JsonPropertyName("finding")] string Seen, string? Remedy = null);

/// <summary>What <c>pleiad doctor</c> found.</summary>
/// <param name="CanRun">Whether machines can run here.</param>
/// <param name="Checks">Every check.</param>
internal sealed record DoctorReport(bool CanRun, IReadOnlyList<Finding> Checks)
{
    public static DoctorReport Of(IReadOnlyList<Finding> checks) => new(checks.All(check => check.Verdict != Verdict.Fail), checks);
}
