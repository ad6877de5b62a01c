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
/// answered at an address beside the pool, so that it is proven and QEMU has translated what the first request runs through.
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

    private Spare(HostContext host) => _host = host;

    /// <summary>Names its directory, log, tap and process.</summary>
    public MachineId Id { get; } = MachineId.New();

    /// <summary><see cref="StartMode.Clone"/> or <see cref="StartMode.Resume"/>.</summary>
    public StartMode Way { get; private set; } = StartMode.Clone;

    public QmpClient Qmp => _qmp!;

    public SerialLine Serial => _serial!;

    /// <summary>Completes when its process has ended by itself.</summary>
    public Task Exited => _process!.Exited;

    /// <summary>Makes one.</summary>
    /// <param name="host">The host.</param>
    /// <param name="image">The template's image.</param>
    /// <param name="template">What it is a clone of.</param>
    /// <param name="run">Whether it is to run, answer and stop again.</param>
    /// <param name="cancellation">Ends the attempt; nothing is left then.</param>
    /// <exception cref="IOException">It could not be made.</exception>
    public static async Task<Spare> MakeAsync(HostContext host, ImageManifest image, Template template, bool run, CancellationToken cancellation)
    {
        var spare = new Spare(host);
        try
        {
            await spare.RestoreAsync(image, template, cancellation);
            if (run)
            {
                await spare.ProveAsync(image, cancellation);
            }

            return spare;
        }
        catch
        {
            await spare.DisposeAsync();
            throw;
        }
    }

    /// <summary>Gives process, place, directory and log to a machine.</summary>
    public (INetworkPlace Place, QemuProcess Process) HandOver(MachineId machine)
    {
        var given = (_place!, _process!);
        _host.Files.Rename(Id, machine);
        (_place, _process) = (null, null);
        return given;
    }

    /// <summary>Tells the guest who it is now, and lets it go on.</summary>
    /// <returns>How long that took, and so how far its clock may be behind.</returns>
    /// <exception cref="IOException">It did not take it.</exception>
    public async Task<TimeSpan> AwakeAsync(GuestNetwork guest, CancellationToken cancellation)
    {
        // The line waits in the socket: it is the first thing the guest sees. One that has run got its seed then, and the line's beginning.
        var began = _host.Time.GetTimestamp();
        await _serial!.WriteAsync(Way == StartMode.Resume ? GuestIdentity.Rest(guest, _host.Time) : GuestIdentity.Line(guest, _host.Time), cancellation);
        await Qmp.ExecuteAsync("cont", null, AnswerTimeMax, cancellation);
        await _serial.ExpectAsync(GuestIdentity.Answer(guest), AnswerTimeMax, _host.Time, cancellation);
        return _host.Time.GetElapsedTime(began);
    }

    public async ValueTask DisposeAsync()
    {
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
        _place = await _host.Network.AttachAsync(Id, null, image);
        Directory.CreateDirectory(_host.Files.DirectoryOf(Id));
        _process = await MachineSpawner.SpawnAsync(_host, Id, image, _place, (template.Memory, false), template.Server, cancellation);
        _qmp = await QmpClient.ConnectAsync(_host.Files.QmpOf(Id), AnswerTimeMax, _host.Time, cancellation);
        using var state = template.OpenState();
        await Migration.LoadAsync(_qmp, state, _host.Time, cancellation);
        _serial = await SerialLine.ConnectAsync(_host.Files.SerialOf(Id), cancellation);
    }

    private async Task ProveAsync(ImageManifest image, CancellationToken cancellation)
    {
        await AwakeAsync(_place!.Guest, cancellation);
        using var health = new MachineHealth(_host.Network, _place!.Service, image.Health, MachineHealth.ConnectTimeMin, _host.Time);

        // A serial port takes half a millisecond for each 14 bytes: what can be said before the order, is; all places have one network.
        await _serial!.BeginAsync(GuestIdentity.Head(_place.Guest), cancellation);
        for (var answer = 0; answer < AnswersBefore; answer++)
        {
            await health.FirstAnswerAsync(AnswerTimeMax, cancellation);
            await health.CloseAsync(cancellation);
        }

        await Qmp.ExecuteAsync("stop", null, AnswerTimeMax, cancellation);
        Way = StartMode.Resume;
    }
}
