using Pleiad.Client;
using Pleiad.Server.Hosting;
using Pleiad.TestKit;
using Shouldly;

namespace Pleiad.Server.Tests.Running;

/// <summary>A real server with real machines in a data directory of its own; disposing it checks that nothing of it is left.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    /// <summary>For conditions that hold within seconds on a quiet machine; used up only by a failing test.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly TempDirectory _directory = new("server");
    private readonly Action<PleiadServerOptions> _configure;

    private TestServer(Action<PleiadServerOptions> configure) => _configure = configure;

    internal PleiadServer Server { get; private set; } = null!;

    internal PleiadClient Client { get; private set; } = null!;

    internal HttpClient Gateway { get; private set; } = null!;

    internal string Data => _directory.File("data");

    internal static async Task<TestServer> StartAsync(Action<PleiadServerOptions>? configure = null)
    {
        var server = new TestServer(configure ?? (_ => { }));
        await server.BeginAsync();
        return server;
    }

    /// <summary>Starts again on the same data.</summary>
    internal async Task RestartAsync()
    {
        await EndAsync();
        await BeginAsync();
    }

    /// <summary>Applies service <c>primes</c> with further keys as YAML lines and waits until its machines are ready.</summary>
    internal async Task ApplyAsync(string keys, int ready, string name = "primes", string image = "primes-unikernel")
    {
        await Client.ApplyServiceAsync(name, $"name: {name}\nimage: {image}\n{keys}\n", default);
        await ReadyAsync(ready, name);
    }

    internal Task ReadyAsync(int count, string name = "primes") => Eventually.BecomesTrueAsync(
        async () => (await Client.GetServiceAsync(name, default)) is { } service && service.Ready == count && service.Starting == 0,
        Limit,
        async () => $"{await Client.GetServiceAsync(name, default)}; {await EventsAsync()}");

    internal async Task<string> EventsAsync() =>
        string.Join("\n", (await Client.ListEventsAsync(new Client.Queries.EventQuery { Limit = 1_000 }, default)).Events.Select(one => $"{one.Kind} {one.Machine} {one.Reason}"));

    /// <summary>Waits until an event of this kind was recorded.</summary>
    internal async Task<Client.Contract.EventInfo> EventAsync(string kind)
    {
        Client.Contract.EventInfo? found = null;
        await Eventually.BecomesTrueAsync(
            async () => (found = (await Client.ListEventsAsync(new Client.Queries.EventQuery { Kind = kind, Limit = 1_000 }, default)).Events is [var first, ..] ? first : null) is not null,
            Limit,
            EventsAsync);
        return found!;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        Leftovers.Of(Data).ShouldBeEmpty();
        _directory.Dispose();
    }

    private async Task BeginAsync()
    {
        await TestImages.EnsureAsync();
        var options = new PleiadServerOptions
        {
            Data = Data,
            Images = TestImages.Store,
            Cache = TestImages.Cache,
            Listen = "http://127.0.0.1:0",
            Gateway = "http://127.0.0.1:0",
            Accelerator = "tcg",
            HealthInterval = TimeSpan.FromMilliseconds(200),
            DrainTimeout = TimeSpan.FromSeconds(5),
        };
        _configure(options);
        Server = await PleiadServer.StartAsync(options, _ => { }, TimeProvider.System, default);
        Client = new PleiadClient(Server.Api, options.Token);
        Gateway = new HttpClient { BaseAddress = Server.Gateway, Timeout = TimeSpan.FromMinutes(2) };
    }

    private async Task EndAsync()
    {
        Client.Dispose();
        Gateway.Dispose();
        await Server.DisposeAsync();
    }
}
