using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;
using Pleiad.Core.Services;
using Pleiad.Server.Fleet;

namespace Pleiad.Server.Api;

/// <summary><c>/api/v1/services</c>: what runs and how much of it.</summary>
internal static class ServiceEndpoints
{
    internal static void Map(RouteGroupBuilder api, ApiContext context)
    {
        var services = api.MapGroup("/services").WithTags("services");
        services.MapGet("", async (CancellationToken cancellation) =>
        {
            var waiting = await context.Store.CountWaitingJobsAsync(cancellation);
            return Results.Json<IReadOnlyList<ServiceInfo>>([.. context.Fleets.All.Select(service => Info(context, service, waiting))], ContractJson.Readable.IReadOnlyListServiceInfo);
        }).WithName("listServices").Produces<IReadOnlyList<ServiceInfo>>();
        services.MapGet("/{name}", async (string name, CancellationToken cancellation) => await ShowAsync(context, name, StatusCodes.Status200OK, cancellation))
            .WithName("getService").Produces<ServiceInfo>().Produces<ApiProblem>(404);
        services.MapPut("/{name}", async (string name, HttpRequest request, CancellationToken cancellation) => await PutAsync(context, name, request, cancellation))
            .WithName("putService").WithDescription("The body is a service.yaml, or the same as JSON.")
            .Accepts<string>("application/yaml", "application/json", "*/*").Produces<ServiceInfo>().Produces<ServiceInfo>(201).Produces<ApiProblem>(400);
        services.MapDelete("/{name}", async (string name, CancellationToken cancellation) =>
            await context.Fleets.RemoveAsync(name, context.Options.DrainTimeout, cancellation) ? Results.NoContent() : NotFound(name))
            .WithName("removeService").Produces(204).Produces<ApiProblem>(404);
    }

    private static IResult NotFound(string name) => ApiErrors.NotFound("service", name, "'pleiad service list' names those there are");

    private static async Task<IResult> ShowAsync(ApiContext context, string name, int status, CancellationToken cancellation) =>
        context.Fleets.Get(name) is { } service
            ? Results.Json(Info(context, service, await context.Store.CountWaitingJobsAsync(cancellation)), ContractJson.Readable.ServiceInfo, statusCode: status)
            : NotFound(name);

    private static async Task<IResult> PutAsync(ApiContext context, string name, HttpRequest request, CancellationToken cancellation)
    {
        using var reader = new StreamReader(request.Body);
        var text = new char[DocumentMap.LengthMax + 1];
        var length = await reader.ReadBlockAsync(text.AsMemory(), cancellation);
        var spec = ServiceDocument.Parse(new string(text, 0, length), "service " + name);
        if (spec.Name != name)
        {
            throw new InvalidInputException("service " + name, new InputProblem("name", spec.Name, $"is not the name in the address, {name}", "give the same name in both"));
        }

        var isNew = await context.Fleets.ApplyAsync(spec, cancellation);
        return await ShowAsync(context, name, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK, cancellation);
    }

    private static ServiceInfo Info(ApiContext context, RunningService running, IReadOnlyDictionary<string, int> waiting)
    {
        var service = running.Fleet.Service;
        var view = running.Fleet.Dispatcher.Observe();
        return new ServiceInfo(
            service.Name, service.Image, service.Slots, service.MachinesMin, service.MachinesMax, service.IdleTimeout.TotalMilliseconds, service.AddressReservation.TotalMilliseconds,
            service.QueueLimit, service.QueueDeadline.TotalMilliseconds, service.HangTimeout.TotalMilliseconds,
            ServiceDocument.WordOf(service.Start), service.Spares, running.Fleet.Image.Digest is { } digest ? context.Host.SparesOf(digest) : 0,
            view.Machines.Count(machine => !machine.Draining),
            running.Fleet.Machines.Count(machine => machine.IsStarting),
            view.Machines.Count(machine => machine.Draining),
            view.InFlight, view.Waiting, waiting.GetValueOrDefault(service.Name), running.Fleet.LastPlan, running.Fleet.Problem) { Change = Change(running.Fleet.ChangeSeen) };
    }

    private static ServiceChangeInfo? Change(ChangeView? change) => change is null
        ? null
        : new ServiceChangeInfo(change.Former.Stored?.Manifest.Name ?? "", change.Former.Digest ?? "", change.MachinesNew, change.MachinesFormer, change.Stopped, change.Began);
}
