using System.ComponentModel;
using System.Net.Sockets;
using System.Threading.Channels;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;

namespace Pleiad.Machines.Cloning;

/// <summary>How many spares of an image are kept.</summary>
/// <param name="Proven">That have run and were stopped.</param>
/// <param name="Fresh">That have not run yet.</param>
internal readonly record struct SpareCounts(int Proven, int Fresh)
{
    public int Total => Proven + Fresh;
}

/// <summary>The template of one image and its spares.</summary>
/// <remarks>
/// One task makes what is missing, one thing at a time, with a turn among the machines that start; whoever takes a spare or finds one broken wakes it. What
/// does not work is thrown away and tried again after a pause that doubles; meanwhile machines start cold.
/// </remarks>
internal sealed partial class WarmPool : IAsyncDisposable
{
    private static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMinutes(5);

    private readonly HostContext _host;
    private readonly StoredImage _image;
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<Spare> _spares = [];
    private readonly Task _making;
    private Template? _template;
    private string _why = "its template is being made";
    private int _failures;
    private SpareCounts _wanted;
    private bool _closed;

    public WarmPool(HostContext host, StoredImage image, SpareCounts wanted)
    {
        (_host, _image, _wanted) = (host, image, wanted);
        _making = Task.Run(MakeAsync);
    }

    /// <summary>Spares that are ready to be taken.</summary>
    public int Ready
    {
        get
        {
            lock (_gate)
            {
                return _spares.Count;
            }
        }
    }

    /// <summary>Where its stopped machines have been proven and nothing was ordered yet.</summary>
    public IReadOnlyList<MachineAddress> Homes
    {
        get
        {
            lock (_gate)
            {
                return [.. _spares.Where(spare => spare.Home is { } home && !spare.Exited.IsCompleted && _host.Homes.IsOpen(home)).Select(spare => spare.Home!.Address)];
            }
        }
    }

    /// <summary>Changes how many spares there are to be.</summary>
    public void Configure(SpareCounts wanted)
    {
        lock (_gate)
        {
            _wanted = wanted;
        }

        Wake();
    }

    /// <summary>Takes a spare, or makes one for the asker; he owns it.</summary>
    /// <param name="start">The way that is wanted.</param>
    /// <param name="address">Where the machine is to be: a spare that lives there before others.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>No spare when no clone can be had, with the reason; a reason beside a spare says why it is not of the way wanted.</returns>
    public async Task<(Spare? Spare, string? Why)> TakeAsync(StartMode start, MachineAddress address, CancellationToken cancellation)
    {
        Template template;
        lock (_gate)
        {
            if (_closed || _template is null)
            {
                return (null, _closed ? "it is not to be cloned any more" : _why);
            }

            if (TakeLocked(start, address) is { } spare)
            {
                return (spare, spare.Way == StartMode.Clone && start == StartMode.Resume ? "no stopped machine was left" : null);
            }

            template = _template;
            template.Use();
        }

        try
        {
            return (await Spare.CloneAsync(_host, _image.Manifest, template, cancellation), "no spare was left");
        }
        catch (Exception e) when (IsExpected(e))
        {
            Failed(template, $"a clone could not be made: {e.Message}");
            return (null, $"a clone could not be made: {e.Message}");
        }
        finally
        {
            await template.ReleaseAsync();
        }
    }

    /// <summary>Makes anew what was taken; called when the machine that took it is up, for making a spare takes the processor that it needs.</summary>
    public void Refill() => Wake();

    /// <summary>Takes note that a machine of this template did not come up: the template and all that came of it are thrown away.</summary>
    public void Failed(string why) => Failed(null, why);

    /// <summary>The same of a certain template; it may have been thrown away already, and another be there.</summary>
    private void Failed(Template? which, string why)
    {
        Template? template;
        lock (_gate)
        {
            template = _template;
            if (which is not null && !ReferenceEquals(which, template))
            {
                return;
            }

            _template = null;
            _failures++;
            _why = $"its template is made anew: {why}";
        }

        if (template is not null)
        {
            Notice(HostNoticeKind.TemplateFailed, $"{why}; machines of it start cold until a new template is made");
        }

        Wake();
    }

    public ValueTask DisposeAsync() => EndAsync(abandon: false);

    /// <summary>Ends its work; with <paramref name="abandon"/> it leaves the processes of its spares, as a killed Pleiad does.</summary>
    public async ValueTask EndAsync(bool abandon)
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
        }

        await _stop.CancelAsync();
        await _making;
        if (!abandon)
        {
            await DiscardAsync(static _ => true);
        }

        _stop.Dispose();
    }

    private static bool IsExpected(Exception e) => e is IOException or Win32Exception or SocketException or UnauthorizedAccessException;

    private void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>A proven spare before one that has not run, unless only that is wanted; of those the one at home there, and the one last whose home another order has.</summary>
    private Spare? TakeLocked(StartMode start, MachineAddress address)
    {
        var found = start == StartMode.Clone ? null : _spares.Where(spare => spare.Way == StartMode.Resume && !spare.Exited.IsCompleted)
            .MaxBy(spare => spare.IsAtHome(address) ? 3 : spare.Home is not { IsLost: false } home ? 2 : _host.Homes.IsOpen(home) ? 1 : 0);
        found ??= _spares.Find(spare => spare.Way == StartMode.Clone && !spare.Exited.IsCompleted);
        return found is not null && _spares.Remove(found) ? found : null;
    }

    private void Notice(HostNoticeKind kind, string reason)
    {
        _host.Log.Noticed(kind, _image.Manifest.Name, reason);
        try
        {
            _host.Options.Noticed?.Invoke(new HostNotice(kind, _image.Manifest.Name, reason));
        }
        catch (Exception e)
        {
            _host.Log.PoolFailed(_image.Manifest.Name, e); // The listener's own fault.
        }
    }
}
