using System.Net.Sockets;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Cloning;

/// <summary>A clone of a template that belongs to no machine yet: restored and stopped.</summary>
/// <remarks>
/// One that has not run yet (<see cref="StartMode.Clone"/>) still is the template, down to its address; one that has (<see cref="StartMode.Resume"/>) has
/// answered, so that it is proven and QEMU has translated what the first request runs through: at its <see cref="Home"/>, where an order finds it with
/// nothing left to change but the clock and a connection that is open already, or else at an address beside the pool.
/// It owns its process, place, directory and log until <see cref="HandOver"/>, and its two connections to the end.
/// </remarks>
internal sealed class Spare : IAsyncDisposable
{
    /// <summary>Much longer than any of it takes, also on a host with far too much to do: giving up costs a boot, which takes longer still.</summary>
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(30);

    /// <summary>Each on a connection of its own: what QEMU has not translated by the third time, the first request does not run through either.</summary>
    private const int AnswersBefore = 3;

    private readonly HostContext _host;
    private INetworkPlace? _place;
    private QemuProcess? _process;
    private QmpClient? _qmp;
    private SerialLine? _serial;
    private MachineHealth? _health;

    private Spare(HostContext host) => _host = host;

    /// <summary>Names its directory, log, tap and process.</summary>
    public MachineId Id { get; } = MachineId.New();

    /// <summary><see cref="StartMode.Clone"/> or <see cref="StartMode.Resume"/>.</summary>
    public StartMode Way { get; private set; } = StartMode.Clone;

    public QmpClient Qmp => _qmp!;

    public SerialLine Serial => _serial!;

    /// <summary>Completes when its process has ended by itself.</summary>
    public Task Exited => _process!.Exited;

    /// <summary>Where it has been proven, when that is an address of the pool.</summary>
    public Home? Home { get; private init; }

    /// <summary>Makes one that has not run.</summary>
    /// <param name="host">The host.</param>
    /// <param name="image">The template's image.</param>
    /// <param name="template">What it is a clone of.</param>
    /// <param name="cancellation">Ends the attempt; nothing is left then.</param>
    /// <exception cref="IOException">It could not be made.</exception>
    public static async Task<Spare> CloneAsync(HostContext host, ImageManifest image, Template template, CancellationToken cancellation) =>
        (await MakeAsync(host, image, template, home: null, run: false, cancellation))!;

    /// <summary>Makes one that has run, answered and stopped again.</summary>
    /// <returns>Null when a machine was ordered at the address that it was being proven at.</returns>
    /// <exception cref="IOException">It could not be made.</exception>
    public static Task<Spare?> ProveAsync(HostContext host, ImageManifest image, Template template, CancellationToken cancellation) =>
        MakeAsync(host, image, template, host.Homes.Choose(), run: true, cancellation);

    /// <summary>Whether a machine at an address can be made of it without being moved.</summary>
    public bool IsAtHome(MachineAddress address) => Home is { IsLost: false } home && home.Address == address;

    /// <summary>Gives process, place, directory and log to a machine.</summary>
    public (INetworkPlace Place, QemuProcess Process) HandOver(MachineId machine)
    {
        var given = (_place!, _process!);
        _host.Files.Rename(Id, machine);
        (_place, _process) = (null, null);
        return given;
    }

    /// <summary>Gives the connection over which it has answered at its home to a machine that stays there.</summary>
    public MachineHealth HandOverHealth()
    {
        var given = _health!;
        _health = null;
        return given;
    }

    /// <summary>Breaks off the connection over which it has answered; it is about to be moved, and hears of it as long as its address leads to it.</summary>
    public void BreakOff() => _health?.Reset();

    /// <summary>Lets the guest go on where it has been proven: all it is told is the time.</summary>
    /// <returns>How long that took, and so how far its clock may be behind.</returns>
    /// <exception cref="IOException">It did not take it.</exception>
    public Task<TimeSpan> AwakeAtHomeAsync(CancellationToken cancellation) => AwakeAsync(GuestIdentity.RestAtHome, GuestIdentity.ClockAnswer, cancellation);

