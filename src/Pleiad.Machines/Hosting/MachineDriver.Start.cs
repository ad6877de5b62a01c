using Pleiad.Core.Services;
using Pleiad.Machines.Cloning;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <content>How a machine comes up: from a spare when there is one, else from its image.</content>
internal sealed partial class MachineDriver
{
    /// <summary>Longest wait for the first answer of a machine that was cloned or resumed; then it is booted instead.</summary>
    private static readonly TimeSpan WarmAnswerTimeMax = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan ClockTimeMax = TimeSpan.FromSeconds(1);

    private async Task<(StartMode Way, string? Note, HealthAnswer Answer)> BringUpAsync(CancellationToken cancellation)
    {
        if (Order.Start == StartMode.Cold)
        {
            _host.Homes.Evict(Order.Address);
            return (StartMode.Cold, null, await BootAsync(cancellation));
        }

        var (spare, note) = await _warm.TakeAsync(Order.Image, Order.Start, Order.Address, cancellation);
        if (spare?.IsAtHome(Order.Address) != true)
        {
            _host.Homes.Evict(Order.Address);
        }

        if (spare is not null)
        {
            try
            {
                return (spare.Way, note, await AwakeAsync(spare, cancellation));
            }
            catch (Exception e) when (IsExpected(e))
            {
                note = $"a {(spare.Way == StartMode.Resume ? "resumed machine" : "clone")} did not come up: {e.Message}";
                _warm.Failed(Order.Image, note);
                await LetGoAsync();
            }
        }

        return (StartMode.Cold, note, await BootAsync(cancellation));
    }

    /// <summary>Makes all that QEMU needs, starts it and waits for the guest; what was made is taken away by <see cref="CloseAsync"/>, however far this came.</summary>
    private async Task<HealthAnswer> BootAsync(CancellationToken cancellation)
    {
        var image = Order.Image.Manifest;
        if (KernelFile.Problem(image) is { } problem)
        {
            throw new IOException(problem);
        }

        WriteFirstRecord();
        _place = await _host.Network.AttachAsync(Order.Id, Order.Address, image);
        _health = new MachineHealth(_host.Network, _place.Service, image.Health, MachineHealth.ConnectTimeMin, _host.Time);
        _process = await MachineSpawner.SpawnAsync(_host, Order.Id, image, _place, memory: null, server: null, cancellation);
        Own(_process);
        _record.Write(_host.Files.RecordOf(Order.Id));
        if (_host.Network.StrangersMayAnswer)
        {
            // QEMU speaks QMP only after it has opened its forwarded port: from then on the answer is the machine's.
            await using var qmp = await QmpClient.ConnectAsync(_host.Files.QmpOf(Order.Id), Order.StartTimeout, _host.Time, cancellation);
        }

        var answer = await _health.FirstAnswerAsync(cancellation);
        if (image.Cloneable)
        {
            await SetClockAsync(cancellation);
        }

        return answer;
    }

    /// <summary>Tells a guest that has booted the time; one that does not take it works on, with the time of its hardware clock if any.</summary>
    private async Task SetClockAsync(CancellationToken cancellation)
    {
        try
        {
            using var serial = await SerialLine.ConnectAsync(_host.Files.SerialOf(Order.Id), cancellation);
            var began = _host.Time.GetTimestamp();
            await serial.WriteAsync(GuestIdentity.SeedLine(_host.Time), cancellation);
            await serial.ExpectAsync(GuestIdentity.ClockAnswer, ClockTimeMax, _host.Time, cancellation);
            await CorrectClockAsync(serial, _host.Time.GetElapsedTime(began), ClockTimeMax, cancellation);
        }
        catch (Exception e) when (IsExpected(e))
        {
            _host.Log.ClockNotSet(Order.Id, e.Message);
        }
    }

