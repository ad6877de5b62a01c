using System.Collections.Concurrent;
using System.ComponentModel;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Pleiad.Machines.Cloning;
using Pleiad.Machines.Isolation;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Forking;

/// <summary>A QEMU that has done what all clones of one template do alike, waits, and forks them (<c>fork_server.c</c>).</summary>
/// <remarks>It has no rights but to make its children other users, runs no guest, and hears no one but Pleiad, with which it ends.</remarks>
internal sealed class ForkServerProcess : IAsyncDisposable
{
    /// <summary>Requests that may be on their way: fewer than the socket has room for.</summary>
    private const int BirthsMax = 64;

    private const int LogTailBytes = 2_000;
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(30);

    private readonly Launcher _launcher;
    private readonly QemuProcess _process;
    private readonly Socket _requests;
    private readonly SemaphoreSlim _births = new(BirthsMax, BirthsMax);
    private readonly ConcurrentDictionary<int, TaskCompletionSource<ExitStatus>> _children = new();
    private readonly Task _listening;

    private ForkServerProcess(Launcher launcher, QemuProcess process, Socket requests)
    {
        (_launcher, _process, _requests) = (launcher, process, requests);
        _listening = ListenAsync();
    }

    /// <summary>What makes QEMU one: the library is the first descriptor that it inherits, the socket of requests the second.</summary>
    /// <param name="user">The user it becomes, and from which its children become others; null when they keep what rights it has.</param>
    public static IReadOnlyList<string> Environment(uint? user)
    {
        string[] variables = [Text($"LD_PRELOAD=/proc/self/fd/{QemuProcess.FirstInherited}"), Text($"PLEIAD_FORK_SERVER={QemuProcess.FirstInherited + 1}")];
        return user is { } number ? [.. variables, Text($"PLEIAD_FORK_USER={number}")] : variables;
    }

    /// <summary>Starts one and waits until it is ready.</summary>
    /// <exception cref="IOException">It cannot be had; the message says why.</exception>
    public static async Task<ForkServerProcess> StartAsync(Launcher launcher, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        using var log = MemoryFile.Create("pleiad-fork-server-log", 0);
        var (own, other) = UnixSocket.Pair();
        QemuProcess? process = null;
        try
        {
            using (other)
            {
                process = await launcher.ServeAsync(arguments, log.Handle, other, cancellation);
            }

            var ready = new byte[ForkMessages.EndingBytes];
            return await ReceiveAsync(own, ready, cancellation) == ready.Length
                ? new ForkServerProcess(launcher, process, own)
                : throw new IOException("it ended");
        }
        catch (Exception e)
        {
            own.Dispose();
            if (process is not null)
            {
                await launcher.DiscardAsync(process);
            }

            throw process is not null && e is IOException or SocketException ? new IOException($"QEMU does not become a fork server: {e.Message}; {Tail(log)}", e) : e;
        }
    }

    /// <summary>Forks a process; see <see cref="ForkServer.ForkAsync"/>.</summary>
    /// <exception cref="IOException">It failed.</exception>
    public async Task<Newborn> ForkAsync(string mark, ForkOrder order, CancellationToken cancellation)
    {
        var (launch, cage, limits, entrances, homes) = order;
        var (own, other) = UnixSocket.Pair();
        await _births.WaitAsync(cancellation);
        try
        {
            using (other)
            {
                var request = ForkMessages.Request(mark, cage.User, limits, entrances.Count, launch.Inherited.Count);
                DescriptorMessage.Send(_requests.SafeHandle, request, [other, launch.Log, .. entrances, .. homes, .. launch.Inherited]);
            }

            return new Newborn(await BornAsync(own, cage, cancellation), own);
        }
        catch
        {
            own.Dispose(); // A child that comes all the same hears that it is not wanted.
            throw;
        }
        finally
        {
            _births.Release();
        }
    }

    /// <summary>Ends it; its children live on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _launcher.DiscardAsync(_process); // It has nothing to save.
        _requests.Dispose();
        await _listening;
    }

    /// <summary>Waits until the child has become what was asked for, and takes hold of it.</summary>
    private async Task<QemuProcess> BornAsync(Socket socket, Cage cage, CancellationToken cancellation)
    {
        var bytes = new byte[ForkMessages.BirthBytes];
        if (await ReceiveAsync(socket, bytes, cancellation) != bytes.Length)
        {
            throw new IOException("the fork server, or its child, has ended");
        }

        var (id, error, step) = ForkMessages.Birth(bytes);
        if (error != 0)
        {
            throw new IOException($"a clone's process cannot be shut in: {step}: {new Win32Exception(error).Message}");
        }

        var ending = new TaskCompletionSource<ExitStatus>(TaskCreationOptions.RunContinuationsAsynchronously);
        _children[id] = ending;
        try
        {
            // It waits for its first word. As long as its end of the socket is open, the id is its own.
            return QemuProcess.Foster(id, _launcher.Watch, cage, ending.Task, () => !socket.Poll(TimeSpan.Zero, SelectMode.SelectRead));
        }
        catch
        {
            _children.TryRemove(id, out _);
            throw;
        }
    }

    private static async Task<int> ReceiveAsync(Socket socket, byte[] bytes, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(AnswerTimeMax, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await socket.ReceiveAsync(bytes, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"no answer within {AnswerTimeMax.TotalSeconds:0} s");
        }
    }

    /// <summary>Hears how children ended, until the server ends.</summary>
    private async Task ListenAsync()
    {
        var bytes = new byte[ForkMessages.EndingBytes];
        try
        {
            while (await _requests.ReceiveAsync(bytes) == bytes.Length)
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
