using System.Collections.Concurrent;
using Pleiad.Client;
using Pleiad.Client.Contract;
using Pleiad.Client.Queries;
using Pleiad.Machines.Hosting;
using Pleiad.Server.Hosting;
using Pleiad.Server.Tests.Running;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Crash;

[Trait("Group", "crash")]
public sealed class CrashTests
{
    /// <summary>Kept ready for a service that does not say how many.</summary>
    private const int Spares = 2;

    private const int Jobs = 100;

    [Fact]
    public async Task After_SIGKILL_in_the_middle_of_100_jobs_all_end_done_once_with_SQLite()
    {
        await using var server = await ChildServer.StartAsync();
        await KillInTheMiddleOfJobsAsync(server);
    }

    [Fact]
    public async Task After_SIGKILL_in_the_middle_of_100_jobs_all_end_done_once_with_PostgreSQL()
    {
        await using var postgres = await PostgresServer.StartAsync();
        await using var server = await ChildServer.StartAsync(postgres.Address(await postgres.CreateDatabaseAsync()));
        await KillInTheMiddleOfJobsAsync(server);
    }

    [Fact]
    public async Task SIGTERM_lets_work_end_and_leaves_nothing()
    {
        await using var server = await ChildServer.StartAsync();
        await server.ApplyAsync("machinesMin: 2\nslots: 1");
        await server.ReadyAsync(2);
        using var http = new HttpClient();
        var working = http.GetStringAsync(new Uri(server.Gateway, "/primes/primes?n=60000"));
        await Eventually.BecomesTrueAsync(async () => (await server.Client.GetServiceAsync("primes", default)).InFlight == 1, TestServer.Limit, () => Task.FromResult(server.Log));
        await server.TerminateAsync();
        (await working).ShouldContain("6057");
    }

    [Fact]
    public async Task SIGKILL_at_any_moment_of_scaling_leaks_nothing_that_the_next_start_does_not_take_up_or_remove()
    {
        var random = new Random(7);
        await using var server = await ChildServer.StartAsync();
        for (var round = 0; round < 4; round++)
        {
            await server.ApplyAsync($"machinesMin: {3 + (round % 3)}\nslots: 1");

            // Not a wait for anything: the moment of the kill is meant to be any.
            await Task.Delay(random.Next(0, 250));
            await server.KillAsync();
            await server.UpAsync();
        }

        await server.ApplyAsync("machinesMin: 2\nmachinesMax: 2\nslots: 1");
        await Eventually.BecomesTrueAsync(
            async () => (await server.Client.ListMachinesAsync(default)) is [{ State: "ready" }, { State: "ready" }], TestServer.Limit, () => Task.FromResult(server.Log));
        var machines = (await server.Client.ListMachinesAsync(default)).Select(machine => machine.ProcessId!.Value).ToList();
        await Eventually.BecomesTrueAsync(
            () => Leftovers.Qemus(server.Data).Count == machines.Count + Spares, TestServer.Limit, () => $"{string.Join(' ', Leftovers.Qemus(server.Data))} run; {server.Log}");
        Leftovers.Qemus(server.Data).Intersect(machines).Count().ShouldBe(2);
        var info = await server.Client.GetServerAsync(default);
        (info.AddressesTotal - info.AddressesFree).ShouldBe(2);
        await server.TerminateAsync();
    }