    private async Task CorrectClockAsync(SerialLine serial, TimeSpan took, TimeSpan answerTimeMax, CancellationToken cancellation)
    {
        var error = await GuestClock.CorrectAsync(serial, took, answerTimeMax, _host.Time, cancellation);
        if (error > GuestClock.ErrorMax)
        {
            _host.Log.ClockInexact(Order.Id, error.TotalMilliseconds);
        }
    }

    /// <summary>Makes a spare this machine: its files, its place, its record, and then the guest itself.</summary>
    private async Task<HealthAnswer> AwakeAsync(Spare spare, CancellationToken cancellation)
    {
        await using (spare)
        {
            var answer = spare.IsAtHome(Order.Address) ? await AwakeAtHomeAsync(spare, cancellation) : await AwakeAwayAsync(spare, cancellation);
            Own(_process!);
            return answer;
        }
    }

    /// <summary>The guest goes on and is asked while the files become this machine's: it has all it needs, and nobody hears of it before all is done.</summary>
    private async Task<HealthAnswer> AwakeAtHomeAsync(Spare spare, CancellationToken cancellation)
    {
        _health = spare.HandOverHealth();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var awake = spare.AwakeAtHomeAsync(end.Token);
        var answer = _health.FirstAnswerAsync(WarmAnswerTimeMax, end.Token);
        Task[] all = [awake, answer, TakeOverAsync(spare)];
        await foreach (var one in Task.WhenEach(all))
        {
            if (!one.IsCompletedSuccessfully)
            {
                await end.CancelAsync(); // A guest that is gone closes its serial line, but lets questions wait.
            }
        }

        await Task.WhenAll(all);
        await CorrectClockAsync(spare.Serial, await awake, WarmAnswerTimeMax, cancellation);
        return await answer;
    }

    private async Task<HealthAnswer> AwakeAwayAsync(Spare spare, CancellationToken cancellation)
    {
        await TakeOverAsync(spare);
        spare.BreakOff();
        await _place!.MoveAsync(Order.Address, spare.Qmp);
        await CorrectClockAsync(spare.Serial, await spare.AwakeAsync(_place.Guest, cancellation), WarmAnswerTimeMax, cancellation);
        _health = new MachineHealth(_host.Network, _place.Service, Order.Image.Manifest.Health, MachineHealth.ConnectTimeMin, _host.Time);
        return await _health.FirstAnswerAsync(WarmAnswerTimeMax, cancellation);
    }

    /// <remarks>A task also when it fails at once: others run beside it.</remarks>
    private Task TakeOverAsync(Spare spare)
    {
        try
        {
            (_place, _process) = spare.HandOver(Order.Id);
            _record = _record with { ProcessName = spare.Id.Value, ProcessId = _process.Identity.Id, ProcessStart = _process.Identity.StartTicks };
            _record.Write(_host.Files.RecordOf(Order.Id));
            return Task.CompletedTask;
        }
        catch (Exception e) when (IsExpected(e))
        {
            return Task.FromException(e);
        }
    }

    private void Own(QemuProcess process)
    {
        _usage = new UsageMeter(process, _host.Time);
        _record = _record with { ProcessId = process.Identity.Id, ProcessStart = process.Identity.StartTicks };
        Post(new MachineMessage.Spawned(process.Identity.Id));
        WatchExit();
    }

    /// <summary>Ends what a spare brought, so that the machine can begin anew.</summary>
    private async Task LetGoAsync()
    {
        if (_process is { } process)
        {
            await Leftovers.KillAsync(process, _host.Time);
            process.Dispose();
        }

        _health?.Dispose();
        if (_place is not null)
        {
            await _place.DisposeAsync();
        }

        _host.Files.Remove(Order.Id);
        (_process, _place, _health) = (null, null, null);
        _record = _record with { ProcessName = null, ProcessId = null, ProcessStart = null };
    }

    private void WriteFirstRecord()
    {
        try
        {
            Directory.CreateDirectory(_host.Files.DirectoryOf(Order.Id));
            _record.Write(_host.Files.RecordOf(Order.Id));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the machine's record cannot be written: {e.Message}; make room or name another data directory", e);
        }
    }
}
