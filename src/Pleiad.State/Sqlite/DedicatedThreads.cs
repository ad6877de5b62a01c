using System.Collections.Concurrent;

namespace Pleiad.State.Sqlite;

/// <summary>
/// Runs tasks on threads of its own. SQLite has no asynchronous calls: a thread that waits for the disk must not be one that answers requests.
/// </summary>
internal sealed class DedicatedThreads : TaskScheduler, IDisposable
{
    // Bounded by its users: the writer is one task at a time, the readers are as many as there are threads.
    private readonly BlockingCollection<Task> _tasks = [];

    /// <param name="name">Name of the threads, for people with a debugger.</param>
    /// <param name="count">How many.</param>
    public DedicatedThreads(string name, int count)
    {
        MaximumConcurrencyLevel = count;
        for (var number = 0; number < count; number++)
        {
            new Thread(Run) { IsBackground = true, Name = name }.Start();
        }
    }

    public override int MaximumConcurrencyLevel { get; }

    /// <summary>Ends the threads once they have done what was queued.</summary>
    public void Dispose() => _tasks.CompleteAdding();

    protected override void QueueTask(Task task) => _tasks.Add(task);

    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    protected override IEnumerable<Task> GetScheduledTasks() => _tasks;

    private void Run()
    {
        foreach (var task in _tasks.GetConsumingEnumerable())
        {
            TryExecuteTask(task);
        }
    }
}
