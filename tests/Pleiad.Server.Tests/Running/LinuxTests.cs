using Pleiad.Client.Contract;
using Pleiad.Machines.Images;
using Pleiad.Machines.Images.Linux;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Running;

/// <summary>A service in C# on Linux machines, as 'pleiad image build --linux' makes them: scaled and given work like a unikernel.</summary>
[Trait("Group", "server")]
public sealed class LinuxTests
{
    [Fact]
    public async Task Linux_machines_are_started_for_load_do_requests_and_jobs_and_go_when_idle()
    {
        await using var server = await TestServer.StartAsync();
        var builder = new LinuxBuilder(new ImageStore(TestImages.Store), new LinuxBuilderOptions { CacheDirectory = TestImages.Cache });
        await builder.BuildAsync(new LinuxBuildOrder { Name = "primes-linux", Source = await LinuxPrimesProgram.PathAsync() }, null, default);
        await server.ApplyAsync("machinesMin: 0\nmachinesMax: 2\nslots: 1\nstart: cold\nidleTimeout: 2s", ready: 0, "linux", "primes-linux");

        var jobs = await Task.WhenAll(Enumerable.Range(1, 2).Select(n => server.Client.SubmitJobAsync(new JobRequest("linux", $"/primes?n={n * 10_000}"), default)));
        var answers = await Task.WhenAll(Enumerable.Range(0, 2).Select(n => server.Gateway.GetStringAsync($"/linux/primes?n={50_000 + n}")));

        answers.ShouldBe([$$"""{"n":50000,"primes":{{Sieve.Count(50_000)}}}""", $$"""{"n":50001,"primes":{{Sieve.Count(50_001)}}}"""]);
        foreach (var (job, n) in jobs.Select((job, index) => (job.Job, index + 1)))
        {
            var done = await server.Client.WaitForJobAsync(job.Id, default);
            done.State.ShouldBe("done");
            done.Result.ShouldBe($$"""{"n":{{n * 10_000}},"primes":{{Sieve.Count(n * 10_000)}}}""");
        }

        var machines = (await server.EventsAsync()).Split('\n').Where(line => line.StartsWith("machineReady", StringComparison.Ordinal)).Select(line => line.Split(' ')[1]).Distinct();
        machines.Count().ShouldBe(2, await server.EventsAsync());
        await server.ReadyAsync(0, "linux");
        await server.Client.RemoveServiceAsync("linux", default);
    }
}
