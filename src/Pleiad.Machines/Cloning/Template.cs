using Microsoft.Win32.SafeHandles;
using Pleiad.Core.Identity;
using Pleiad.Machines.Forking;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Cloning;

/// <summary>A machine of an image as it was when it first answered: its memory and its state, both sealed in memory.</summary>
/// <remarks>
/// It fits this run of Pleiad alone: the same image, memory size, QEMU, accelerator and network. So it is kept nowhere else, and a boot makes it anew.
/// </remarks>
internal sealed class Template
{
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BootTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan EndTimeMax = TimeSpan.FromSeconds(1);

    private int _users = 1;
    private readonly MemoryFile _memory;
    private readonly MemoryFile _state;

    private Template(MemoryFile memory, MemoryFile state, ForkServer server, TimeSpan duration) => (_memory, _state, Server, Duration) = (memory, state, server, duration);

    /// <summary>The guest's memory; each clone maps it privately.</summary>
    public SafeFileHandle Memory => _memory.Handle;

    /// <summary>Forks the clones' processes.</summary>
    public ForkServer Server { get; }

    /// <summary>Size of the state without the memory.</summary>
    public long StateBytes => _state.Bytes;

    /// <summary>How long it took to make.</summary>
    public TimeSpan Duration { get; }

    /// <summary>Opens the state for reading from its start.</summary>
    public SafeFileHandle OpenState() => _state.OpenReader();

    /// <summary>Boots a machine, waits until it answers, and saves it.</summary>
    /// <exception cref="IOException">It could not be made; the message has the last line of the machine's log.</exception>
    public static async Task<Template> MakeAsync(HostContext host, ImageManifest image, CancellationToken cancellation)
    {
        var began = host.Time.GetTimestamp();
        var memory = MemoryFile.Create("pleiad-template-memory", image.MemoryBytes);
        MemoryFile? state = null;
        try
        {
            state = MemoryFile.Create("pleiad-template-state", 0);
            await SaveAsync(host, image, memory, state, cancellation);
            memory.Seal();
            state.Seal();
            var server = new ForkServer(host.Launcher, host.Mark.NewServer(), why => host.Log.NotForked(image.Name, why));
            return new Template(memory, state, server, host.Time.GetElapsedTime(began));
        }
        catch
        {
            memory.Dispose();
            state?.Dispose();
            throw;
        }
    }

    /// <summary>One more uses it; whoever says so knows one who does.</summary>
    public void Use() => Interlocked.Increment(ref _users);

    /// <summary>One uses it no longer; it ends with the last, the first of whom is its maker.</summary>
    public async ValueTask ReleaseAsync()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            await Server.DisposeAsync();
            _memory.Dispose();
            _state.Dispose();
        }
    }

    private static async Task SaveAsync(HostContext host, ImageManifest image, MemoryFile memory, MemoryFile state, CancellationToken cancellation)
    {
        if (KernelFile.Problem(image) is { } problem)
        {
            throw new IOException(problem);
        }

        var id = MachineId.New();
        await using var place = await host.Network.AttachAsync(id, null, image);
        try
        {
            Directory.CreateDirectory(host.Files.DirectoryOf(id));
            using var process = await MachineSpawner.SpawnAsync(host, id, image, place, (memory.Handle, true), server: null, cancellation);
            try
            {
                await using var qmp = await ConnectAsync(host, id, process, cancellation);
                using var health = new MachineHealth(host.Network, place.Service, image.Health, MachineHealth.ConnectTimeMin, host.Time);
                await FirstAnswerAsync(health, process, cancellation);
                await health.CloseAsync(cancellation);
                await Migration.SaveAsync(qmp, state.Handle, host.Time, cancellation);
            }
            catch (IOException e) when (SerialLog.LastLine(host.Files.LogOf(id)) is { } line)
            {
                throw new IOException($"{e.Message}; last line of its log: {line}", e);
            }
            finally
            {
                // What there was to save is saved; QEMU itself has nothing to put in order.
                if (!await Leftovers.KillAsync(process, host.Time))
                {
                    host.Log.Left(id, $"process {process.Identity.Id} does not end even by SIGKILL");
                }
            }
        }
        finally
        {
            host.Files.RemoveWithLog(id);
        }
    }

    private static async Task<QmpClient> ConnectAsync(HostContext host, MachineId id, QemuProcess process, CancellationToken cancellation)
    {
        try
        {
            return await QmpClient.ConnectAsync(host.Files.QmpOf(id), AnswerTimeMax, host.Time, cancellation);
        }
        catch (IOException e)
        {
            // The connection of a process that ends is gone a moment before the process is.
            await Task.WhenAny(process.Exited, Task.Delay(EndTimeMax, host.Time, cancellation));
            throw process.Exited.IsCompleted ? new IOException($"QEMU ended before the first answer ({await process.Exited})", e) : e;
        }
    }

    private static async Task FirstAnswerAsync(MachineHealth health, QemuProcess process, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var answer = health.FirstAnswerAsync(BootTimeMax, end.Token);
        if (await Task.WhenAny(answer, process.Exited) == answer)
        {
            await answer;
            return;
        }

        await end.CancelAsync();
        await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        throw new IOException($"QEMU ended before the first answer ({await process.Exited})");
    }
}