    /// <summary>Tells the guest who it is now, and lets it go on.</summary>
    /// <returns>How long that took, and so how far its clock may be behind.</returns>
    /// <exception cref="IOException">It did not take it.</exception>
    public Task<TimeSpan> AwakeAsync(GuestNetwork guest, CancellationToken cancellation)
    {
        // One that has run got its seed then, and the line's beginning.
        return AwakeAsync(
            time => Way == StartMode.Clone ? GuestIdentity.Line(guest, time) : Home is null ? GuestIdentity.Rest(guest, time) : GuestIdentity.RestAway(guest, time),
            GuestIdentity.Answer(guest),
            cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await EndAsync();
        }
        finally
        {
            if (Home is not null)
            {
                _host.Homes.Leave(Home);
            }
        }
    }

    private async Task EndAsync()
    {
        _health?.Reset();
        _serial?.Dispose();
        await (_qmp?.DisposeAsync() ?? default);
        if (_process is { } process)
        {
            if (!await Leftovers.KillAsync(process, _host.Time))
            {
                _host.Log.Left(Id, $"process {process.Identity.Id} does not end even by SIGKILL");
            }

            process.Dispose();
            _process = null;
        }

        if (_place is not null)
        {
            await _place.DisposeAsync();
            _place = null;
            _host.Files.RemoveWithLog(Id);
        }
    }

    private async Task RestoreAsync(ImageManifest image, Template template, CancellationToken cancellation)
    {
        _place = await _host.Network.AttachAsync(Id, Home?.Address, image, Home);
        Directory.CreateDirectory(_host.Files.DirectoryOf(Id));
        _process = await MachineSpawner.SpawnAsync(_host, Id, image, _place, (template.Memory, false), template.Server, cancellation);
        _qmp = await QmpClient.ConnectAsync(_host.Files.QmpOf(Id), AnswerTimeMax, _host.Time, cancellation);
        using var state = template.OpenState();
        await Migration.LoadAsync(_qmp, state, _host.Time, cancellation);
        _serial = await SerialLine.ConnectAsync(_host.Files.SerialOf(Id), cancellation);
    }

    private async Task<TimeSpan> AwakeAsync(Func<TimeProvider, string> line, string answer, CancellationToken cancellation)
    {
        // The line waits in the socket: it is the first thing the guest sees.
        var began = _host.Time.GetTimestamp();
        await _serial!.WriteAsync(line(_host.Time), cancellation);
        var going = Qmp.ExecuteAsync("cont", null, AnswerTimeMax, cancellation);
        await Task.WhenAll(going, _serial.ExpectAsync(answer, AnswerTimeMax, _host.Time, cancellation));
        return _host.Time.GetElapsedTime(began);
    }

    private async Task ProveAsync(ImageManifest image, CancellationToken cancellation)
    {
        await AwakeAsync(_place!.Guest, cancellation);
        _health = new MachineHealth(_host.Network, _place.Service, image.Health, MachineHealth.ConnectTimeMin, _host.Time);

        // A serial port takes half a millisecond for each 14 bytes: what can be said before the order, is.
        await _serial!.BeginAsync(Home is null ? GuestIdentity.Head(_place.Guest) : GuestIdentity.HeadAtHome, cancellation);
        for (var answer = 0; answer < AnswersBefore; answer++)
        {
            await _health.CloseAsync(cancellation);
            await _health.FirstAnswerAsync(AnswerTimeMax, cancellation);
        }

        if (Home is null)
        {
            await _health.CloseAsync(cancellation);
        }
        else
        {
            // Over the connection that stays, as the first question will come after the order.
            await _health.FirstAnswerAsync(AnswerTimeMax, cancellation);
        }

        await Qmp.ExecuteAsync("stop", null, AnswerTimeMax, cancellation);
        Way = StartMode.Resume;
    }

    private static async Task<Spare?> MakeAsync(HostContext host, ImageManifest image, Template template, Home? home, bool run, CancellationToken cancellation)
    {
        var spare = new Spare(host) { Home = home };
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, home?.Loss ?? CancellationToken.None);
        try
        {
            await spare.RestoreAsync(image, template, either.Token);
            if (run)
            {
                await spare.ProveAsync(image, either.Token);
            }

            if (home is not { IsLost: true })
            {
                return spare;
            }

            // The answers may have been the other machine's.
            await spare.DisposeAsync();
            return null;
        }
        catch (Exception e) when (home is { IsLost: true } && !cancellation.IsCancellationRequested && e is IOException or SocketException or OperationCanceledException)
        {
            await spare.DisposeAsync();
            return null;
        }
        catch
        {
            await spare.DisposeAsync();
            throw;
        }
    }
}