    [Fact]
    public async Task SIGKILL_in_the_middle_of_a_change_of_image_leaves_machines_of_both_and_the_next_start_goes_on()
    {
        await VersionImages.EnsureAsync('a', 'b');
        await using var server = await ChildServer.StartAsync();
        await ApplyVersionAsync(server, 'a');
        await server.ReadyAsync(4, "web");
        await ApplyVersionAsync(server, 'b');
        await Eventually.BecomesTrueAsync(
            async () => (await server.Client.GetServiceAsync("web", default)).Change is { MachinesNew: > 0, MachinesFormer: > 0 }, TestServer.Limit, () => Task.FromResult(server.Log));
        await server.KillAsync();

        await server.UpAsync();
        var began = (await server.Client.ListEventsAsync(new EventQuery { Kind = "serviceChangeBegan", Limit = 100 }, default)).Events;
        began[^1].Reason.ShouldMatch($"^going on from image {VersionImages.Name('a')} .*: (1 of [345]|2 of [345]|3 of [45]) machines are of the new kind");
        (await server.Client.ListEventsAsync(new EventQuery { Kind = "machineAdopted", Limit = 100 }, default)).Events.Count.ShouldBeGreaterThanOrEqualTo(4);
        using var http = new HttpClient { BaseAddress = server.Gateway };
        await using var load = new SteadyLoad(http, "/web/version", clients: 4);
        await Eventually.BecomesTrueAsync(async () => (await server.Client.GetServiceAsync("web", default)).Change is null, TestServer.Limit, () => Task.FromResult(server.Log));

        var digest = (await server.Client.ListImagesAsync(default)).Single(image => image.Name == VersionImages.Name('b')).Digest;
        await Eventually.BecomesTrueAsync(
            async () => (await server.Client.ListMachinesAsync(default)) is { Count: >= 4 and <= 5 } all && all.All(machine => machine.State == "ready" && machine.Image == digest),
            TestServer.Limit,
            () => Task.FromResult(server.Log));
        var machines = (await server.Client.ListMachinesAsync(default)).Select(machine => machine.ProcessId!.Value).ToList();
        Leftovers.Qemus(server.Data).Order().ShouldBe(machines.Order());
        var info = await server.Client.GetServerAsync(default);
        (info.AddressesTotal - info.AddressesFree).ShouldBe(machines.Count);
        load.Take().Where(answer => answer is not ("a" or "b")).ShouldBeEmpty();
        await load.DisposeAsync();
        await server.TerminateAsync();
    }

    /// <summary>Machines start cold, so that a change takes long enough to be met in the middle, and no spares are beside them.</summary>
    private static async Task ApplyVersionAsync(ChildServer server, char version) =>
        await server.Client.ApplyServiceAsync("web", $"name: web\nimage: {VersionImages.Name(version)}\nmachinesMin: 4\nmachinesMax: 4\nslots: 2\nstart: cold\nspares: 0\n", default);

