using System.Globalization;
using System.Text.Json;
using Pleiad.Core.Documents;

namespace Pleiad.Load.Learning;

/// <summary>Reads access logs and HAR files.</summary>
internal static class LogReader
{
    private const int LineMax = 64 * 1024;
    private const int ExcerptMax = 120;

    /// <summary>Reads lines of an access log.</summary>
    /// <param name="lines">The lines.</param>
    /// <param name="format"><c>common</c>, <c>combined</c>, a format of Apache or nginx, or null to find out between the first two.</param>
    /// <exception cref="InvalidInputException">No line is of the format.</exception>
    public static ReadLog Lines(IEnumerable<string> lines, string? format)
    {
        var formats = format switch
        {
            null => new[] { LogFormat.Parse(LogFormat.Combined), LogFormat.Parse(LogFormat.Common) },
            "common" => [LogFormat.Parse(LogFormat.Common)],
            "combined" => [LogFormat.Parse(LogFormat.Combined)],
            _ => [LogFormat.Parse(format)],
        };
        var (entries, refused, chosen) = (new List<LogEntry>(), 0L, formats[0]);
        var (number, first) = (0, (Line: 0, Text: ""));
        foreach (var line in lines)
        {
            number++;
            if (line.Length == 0)
            {
                continue;
            }

            var entry = line.Length > LineMax ? null : chosen.Read(line);
            if (entry is null && entries.Count == 0 && formats.Length > 1 && formats[1].Read(line) is { } other)
            {
                (entry, chosen) = (other, formats[1]);
            }

            if (entry is null)
            {
                refused++;
                first = first.Line == 0 ? (number, Excerpt(line)) : first;
            }
            else
            {
                entries.Add(entry);
            }
        }

        return entries.Count == 0
            ? throw new InvalidInputException("log", refused == 0
                ? new InputProblem("file", null, "has no lines", "give the log of a site that was visited")
                : new InputProblem("request", first.Text, $"is not of the format {(format is null ? "common or combined" : format)}, nor is any other line", "give --format with the log's own format, as it stands in the server's configuration", first.Line))
            : new ReadLog([.. entries.OrderBy(entry => entry.Begin)], chosen.ResolutionSeconds, chosen.HasDurations, refused);
    }

    /// <summary>The beginning of a line as a terminal may show it: what is in a log others have sent.</summary>
    private static string Excerpt(string line) => string.Concat(line[..Math.Min(line.Length, ExcerptMax)].Select(c => char.IsControl(c) ? '\ufffd' : c));

    /// <summary>Reads an HTTP archive, as browsers save it: one user.</summary>
    /// <exception cref="InvalidInputException">It is none.</exception>
    public static ReadLog Har(string json)
    {
        var (entries, left) = (new List<LogEntry>(), 0);
        var site = (string?)null;
        try
        {
            using var document = JsonDocument.Parse(json);
            foreach (var entry in document.RootElement.GetProperty("log").GetProperty("entries").EnumerateArray())
            {
                var request = entry.GetProperty("request");
                var response = entry.GetProperty("response");
                var status = response.GetProperty("status").GetInt32();
                if (!Uri.TryCreate(request.GetProperty("url").GetString(), UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps) || status == 0)
                {
                    // Pictures that stand in the page itself, sockets, what was blocked or given up: none of it was a request that got an answer.
                    left++;
                    continue;
                }

                site ??= IsDocument(response) ? url.Authority : null;
                var post = request.TryGetProperty("postData", out var data) ? data : default;
                entries.Add(new LogEntry(
                    url.Authority,
                    DateTimeOffset.Parse(entry.GetProperty("startedDateTime").GetString()!, CultureInfo.InvariantCulture).ToUnixTimeMilliseconds() / 1e3,
                    Math.Max(0, entry.GetProperty("time").GetDouble() / 1e3),
                    request.GetProperty("method").GetString() ?? "GET",
                    url.PathAndQuery,
                    status,
                    post.ValueKind == JsonValueKind.Object && post.TryGetProperty("text", out var text) ? text.GetString() : null,
                    post.ValueKind == JsonValueKind.Object && post.TryGetProperty("mimeType", out var type) ? type.GetString() : null));
            }
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new InvalidInputException("log", new InputProblem("file", null, $"is no HTTP archive ({(error is JsonException syntax ? $"line {syntax.LineNumber + 1} is no JSON" : error.Message)})", "give a .har file as a browser's developer tools save it"), error);
        }

        if (entries.Count == 0)
        {
            throw new InvalidInputException("log", new InputProblem("file", null, "has no requests", "record a visit and save it again"));
        }

        // A page's pictures, scripts and counters come from elsewhere, often most of them; the site is where the first document comes from.
        site ??= entries.GroupBy(entry => entry.Client).MaxBy(group => group.Count())!.Key;
        return new ReadLog([.. entries.Where(entry => entry.Client == site).OrderBy(entry => entry.Begin)], 0.001, HasDurations: true, left + entries.Count(entry => entry.Client != site)) { Site = site };
    }

    private static bool IsDocument(JsonElement response) =>
        response.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.Object
        && content.TryGetProperty("mimeType", out var type) && type.GetString() is { } text && text.StartsWith("text/html", StringComparison.OrdinalIgnoreCase);
}
