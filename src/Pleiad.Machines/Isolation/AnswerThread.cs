using System.Collections.Concurrent;

namespace Pleiad.Machines.Isolation;

/// <summary>A plain thread that tells askers what a special thread has done for them.</summary>
/// <remarks>
/// A new thread gets the namespaces, the user and the restrictions of the thread that makes it. Completing a task may make the thread pool start a worker
/// there and then, so a thread that lives in a namespace or has given up rights must not complete one: the worker, and whatever ran on it later, would
/// live there too. Such a thread hands the completion to this one.
/// </remarks>
internal sealed class AnswerThread : IDisposable
{
    private readonly BlockingCollection<Action> _answers = [];
    private readonly Thread _thread;

    public AnswerThread(string name)
    {
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    /// <summary>Has a completion done; as many wait as there are askers.</summary>
    public void Post(Action completion) => _answers.Add(completion);

    /// <summary>Ends when all that was posted is done.</summary>
    public void Dispose()
    {
        _answers.CompleteAdding();
        _thread.Join();
        _answers.Dispose();
    }

    private void Run()
    {
        foreach (var completion in _answers.GetConsumingEnumerable())
        {
            completion();
        }
    }
}
