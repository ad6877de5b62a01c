using System.Runtime.CompilerServices;
using Pleiad.Client.Contract;
using Pleiad.Client.Queries;
using Pleiad.Client.Transport;

namespace Pleiad.Client;

public sealed partial class PleiadClient
{
    /// <summary>One page of events by ascending id.</summary>
    public Task<EventPage> ListEventsAsync(EventQuery query, CancellationToken cancellation) =>
        _api.ReadAsync(ApiCall.Get(PathOf(query)), ContractJson.Default.EventPage, cancellation);

    /// <summary>
    /// Follows events without end: first the page that the query asks for, when it asks for the newest or what is after an id, then each as it is recorded.
    /// Goes on where it was after a restart of the server, as long as that takes no more than the options' retries.
    /// </summary>
    /// <exception cref="PleiadUnreachableException">The server stayed away.</exception>
    public async IAsyncEnumerable<EventInfo> FollowEventsAsync(EventQuery query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var page = query is { Newest: false, After: null }
            ? await ListEventsAsync(new EventQuery { Newest = true, Limit = 1 }, cancellation) with { Events = [] }
            : await ListEventsAsync(query, cancellation);
        while (true)
        {
            foreach (var happened in page.Events)
            {
                yield return happened;
            }

            var next = PathOf(query with { Newest = false, After = page.Last }).With("waitMs", (long)HeldMax.TotalMilliseconds);
            page = await _api.ReadAsync(ApiCall.Get(next) with { Patient = true, Held = HeldMax }, ContractJson.Default.EventPage, cancellation);
        }
    }

    private static ApiPath PathOf(EventQuery query) => new ApiPath("events")
        .With("after", query.After)
        .With("limit", query.Limit)
        .With("newest", query.Newest ? "true" : null)
        .With("service", query.Service)
        .With("machine", query.Machine)
        .With("kind", query.Kind);
}
