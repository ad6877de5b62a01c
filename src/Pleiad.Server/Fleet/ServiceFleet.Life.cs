using Pleiad.Core.Events;
using Pleiad.Machines.Hosting;
using Pleiad.State;

namespace Pleiad.Server.Fleet;

/// <summary>One machine's life, from its order to the moment everything it held is free.</summary>
internal sealed partial class ServiceFleet
{
    private async Task LiveAsync(FleetMachine machine, bool adopted)
    {
        // The loop that started it goes on at once.
        await Task.Yield();
        try
        {
            if (adopted || await StartAsync(machine))
            {
                var end = await machine.Machine!.Ended;
                await Task.WhenAll(machine.Stopping);
                RecordEnd(machine, end);
            }
        }
        catch (StateException error)
        {
            await FailAsync(machine, error.Message);
        }
        catch (Exception error)
        {
            await FailAsync(machine, $"{error.GetType().Name}: {error.Message}");
        }
        finally
        {
            await GiveBackAsync(machine);
        }
    }

    private async Task<bool> StartAsync(FleetMachine machine)
    {
        var service = _target.Service;
        var address = await _context.Store.ReserveAddressAsync(machine.Id, _context.Time.GetUtcNow(), CancellationToken.None);
        if (address is null)
        {
            Fail(machine, $"no free address: all {_context.Host.Addresses.Count} of the pool are in use; lower machinesMax of a service or end machines");
            return false;
        }

        if (machine.StopReason is not null)
        {
            return false;
        }

        _context.Events.Record(EventKind.MachineStarting, machine.Reason, Service.Name, machine.Id.Value);
        machine.Machine = _context.Host.Start(new MachineOrder(
            machine.Id, service.Name, machine.Image, address.Address, service.AddressReservation, service.HangTimeout, machine.Reason));
        var seen = await machine.Machine.Started;
        if (machine.StopReason is not null)
        {
            await machine.Machine.StopAsync();
            return true;
        }

        if (seen.State is MachineState.Failed or MachineState.Gone)
        {
            var detail = seen.FailureDetail ?? $"it ended as {seen.State} before its first answer";
            Fail(machine, seen.Failure == MachineFailure.StartTimedOut ? $"{detail}; see 'pleiad machine log {machine.Id}', or give it longer by addressReservation" : detail);
            return false;
        }

        if (!await _context.Store.TakeAddressAsync(machine.Id, CancellationToken.None))
        {
            await machine.Machine.StopAsync();
            Fail(machine, $"its address {address.Address} was released before it answered: addressReservation of {service.AddressReservation.TotalMilliseconds:0} ms passed");
            return false;
        }

        _failure = null;
        EnterService(machine, seen);
        _context.Events.Record(
            EventKind.MachineReady, $"answered {seen.StartDuration?.TotalMilliseconds:0} ms after its order at {seen.Address}, {machine.Slots} slots", Service.Name, machine.Id.Value);
        return true;
    }

    private void EnterService(FleetMachine machine, MachineSnapshot seen)
    {
        machine.InService = true;
        Dispatcher.AddMachine(machine.Id, seen.Address, machine.Slots);
        Wake();
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
            await host.StopAsync();
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
        _context.Events.Record(kind, end.FailureDetail ?? "it ended without being asked to", Service.Name, machine.Id.Value);
    }

    private void Fail(FleetMachine machine, string detail)
    {
        _failure = new Failure((_failure?.Count ?? 0) + 1, _context.Time.GetUtcNow(), detail);
        _context.Events.Record(EventKind.MachineStartFailed, detail, Service.Name, machine.Id.Value);
    }

    private async Task FailAsync(FleetMachine machine, string detail)
    {
        Fail(machine, detail);
        if (machine.Machine is { } host)
        {
            await host.StopAsync();
        }
    }

    private async Task GiveBackAsync(FleetMachine machine)
    {
        Dispatcher.RemoveMachine(machine.Id);
        _context.Transport.Forget(machine.Id);
        try
        {
            await _context.GiveBackAsync(machine.Id);
        }
        catch (StateException error)
        {
            _context.NotGivenBack.Enqueue(machine.Id);
            LogGiveBack(_context.Logger, machine.Id, error);
        }

        _machines.TryRemove(machine.Id, out _);
        Wake();
    }

    [Microsoft.Extensions.Logging.LoggerMessage(4101, Microsoft.Extensions.Logging.LogLevel.Error, "The address of {Machine} could not be given back yet")]
    private static partial void LogGiveBack(Microsoft.Extensions.Logging.ILogger logger, Core.Identity.MachineId machine, Exception error);
}
