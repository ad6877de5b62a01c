namespace Pleiad.Load.Learning;

/// <summary>A request in a log.</summary>
/// <param name="Client">Who: address and browser, or whatever tells users apart.</param>
/// <param name="Begin">When it began, in seconds since 1970.</param>
/// <param name="Seconds">How long it took; 0 when the log does not say.</param>
/// <param name="Method">Method.</param>
/// <param name="Target">Path and query.</param>
/// <param name="Status">Status of the answer.</param>
/// <param name="Body">Body of the request, where the log has it.</param>
/// <param name="ContentType">Type of that body.</param>
internal sealed record LogEntry(string Client, double Begin, double Seconds, string Method, string Target, int Status, string? Body = null, string? ContentType = null)
{
    public double End => Begin + Seconds;
}

/// <summary>What was read of a log.</summary>
/// <param name="Entries">Requests in the order of their beginnings.</param>
/// <param name="ResolutionSeconds">Distance of the moments that the log tells apart.</param>
/// <param name="HasDurations">Whether it says how long requests took.</param>
/// <param name="LinesRefused">Lines that are none of its format.</param>
internal sealed record ReadLog(IReadOnlyList<LogEntry> Entries, double ResolutionSeconds, bool HasDurations, long LinesRefused)
{
    /// <summary>Host and port of what was visited, where the log has several.</summary>
    public string? Site { get; init; }
}