    [Fact]
    public async Task What_a_killed_server_left_can_be_swept_without_starting_it_again()
    {
        await using var server = await ChildServer.StartAsync();
        await server.ApplyAsync("machinesMin: 2\nslots: 1");
        await server.ReadyAsync(2);
        await server.KillAsync();
        Leftovers.Qemus(server.Data).Count.ShouldBeGreaterThanOrEqualTo(2);
        Leftovers.Users(server.Data).Count.ShouldBe(Programs.IsRoot ? 1 : 0);
        await MachineHost.SweepAsync(DataDirectory.MachinesOf(server.Data), DataDirectory.NamespaceOf(server.Data), TimeProvider.System, default);
        Leftovers.Of(server.Data).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_second_server_on_the_same_PostgreSQL_is_refused_and_takes_over_when_the_first_was_killed()
    {
        await using var postgres = await PostgresServer.StartAsync();
        var state = postgres.Address(await postgres.CreateDatabaseAsync());
        await using var first = await ChildServer.StartAsync(state);
        await first.ApplyAsync("machinesMin: 1\nmachinesMax: 1");
        await first.ReadyAsync(1);
        (await Should.ThrowAsync<InvalidOperationException>(() => ChildServer.StartAsync(state))).Message.ShouldContain("runs the services of this store");
        await first.KillAsync();

        ChildServer? second = null;
        await Eventually.BecomesTrueAsync(async () => (second = await TryStartAsync(state)) is not null, TestServer.Limit, () => Task.FromResult("refused"));
        await using (second)
        {
            await second!.ReadyAsync(1);
            (await second.Client.ListMachinesAsync(default)).ShouldHaveSingleItem().Adopted.ShouldBeFalse();
            var job = (await second.Client.SubmitJobAsync(new JobRequest("primes", "/primes?n=100"), default)).Job;
            (await second.Client.WaitForJobAsync(job.Id, default)).State.ShouldBe("done");
            await second.TerminateAsync();
        }

        await MachineHost.SweepAsync(DataDirectory.MachinesOf(first.Data), DataDirectory.NamespaceOf(first.Data), TimeProvider.System, default);
    }

    [Fact]
    public async Task A_server_that_cannot_renew_its_lease_ends_with_the_reason()
    {
        var postgres = await PostgresServer.StartAsync();
        await using var server = await ChildServer.StartAsync(postgres.Address(await postgres.CreateDatabaseAsync()));
        await server.ApplyAsync("machinesMin: 1\nmachinesMax: 1");
        await server.ReadyAsync(1);
        await postgres.DisposeAsync();
        (await server.EndsByItselfAsync()).ShouldNotBe(0);
        server.Log.ShouldContain("did not renew this server's lease");
        Leftovers.Of(server.Data).ShouldBeEmpty();
    }

    private static async Task<ChildServer?> TryStartAsync(string state)
    {
        try
        {
            return await ChildServer.StartAsync(state);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static async Task KillInTheMiddleOfJobsAsync(ChildServer server)
    {
        await server.ApplyAsync("machinesMin: 2\nmachinesMax: 2\nslots: 2");
        await server.ReadyAsync(2);
        var machines = (await server.Client.ListMachinesAsync(default)).Select(machine => machine.Id).Order().ToList();

        // The first half is acknowledged; of the second half nobody knows what was when the server is killed.
        var acknowledged = new ConcurrentDictionary<string, string>();
        await SubmitAsync(server.Client, Enumerable.Range(0, Jobs / 2), acknowledged);
        var second = SubmitAsync(server.Client, Enumerable.Range(Jobs / 2, Jobs / 2), acknowledged);
        await Eventually.BecomesTrueAsync(
            async () => (await server.Client.ListJobsAsync(new JobQuery { State = "done", Limit = Jobs }, default)).Jobs.Count >= 10,
            TestServer.Limit,
            () => Task.FromResult(server.Log));
        await server.KillAsync();
        await second.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Leftovers.Qemus(server.Data).Count.ShouldBeGreaterThanOrEqualTo(2);

        await server.UpAsync();
        (await server.Client.ListMachinesAsync(default)).Where(machine => machine.Adopted).Select(machine => machine.Id).Order().ShouldBe(machines);
        foreach (var (_, id) in acknowledged)
        {
            (await server.Client.GetJobAsync(id, default)).Id.ShouldBe(id);
        }

        // A client that lost the answer asks again under the same name.
        await SubmitAsync(server.Client, Enumerable.Range(0, Jobs), acknowledged);
        foreach (var (_, id) in acknowledged)
        {
            await server.Client.WaitForJobAsync(id, default);
        }

        var jobs = (await server.Client.ListJobsAsync(new JobQuery { Limit = 1_000 }, default)).Jobs;
        jobs.Select(job => job.Name).Order().ShouldBe(Enumerable.Range(0, Jobs).Select(Name).Order());
        foreach (var job in jobs)
        {
            var done = await server.Client.GetJobAsync(job.Id, default);
            done.State.ShouldBe("done", done.Error);
            var n = Size(int.Parse(job.Name[3..]));
            done.Result.ShouldBe($$"""{"n":{{n}},"primes":{{Sieve.Count(n)}}}""");
        }

        (await server.Client.ListEventsAsync(new EventQuery { Kind = "machineAdopted", Limit = 100 }, default)).Events.Count.ShouldBe(2);
        await server.TerminateAsync();
    }

    private static async Task SubmitAsync(PleiadClient client, IEnumerable<int> numbers, ConcurrentDictionary<string, string> acknowledged) =>
        await Parallel.ForEachAsync(numbers, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (number, cancellation) =>
        {
            var submitted = await client.SubmitJobAsync(new JobRequest("primes", $"/primes?n={Size(number)}") { Name = Name(number) }, cancellation);
            acknowledged.GetOrAdd(Name(number), submitted.Job.Id).ShouldBe(submitted.Job.Id, "the same name is the same job");
        });

    private static string Name(int number) => $"job{number}";

    private static int Size(int number) => 15_000 + (number * 37);
}
