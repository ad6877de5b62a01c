namespace Pleiad.Queueing.Imports;

/// <summary>A layered queueing network as its files have it, before it becomes a model.</summary>
internal sealed class LqnModel
{
    public Dictionary<string, LqnProcessor> Processors { get; } = [];

    public Dictionary<string, LqnTask> Tasks { get; } = [];

    public Dictionary<string, LqnEntry> Entries { get; } = [];

    public List<string> NotUnderstood { get; } = [];

    public LqnEntry Entry(string name)
    {
        if (!Entries.TryGetValue(name, out var entry))
        {
            Entries[name] = entry = new LqnEntry(name);
        }

        return entry;
    }
}

/// <param name="Name">Its name.</param>
/// <param name="Servers">How many of it there are; null: one for everyone.</param>
/// <param name="Scheduling">The letter or word of its scheduling.</param>
/// <param name="Speed">Work per second of each, relative to what demands are given for.</param>
internal sealed record LqnProcessor(string Name, int? Servers, string Scheduling, double Speed);

/// <param name="Name">Its name.</param>
/// <param name="IsReference">Whether it stands for customers.</param>
/// <param name="Threads">Threads or customers; null: without a bound.</param>
/// <param name="ThinkSeconds">Time between two cycles of a customer.</param>
/// <param name="Processor">Where it runs.</param>
/// <param name="Entries">What it offers.</param>
/// <param name="Priority">The larger is served first.</param>
internal sealed record LqnTask(string Name, bool IsReference, int? Threads, double ThinkSeconds, string Processor, IReadOnlyList<string> Entries, int Priority);

/// <summary>One service of a task.</summary>
internal sealed class LqnEntry(string name)
{
    public string Name { get; } = name;

    public double DemandSeconds { get; set; }

    public bool IsFixedCalls { get; set; }

    public double OpenRate { get; set; }

    public Dictionary<string, double> Calls { get; } = [];

    /// <summary>Entries that a request is handed on to instead of an answer, with their probabilities.</summary>
    public Dictionary<string, double> Forwards { get; } = [];

    /// <summary>So many of its calls have been handed on already.</summary>
    public Dictionary<string, double> HandedOn { get; } = [];
}
