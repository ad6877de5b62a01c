using System.Collections.Concurrent;
using System.ComponentModel;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Pleiad.Machines.Cloning;
using Pleiad.Machines.Isolation;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Forking;

/// <summary>A QEMU that has done what all clones of one template do alike, and forks them: what they do not change is in memory once for all (docs/decisions/0010).</summary>
/// <remarks>
/// It begins with the first clone, whose arguments it takes, and ends with the template. It has no privileges but to make its children other users, runs no
/// guest, and hears no one but Pleiad. Where it cannot be had, clones are started as any other QEMU.
/// </remarks>
/// <param name="launcher">Starts it.</param>
/// <param name="name">The value of <c>-name</c> that marks its own process; as long as those of its children.</param>
/// <param name="lacking">Told once why it cannot be had.</param>
internal sealed class ForkServer(Launcher launcher, string name, Action<string> lacking) : IAsyncDisposable
{
    private const int LogTailBytes = 2_000;
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(30);

    /// <summary>What makes QEMU one: the library is the first descriptor that it inherits, the socket of requests the second.</summary>
    public static readonly IReadOnlyList<string> Environment =
        [Text($"LD_PRELOAD=/proc/self/fd/{QemuProcess.FirstInherited}"), Text($"PLEIAD_FORK_SERVER={QemuProcess.FirstInherited + 1}")];

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ConcurrentDictionary<int, TaskCompletionSource<ExitStatus>> _children = new();
    private IReadOnlyList<string>? _arguments;
    private QemuProcess? _process;
    private Socket? _requests;
    private Task _listening = Task.CompletedTask;
    private bool _lacks;

    /// <summary>Forks a process.</summary>
    /// <param name="launch">Its arguments, log and descriptors.</param>
    /// <param name="cage">What it is shut in with.</param>
    /// <param name="limits">Its resource limits.</param>
    /// <param name="entrances">Files by which to enter its control groups.</param>
    /// <param name="homes">Files by which to come back from each.</param>
    /// <returns>Null when it has to be started in another way: there is no fork server here, or its arguments are others than its siblings'.</returns>
    /// <exception cref="IOException">The fork server failed: there will be no more clones of its template.</exception>
    public async Task<Newborn?> ForkAsync(
        QemuLaunch launch, Cage cage, IReadOnlyList<ProcessLimit> limits, IReadOnlyList<SafeFileHandle> entrances, IReadOnlyList<SafeFileHandle> homes)
    {
        var (arguments, mark) = Named(launch.Arguments);
        if (!await BeginAsync(arguments) || mark.Length != name.Length || !arguments.SequenceEqual(_arguments!, StringComparer.Ordinal))
        {
            return null;
        }

        var (own, other) = UnixSocket.Pair();
        try
        {
            using (other)
            {
                var request = ForkMessages.Request(mark, cage.User, limits, entrances.Count, launch.Inherited.Count);
                DescriptorMessage.Send(_requests!.SafeHandle, request, [other, launch.Log, .. entrances, .. homes, .. launch.Inherited]);
            }

            return new Newborn(await BornAsync(own, cage), own);
        }
        catch (Exception e)
        {
            own.Dispose();
            throw e is IOException or SocketException or OperationCanceledException or Win32Exception ? new IOException($"the fork server failed: {e.Message}", e) : e;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync(); // Whoever has the turn gives it back within AnswerTimeMax.
        _lacks = true;
        if (_process is not null)
        {
            await Launcher.EndAsync(_process); // It has nothing to save.
            _process = null;
        }

        _requests?.Dispose();
        await _listening;
        _turn.Release();
    }

    /// <summary>The arguments with the server's own name in place of the machine's, and the machine's.</summary>
    private (IReadOnlyList<string> Arguments, string Mark) Named(IReadOnlyList<string> arguments)
    {
        var at = arguments.Index().First(argument => argument.Item == "-name").Index + 1;
        return ([.. arguments.Take(at), name, .. arguments.Skip(at + 1)], arguments[at]);
    }

    /// <summary>Starts it at the first call.</summary>
    /// <returns>Whether it is there.</returns>
    private async Task<bool> BeginAsync(IReadOnlyList<string> arguments)
    {
        await _turn.WaitAsync();
        try
        {
            if (_arguments is null && !_lacks)
            {
                await StartAsync(arguments);
                _arguments = arguments;
            }
        }
        catch (IOException e)
        {
            _lacks = true;
            lacking(e.Message);
        }
        finally
        {
            _turn.Release();
        }

        return !_lacks;
    }

    private async Task StartAsync(IReadOnlyList<string> arguments)
    {
        using var log = MemoryFile.Create("pleiad-fork-server-log", 0);
        var (own, other) = UnixSocket.Pair();
        try
        {
            using (other)
            {
                _process = await launcher.ServeAsync(arguments, log.Handle, other);
            }

            var ready = new byte[ForkMessages.EndingBytes];
            using var limit = new CancellationTokenSource(AnswerTimeMax, TimeProvider.System);
            if (await own.ReceiveAsync(ready, limit.Token) != ready.Length)
            {
                throw new IOException($"QEMU does not become a fork server: {Tail(log)}");
            }

            _requests = own;
            _listening = ListenAsync(own);
        }
        catch (Exception e)
        {
            own.Dispose();
            if (_process is not null)
            {
                await Launcher.EndAsync(_process);
                _process = null;
            }

            throw e is SocketException or OperationCanceledException ? new IOException($"QEMU does not become a fork server: {e.Message}; {Tail(log)}", e) : e;
        }
    }

    /// <summary>Waits until the child has become what was asked for, and takes hold of it.</summary>
    private async Task<QemuProcess> BornAsync(Socket socket, Cage cage)
    {
        var bytes = new byte[ForkMessages.BirthBytes];
        using var limit = new CancellationTokenSource(AnswerTimeMax, TimeProvider.System);
        if (await socket.ReceiveAsync(bytes, limit.Token) != bytes.Length)
        {
            throw new IOException("it has ended");
        }

        var birth = ForkMessages.Birth(bytes);
        return birth.Error == 0
            ? QemuProcess.Foster(birth.Process, launcher.Watch, cage, EndingOf(birth.Process)) // It waits: as long as it does, the id is its own.
            : throw new IOException($"a clone's process cannot be shut in: {birth.Step}: {new Win32Exception(birth.Error).Message}");
    }

    private Task<ExitStatus> EndingOf(int process)
    {
        var ending = new TaskCompletionSource<ExitStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
        _children[process] = ending;
        return ending.Task;
    }

    /// <summary>Hears how children ended, until the server ends.</summary>
    private async Task ListenAsync(Socket socket)
    {
        var bytes = new byte[ForkMessages.EndingBytes];
        try
        {
            while (await socket.ReceiveAsync(bytes) == bytes.Length)
            {
                var (process, status) = ForkMessages.Ending(bytes);
                if (_children.TryRemove(process, out var ending))
                {
                    ending.SetResult(ExitStatus.FromWait(status));
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed by us, or by its end: nobody tells how the others end.
        }

        foreach (var child in _children.Values)
        {
            child.TrySetResult(default);
        }
    }

    private static string Tail(MemoryFile log)
    {
        var bytes = new byte[LogTailBytes];
        var read = RandomAccess.Read(log.Handle, bytes, Math.Max(0, log.Bytes - LogTailBytes));
        return read == 0 ? "it says nothing" : $"it says: {Encoding.UTF8.GetString(bytes, 0, read).Trim().ReplaceLineEndings("; ")}";
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
