using System.Security.Cryptography;
using Pleiad.Core.Documents;
using Pleiad.Machines.Hosting;
using Pleiad.Server.Hosting;

namespace Pleiad.Cli.Running;

/// <summary>
/// The data directory of one run of a command that starts machines of its own, a new one below a folder of the machine's. Those of runs that were killed are swept when the next one
/// begins: they are those whose lock is free. One run at a time is in the middle of that, so none sweeps a directory whose owner is just about to take its lock.
/// </summary>
internal sealed class ThrowawayDirectory
{
    private const string NameAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private static readonly TimeSpan TurnTimeMax = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan TurnInterval = TimeSpan.FromMilliseconds(200);

    private readonly TimeProvider _time;

    private ThrowawayDirectory(string path, TimeProvider time)
    {
        Path = path;
        _time = time;
    }

    public string Path { get; }

    /// <summary>Name of the network namespace of its machines.</summary>
    public string Namespace => DataDirectory.NamespaceOf(Path);

    /// <summary>Sweeps, makes a directory, and starts what works in it.</summary>
    /// <param name="data">The machine's data directory.</param>
    /// <param name="folder">Its folder for runs of this kind, for example <c>demo</c>.</param>
    /// <param name="start">Takes the directory's lock.</param>
    /// <param name="time">Measures waits.</param>
    /// <param name="cancellation">Ends it; what was made is removed.</param>
    public static async Task<(ThrowawayDirectory Directory, T Owner)> BeginAsync<T>(string data, string folder, Func<ThrowawayDirectory, Task<T>> start, TimeProvider time, CancellationToken cancellation)
    {
        var all = System.IO.Path.Combine(data, folder);
        using var turn = await TakeTurnAsync(all, time, cancellation);
        foreach (var old in Directory.EnumerateDirectories(all).Where(old => !DataDirectory.IsInUse(old)))
        {
            await RemoveAsync(old, time, cancellation);
        }

        var made = new ThrowawayDirectory(System.IO.Path.Combine(all, RandomNumberGenerator.GetString(NameAlphabet, 8)), time);
        try
        {
            return (made, await start(made));
        }
        catch
        {
            await RemoveAsync(made.Path, time, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Looks whether its owner, which has ended, left anything running, ends it if so, and removes the directory.</summary>
    /// <param name="processes">Every process that a machine was seen with.</param>
    /// <returns>What was still there, one sentence each; empty when all is well.</returns>
    public async Task<IReadOnlyList<string>> EndAsync(IEnumerable<int> processes)
    {
        var left = processes.Where(IsMachine).Select(process => $"QEMU process {process} was still running").ToList();
        if (File.Exists($"/run/netns/{Namespace}"))
        {
            left.Add($"network namespace {Namespace} was still there");
        }

        left.AddRange(await RemoveAsync(Path, _time, CancellationToken.None));
        return left;
    }

    private static async Task<IReadOnlyList<string>> RemoveAsync(string path, TimeProvider time, CancellationToken cancellation)
    {
        var removed = await MachineHost.SweepAsync(DataDirectory.MachinesOf(path), DataDirectory.NamespaceOf(path), time, cancellation);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        return removed;
    }

    private static async Task<DataDirectory> TakeTurnAsync(string all, TimeProvider time, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return DataDirectory.Open(all);
            }
            catch (InvalidInputException error) when (error.InnerException is IOException && Directory.Exists(all) && time.GetElapsedTime(started) < TurnTimeMax)
            {
                await Task.Delay(TurnInterval, time, cancellation);
            }
        }
    }

    /// <summary>Whether the process is a QEMU: a number may be another process's by now.</summary>
    private static bool IsMachine(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Contains("qemu-system", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false; // it is gone
        }
    }
}
