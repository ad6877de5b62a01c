using System.ComponentModel;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Pleiad.Machines.Isolation;

namespace Pleiad.Machines.Forking;

/// <summary>A process that is to be forked.</summary>
/// <param name="Launch">Its arguments, log and descriptors.</param>
/// <param name="Cage">What it is shut in with.</param>
/// <param name="Limits">Its resource limits.</param>
/// <param name="Entrances">Files by which to enter its control groups.</param>
/// <param name="Homes">Files by which to come back from each.</param>
internal sealed record ForkOrder(QemuLaunch Launch, Cage Cage, IReadOnlyList<ProcessLimit> Limits, IReadOnlyList<SafeFileHandle> Entrances, IReadOnlyList<SafeFileHandle> Homes);

/// <summary>Forks the processes of one template's clones off a QEMU that they have in common, so that what they do not change is in memory once for all (docs/decisions/0010).</summary>
/// <remarks>
/// That QEMU begins with the first clone, whose arguments it takes, and ends with the template. Where it cannot be had, or fails again and again, clones are started as any
/// other QEMU.
/// </remarks>
/// <param name="launcher">Starts it.</param>
/// <param name="name">The value of <c>-name</c> that marks its own process; as long as those of its children.</param>
/// <param name="lacking">Told each time that it cannot be had.</param>
internal sealed class ForkServer(Launcher launcher, string name, Action<string> lacking) : IAsyncDisposable
{
    private const int FailuresMax = 3;

    private readonly SemaphoreSlim _turn = new(1, 1);
    private IReadOnlyList<string>? _arguments;
    private ForkServerProcess? _process;
    private int _failures;

    /// <summary>Forks a process.</summary>
    /// <param name="order">What it is to be.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <returns>Null when it has to be started in another way: there is no fork server here, or its arguments are others than its siblings'.</returns>
    public async Task<Newborn?> ForkAsync(ForkOrder order, CancellationToken cancellation)
    {
        var (arguments, mark) = Named(order.Launch.Arguments);
        _arguments ??= arguments;
        if (mark.Length != name.Length || !arguments.SequenceEqual(_arguments, StringComparer.Ordinal) || await GetAsync(cancellation) is not { } process)
        {
            return null;
        }

        try
        {
            return await process.ForkAsync(mark, order, cancellation);
        }
        catch (Exception e) when (IsExpected(e))
        {
            await FailAsync(process, e.Message);
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync(); // Whoever has the turn gives it back within the time that a compiler and a QEMU may take.
        _failures = FailuresMax;
        await (_process?.DisposeAsync() ?? default);
        _process = null;
        _turn.Release();
    }

    private static bool IsExpected(Exception e) => e is IOException or Win32Exception or SocketException or UnauthorizedAccessException or TimeoutException;

    /// <summary>The arguments with the server's own name in place of the machine's, and the machine's.</summary>
    private (IReadOnlyList<string> Arguments, string Mark) Named(IReadOnlyList<string> arguments)
    {
        var at = arguments.Index().First(argument => argument.Item == "-name").Index + 1;
        return ([.. arguments.Take(at), name, .. arguments.Skip(at + 1)], arguments[at]);
    }

    /// <summary>The process that forks; started when there is none.</summary>
    /// <returns>Null when it cannot be had.</returns>
    private async Task<ForkServerProcess?> GetAsync(CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            return _process ??= _failures < FailuresMax ? await ForkServerProcess.StartAsync(launcher, _arguments!, cancellation) : null;
        }
        catch (Exception e) when (IsExpected(e))
        {
            _failures = e is ForkLackingException ? FailuresMax : _failures + 1;
            lacking(e.Message);
            return null;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task FailAsync(ForkServerProcess process, string why)
    {
        await _turn.WaitAsync();
        try
        {
            if (ReferenceEquals(_process, process))
            {
                _process = null;
                _failures++;
                lacking(why);
                await process.DisposeAsync();
            }
        }
        finally
        {
            _turn.Release();
        }
    }
}
