using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Gateway.Dispatch;
using Pleiad.Server.Fleet;

namespace Pleiad.Server.Api;

/// <summary><c>/api/v1/machines</c>: what runs, how it does, and its serial log.</summary>
internal static class MachineEndpoints
{
    internal static void Map(RouteGroupBuilder api, ApiContext context)
    {
        var machines = api.MapGroup("/machines").WithTags("machines");
        machines.MapGet("", (string? service) => Results.Json(List(context, service), ContractJson.Readable.IReadOnlyListMachineInfo))
            .WithName("listMachines").Produces<IReadOnlyList<MachineInfo>>();
        machines.MapGet("/{id}", (string id) => Show(context, id, StatusCodes.Status200OK)).WithName("getMachine").Produces<MachineInfo>().Produces<ApiProblem>(404);
        machines.MapGet("/{id}/log", (string id) => Log(context, id)).WithName("getMachineLog")
            .WithDescription("The serial log of a machine that runs or ran here lately.").Produces<string>(200, "text/plain").Produces<ApiProblem>(404);
        machines.MapDelete("/{id}", (string id) => Kill(context, id)).WithName("killMachine")
            .WithDescription("Ends the machine at once; the plan replaces it if the work needs it.").Produces<MachineInfo>(202).Produces<ApiProblem>(404);
    }

    private static IReadOnlyList<MachineInfo> List(ApiContext context, string? service) =>
    [
        .. context.Fleets.All.Where(one => service is null || one.Name == service)
            .SelectMany(one => Infos(one))
            .OrderBy(machine => machine.Started),
    ];

    private static IEnumerable<MachineInfo> Infos(RunningService service)
    {
        var slots = service.Fleet.Dispatcher.Observe().Machines.ToDictionary(machine => machine.Machine);
        return service.Fleet.Machines.Select(machine => Info(service, machine, slots.GetValueOrDefault(machine.Id)));
    }

    private static IResult Show(ApiContext context, string id, int status)
    {
        // Read before the search: what is no id is refused also while there are no machines.
        var machine = Id(id).Value;
        return List(context, null).FirstOrDefault(one => one.Id == machine) is { } found ? Results.Json(found, ContractJson.Readable.MachineInfo, statusCode: status) : NotFound(id);
    }

    private static IResult Log(ApiContext context, string id) =>
        context.Host.OpenLog(Id(id)) is { } log ? Results.Stream(log, "text/plain; charset=utf-8") : NotFound(id);

    private static IResult Kill(ApiContext context, string id)
    {
        var answer = Show(context, id, StatusCodes.Status202Accepted);
        context.Fleets.FindMachine(Id(id))?.Service.Fleet.Kill(Id(id), "ended by request");
        return answer;
    }

    private static MachineId Id(string text) => MachineId.TryParse(text, out var id)
        ? id
        : throw new InvalidInputException("machines", new InputProblem("id", text, "is no id of a machine", "give an id as 'pleiad machine list' shows it"));

    private static IResult NotFound(string id) => ApiErrors.NotFound("machine", id, "'pleiad machine list' shows those that run");

    private static MachineInfo Info(RunningService service, FleetMachine machine, MachineSlots? slots)
    {
        var seen = machine.Machine?.Snapshot;
        return new MachineInfo(
            machine.Id.Value, service.Name, machine.Digest, Words.Of(seen?.State ?? Machines.Hosting.MachineState.Reserved), seen?.Address.Ip.ToString() ?? "", seen?.Address.Port ?? 0,
            machine.Slots, slots is null || slots.Draining ? 0 : Math.Max(0, slots.Slots - slots.InUse), seen?.Usage.CpuShare ?? 0, seen?.Usage.ResidentBytes ?? 0,
            seen?.Guest?.MemoryUsedBytes, seen?.Guest?.MemoryTotalBytes, seen?.Guest?.CpuBusy, seen?.Guest?.Requests, seen?.LastContact, machine.Ordered,
            seen?.Start?.Duration.TotalMilliseconds, seen?.Start is { } start ? ServiceDocument.WordOf(start.Way) : null, seen?.Start?.Note, machine.Reason, seen?.ProcessId, seen?.Adopted ?? false);
    }
}
