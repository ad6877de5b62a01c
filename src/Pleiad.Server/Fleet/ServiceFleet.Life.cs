using System.Globalization;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Events;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.State;

namespace Pleiad.Server.Fleet;

/// <summary>One machine's life, from its order to the moment everything it held is free.</summary>
internal sealed partial class ServiceFleet
{
    private async Task LiveAsync(FleetMachine machine, EffectiveService service, StoredImage image)
    {
        // The loop that started it goes on at once.
        await Task.Yield();
        await LiveAsync(machine, () => StartAsync(machine, service, image));
    }

    private Task FollowAsync(FleetMachine adopted) => LiveAsync(adopted, () => Task.FromResult(true));

    private async Task LiveAsync(FleetMachine machine, Func<Task<bool>> start)
    {
        try
        {
            if (await start())
            {
                var end = await machine.Machine!.Ended;

                // At once: what is at work in it waits for an answer that no longer comes, and a drain waits for that work.
                Dispatcher.RemoveMachine(machine.Id);
                _context.Transport.Forget(machine.Id);
                await Task.WhenAll(machine.Stopping);
                RecordEnd(machine, end);
            }
        }
        catch (Exception error)
        {
            if (machine.Machine is { } host)
            {
                await host.StopAsync();
            }

            Fail(machine, error is StateException ? error.Message : $"{error.GetType().Name}: {error.Message}", ofImage: false);
        }
        finally
        {
            await GiveBackAsync(machine);
        }
    }

    private async Task<bool> StartAsync(FleetMachine machine, EffectiveService service, StoredImage image)
    {
        var address = await _context.Store.ReserveAddressAsync(machine.Id, _context.Host.WishFor(image.Digest, service.Start), _context.Time.GetUtcNow(), CancellationToken.None);
        if (address is null)
        {
            Fail(machine, $"no free address: all {_context.Host.Addresses.Count} of the pool are in use; lower machinesMax of a service or end machines", ofImage: false);
            return false;
        }

        var order = new MachineOrder(machine.Id, service.Name, image, address.Address, service.AddressReservation, service.HangTimeout, machine.Reason) { Start = service.Start };
        if (!machine.TryOrder(() => _context.Host.Start(order)))
        {
            return false;
        }

        _context.Events.Record(EventKind.MachineStarting, machine.Reason, service.Name, machine.Id.Value);
        var seen = await machine.Machine!.Started;
        if (machine.StopReason is not null)
        {
            await machine.Machine.StopAsync();
            return true;
        }

        if (seen.State is MachineState.Failed or MachineState.Gone)
        {
            var detail = seen.FailureDetail ?? $"it ended as {seen.State} before its first answer";
            Fail(machine, seen.Failure == MachineFailure.StartTimedOut ? $"{detail}; see 'pleiad machine log {machine.Id}', or give it longer by addressReservation" : detail, ofImage: true);
            return false;
        }

        if (!await _context.Store.TakeAddressAsync(machine.Id, CancellationToken.None))
        {
            await machine.Machine.StopAsync();
            Fail(machine, $"its address {address.Address} was released before it answered", ofImage: false);
            return false;
        }

        if (TryEnterService(machine, seen, _context.Time.GetUtcNow()))
        {
            FailuresOf(machine.Digest).Ready();
            if (seen.Start is { } start && Starts.TryGetValue(start.Way, out var starts))
            {
                starts.Observe(start.Duration);
            }

            _context.Events.Record(
                EventKind.MachineReady, $"{Told(seen.Start)} at {seen.Address}, {machine.Slots} {(machine.Slots == 1 ? "slot" : "slots")}", service.Name, machine.Id.Value);
        }

        return true;
    }

    /// <summary>For example: answered 44 ms after its order (cold: its template is being made).</summary>
    private static string Told(MachineStart? start) => start is null
        ? "answered"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"answered {start.Duration.TotalMilliseconds:0.#} ms after its order ({ServiceDocument.WordOf(start.Way)}{(start.Note is { } note ? $": {note}" : "")})");

    private bool TryEnterService(FleetMachine machine, MachineSnapshot seen, DateTimeOffset now)
    {
        var entered = machine.TryEnterService(() => Dispatcher.AddMachine(machine.Id, seen.Address, machine.Slots), now);
        Resize(machine);
        Wake();
        return entered;
    }

    /// <summary>Decides a machine's end; the first reason stays, and an end at once overtakes one that waits for the machine's work.</summary>
    private void BeginStop(FleetMachine machine, string reason, bool drain)
    {
        if (machine.TryDecideStop(reason) || !drain)
        {
            machine.Stopping.Add(StopAsync(machine, reason, drain));
        }
    }

    private async Task StopAsync(FleetMachine machine, string reason, bool drain)
    {
        if (drain && machine.InService)
        {
            _context.Events.Record(EventKind.MachineDraining, reason, Service.Name, machine.Id.Value);
            machine.Machine?.Drain();
            try
            {
                await Dispatcher.DrainAsync(machine.Id).WaitAsync(DrainMax, _context.Time, _cut.Token);
            }
            catch (Exception error) when (error is OperationCanceledException or TimeoutException)
            {
                _context.Events.Record(EventKind.MachineDraining, "its work did not end in time and is cut", Service.Name, machine.Id.Value);
            }
        }

        if (machine.Machine is { } host)
        {
            var ended = host.StopAsync();
            _ = Dispatcher.DrainAsync(machine.Id); // No new work; nobody waits for what it has.
            await ended;
        }
    }

    private void RecordEnd(FleetMachine machine, MachineSnapshot end)
    {
        if (machine.StopReason is { } reason)
        {
            _context.Events.Record(EventKind.MachineStopped, reason, Service.Name, machine.Id.Value);
            return;
        }

        var kind = end.Failure == MachineFailure.Hung ? EventKind.MachineHung : EventKind.MachineDied;
        var detail = end.FailureDetail ?? "it ended without being asked to";
        _context.Events.Record(kind, detail, Service.Name, machine.Id.Value);
        var now = _context.Time.GetUtcNow();
        if (machine.Worked(now) is { } worked)
        {
            FailuresOf(machine.Digest).Died(machine.Ordered, worked, now, detail);
        }
    }

    private void Fail(FleetMachine machine, string detail, bool ofImage)
    {
        FailuresOf(machine.Digest).Failed(machine.Ordered, _context.Time.GetUtcNow(), detail, ofImage);
        machine.HasFailed();
        _context.Events.Record(EventKind.MachineStartFailed, detail, Service.Name, machine.Id.Value);
    }

    private async Task GiveBackAsync(FleetMachine machine)
    {
        Dispatcher.RemoveMachine(machine.Id);
        _context.Transport.Forget(machine.Id);
        try
        {
            await _context.Store.ReleaseAddressAsync(machine.Id, _context.Time.GetUtcNow(), CancellationToken.None);
            await _context.Store.RemoveMachinesAsync([machine.Id], CancellationToken.None);
        }
        catch (Exception error)
        {
            // The monitor frees what machines hold that no fleet follows, when the store answers again.
            LogGiveBack(_context.Logger, machine.Id, error);
        }
        finally
        {
            _machines.TryRemove(machine.Id, out _);
            Wake();
        }
    }

    [LoggerMessage(4101, LogLevel.Error, "The address of {Machine} could not be given back yet")]
    private static partial void LogGiveBack(ILogger logger, MachineId machine, Exception error);
}
