namespace Pleiad.Load.Learning;

/// <summary>A visit in a log: pages in order, with times.</summary>
internal sealed record LearnedSession(double Begin, IReadOnlyList<(int Page, double Begin, double End)> Visits)
{
    public double Seconds => Visits[^1].End - Begin;
}

/// <summary>Cuts a log into visits.</summary>
internal static class LearnedSessions
{
    /// <param name="entries">In the order of their beginnings.</param>
    /// <param name="pageOf">The page of an entry, or null for what is no page.</param>
    /// <param name="gap">Silence after which a user's next request is a new visit.</param>
    public static IReadOnlyList<LearnedSession> Cut(IReadOnlyList<LogEntry> entries, Func<LogEntry, int?> pageOf, TimeSpan gap)
    {
        var open = new Dictionary<string, List<(int Page, double Begin, double End)>>(StringComparer.Ordinal);
        var sessions = new List<LearnedSession>();
        foreach (var entry in entries)
        {
            if (pageOf(entry) is not { } page)
            {
                continue;
            }

            if (open.TryGetValue(entry.Client, out var visits) && entry.Begin - visits[^1].End > gap.TotalSeconds)
            {
                sessions.Add(new LearnedSession(visits[0].Begin, visits));
                open.Remove(entry.Client);
                visits = null;
            }

            if (visits is null)
            {
                open[entry.Client] = visits = [];
            }

            visits.Add((page, entry.Begin, entry.End));
        }

        sessions.AddRange(open.Values.Select(visits => new LearnedSession(visits[0].Begin, visits)));
        return [.. sessions.OrderBy(session => session.Begin)];
    }
}
