namespace Pleiad.State.Sql;

/// <summary>Counts the calls under way, so that closing waits for them and refuses new ones.</summary>
internal sealed class CallGate(string owner)
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calls;
    private bool _closed;

    /// <summary>Begins a call; dispose what it returns at the call's end.</summary>
    /// <exception cref="ObjectDisposedException">The gate is closed.</exception>
    public Pass Enter()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, owner);
            _calls++;
        }

        return new Pass(this);
    }

    /// <summary>Refuses new calls; completes when the last one under way has ended. Each call is bounded by the database's own time limits.</summary>
    /// <returns>True for the one who closed it, false when it was closed already.</returns>
    public async Task<bool> CloseAsync()
    {
        bool first;
        lock (_lock)
        {
            first = !_closed;
            _closed = true;
            if (_calls == 0)
            {
                _empty.TrySetResult();
            }
        }

        await _empty.Task;
        return first;
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_calls == 0 && _closed)
            {
                _empty.TrySetResult();
            }
        }
    }

    /// <summary>One call under way.</summary>
    public readonly struct Pass(CallGate gate) : IDisposable
    {
        /// <summary>Ends the call.</summary>
        public void Dispose() => gate.Leave();
    }
}
