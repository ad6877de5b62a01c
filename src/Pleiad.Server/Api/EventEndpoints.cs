using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;
using Pleiad.Core.Events;
using Pleiad.Server.Fleet;
using Pleiad.State;

namespace Pleiad.Server.Api;

/// <summary><c>/api/v1/events</c>: what was decided and why.</summary>
internal static class EventEndpoints
{
    private const int LimitMax = 1_000;

    internal static void Map(RouteGroupBuilder api, ApiContext context) =>
        api.MapGet("/events", async (long? after, int? limit, bool? newest, string? service, string? machine, string? kind, int? waitMs, CancellationToken cancellation) =>
        {
            var query = new EventQuery(after ?? 0, Limit(limit), newest ?? false, service, machine, Kind(kind));
            var events = await context.HeldBackAsync(waitMs, (wait, either) => context.Events.ListAsync(query, wait, either), cancellation);
            return Results.Json(new EventPage([.. events.Select(Info)], events.Count > 0 ? events[^1].Id : query.After), ContractJson.Readable.EventPage);
        }).WithName("listEvents").WithDescription("With waitMs (at most 30000) the answer is held back until there is an event after 'after'.").Produces<EventPage>().WithTags("events");

    private static EventInfo Info(PleiadEvent one) => new(one.Id, one.Time, Words.Of(one.Kind), one.Reason, one.Service, one.Machine, one.Job);

    private static int Limit(int? limit) => limit is null or (>= 1 and <= LimitMax)
        ? limit ?? 100
        : throw new InvalidInputException("events", new InputProblem("limit", $"{limit}", "is out of range", $"give a whole number from 1 to {LimitMax}"));

    private static EventKind? Kind(string? text) =>
        text is null
            ? null
            : Enum.TryParse<EventKind>(text, ignoreCase: true, out var kind) && !int.TryParse(text, out _)
                ? kind
                : throw new InvalidInputException("events", new InputProblem("kind", text, "is no kind of event", $"give one of {string.Join(", ", Enum.GetValues<EventKind>().Select(Words.Of))}"));
}
