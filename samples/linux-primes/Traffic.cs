namespace LinuxPrimes;

/// <summary>Counts what is going on. Requests for health are not among the requests.</summary>
internal sealed class Traffic
{
    private long _finished;
    private int _active;
    private int _connections;

    public long Finished => Interlocked.Read(ref _finished);

    public int Active => Volatile.Read(ref _active);

    public int Connections => Volatile.Read(ref _connections);

    public async Task ConnectedAsync(Func<Task> serve)
    {
        Interlocked.Increment(ref _connections);
        try
        {
            await serve();
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    public async Task ServeAsync(Func<Task> answer)
    {
        Interlocked.Increment(ref _active);
        try
        {
            await answer();
            Interlocked.Increment(ref _finished);
        }
        catch (OperationCanceledException)
        {
            // The client went away: nobody is there to be answered.
            return;
        }
        finally
        {
            Interlocked.Decrement(ref _active);
        }
    }
}
