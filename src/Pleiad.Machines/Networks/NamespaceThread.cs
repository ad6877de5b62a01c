using System.Collections.Concurrent;
using Pleiad.Machines.Isolation;

namespace Pleiad.Machines.Networks;

/// <summary>A thread that lives in a network namespace and does there what has to be done there: opening sockets, making taps, starting processes.</summary>
/// <remarks>
/// A namespace belongs to a thread, and what a thread makes belongs to its namespace for good: a socket opened here may be used from any thread, and a
/// process started here stays here. The thread therefore only opens; all waiting is done elsewhere, and askers are answered by another thread.
/// </remarks>
internal sealed class NamespaceThread : IDisposable
{
    /// <summary>Work that may wait; each piece takes well under a millisecond.</summary>
    public const int QueueMax = 4096;

    private readonly BlockingCollection<Action> _work = new(QueueMax);
    private readonly AnswerThread _answers = new("pleiad network answers");
    private readonly TaskCompletionSource _entered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;

    private NamespaceThread(string path)
    {
        _thread = new Thread(() => Run(path)) { IsBackground = true, Name = "pleiad network namespace" };
        _thread.Start();
    }

    /// <summary>Starts a thread in a namespace.</summary>
    /// <param name="path">File that stands for the namespace, for example <c>/run/netns/pleiad</c>.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be entered.</exception>
    public static async Task<NamespaceThread> EnterAsync(string path)
    {
        var thread = new NamespaceThread(path);
        try
        {
            await thread._entered.Task;
            return thread;
        }
        catch
        {
            thread.Dispose();
            throw;
        }
    }

    /// <summary>Does a piece of work there.</summary>
    /// <exception cref="IOException">More work waits than may.</exception>
    /// <exception cref="ObjectDisposedException">The thread has ended.</exception>
    public Task<T> RunAsync<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool taken;
        try
        {
            taken = _work.TryAdd(() =>
            {
                try
                {
                    var result = work();
                    _answers.Post(() => done.SetResult(result));
                }
                catch (Exception e)
                {
                    _answers.Post(() => done.SetException(e)); // Whatever it is, it is the asker's.
                }
            });
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(NamespaceThread), "the machines' network is closed");
        }

        return taken ? done.Task : throw new IOException($"more than {QueueMax} sockets and processes wait to be opened in the machines' network");
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        _thread.Join();
        _answers.Dispose();
    }

    private void Run(string path)
    {
        try
        {
            using var file = NetworkCalls.Open(path, NetworkCalls.OpenReadOnly);
            if (NetworkCalls.SetNamespace(file, NetworkCalls.NewNetworkNamespace) != 0)
            {
                throw NetworkCalls.Error($"cannot enter the network namespace {path}");
            }

            _answers.Post(_entered.SetResult);
        }
        catch (Exception e)
        {
            _answers.Post(() => _entered.SetException(e));
            return;
        }

        foreach (var work in _work.GetConsumingEnumerable())
        {
            work();
        }
    }
}
