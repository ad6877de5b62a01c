namespace Pleiad.Machines.Images;

/// <summary>Lets one holder at a time in, over all processes of this machine; the kernel releases it when its process ends, however it ends.</summary>
internal sealed class FileLock : IDisposable
{
    private const int WouldBlock = 11;

    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(15);

    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    /// <summary>Waits for the lock.</summary>
    /// <param name="path">The lock's file; its directory must be there. The file stays when the lock is released.</param>
    /// <param name="limit">Longest wait.</param>
    /// <param name="time">Measures the wait.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="TimeoutException">Somebody else held it for the whole time.</exception>
    public static async Task<FileLock> AcquireAsync(string path, TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0));
            }
            catch (IOException error) when (error.HResult == WouldBlock)
            {
                if (time.GetElapsedTime(began) >= limit)
                {
                    throw new TimeoutException($"another process has held {path} for {limit.TotalSeconds:0} s", error);
                }
            }

            await Task.Delay(RetryInterval, time, cancellation);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
