using Pleiad.Cli.Demo;
using Pleiad.Cli.Tests.Fixtures;
using Pleiad.Client;
using Pleiad.Machines.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Demo;

/// <summary>The demo's course against a fake server whose tasks end at once; with real machines it is tested elsewhere.</summary>
public sealed class DemoRunTests
{
    private static readonly StoredImage Image = new(
        new ImageManifest("primes-unikernel", "/kernel", new MachinePlatform(MachineType.Microvm, NicModel.VirtioMmio), "", 4 << 20, 8080, "/health"), "sha256:0", 57_896, Samples.Now);

    private static readonly PrimeTable Table = new(DemoRun.NMax);

    [Fact]
    public async Task The_tasks_run_once_as_needed_and_then_on_each_number_of_machines()
    {
        await using var api = await StartAsync();
        var run = new CommandRun();
        var processes = new HashSet<int>();

        var (demo, report) = await DoAsync(api, run, new DemoOptions(3, 4, 1_000), processes);

        demo.Problem.ShouldBeNull();
        report.Accelerator.ShouldBe("tcg");
        report.Image.Bytes.ShouldBe(57_896);
        report.Guest.MemoryBytes.ShouldBe(4 << 20);
        report.Jobs.Select(job => (job.Name, job.State, job.Result)).ShouldBe([("test1", "done", 168), ("test2", "done", 176), ("test3", "done", 184)]);
        report.Machines.Select(machine => machine.Id).ShouldBe(["m-aaaaaaaaa0"]);
        report.Scaling.Select(step => step.Machines).ShouldBe([1, 2, 4]);
        report.Scaling.ShouldAllBe(step => step.Seconds == 3);
        processes.Count.ShouldBe(4);
        api.Calls.Where(call => call.Method == "PUT").Select(call => call.Body.Split('\n')[3..5]).ShouldBe(
            [["machinesMin: 1", "machinesMax: 4"], ["machinesMin: 1", "machinesMax: 1"], ["machinesMin: 2", "machinesMax: 2"], ["machinesMin: 4", "machinesMax: 4"]]);
        run.OutSoFar.ShouldContain("test1 done on m-aaaaaaaaa0 after 2.0 s\n");
        run.OutSoFar.ShouldContain("\nTASK      N  STATE  MACHINE       WAITED    RAN  PRIMES\ntest1  1000  done   m-aaaaaaaaa0   1.0 s  2.0 s     168\n");
    }

    [Fact]
    public async Task Without_a_given_N_the_work_is_measured_first()
    {
        await using var api = await StartAsync();

        var (_, report) = await DoAsync(api, new CommandRun(), new DemoOptions(6, 1, null), []);

        // The fake machine takes 2 s for whatever it is given, so one look is enough: 1e6 divisions in 2 s.
        api.Jobs.Values.Count(job => job.Name.StartsWith("measure", StringComparison.Ordinal)).ShouldBe(1);
        report.Jobs.Count.ShouldBe(6);
        var n = int.Parse(api.Jobs.Values.Single(job => job.Name == "test1").Path["/primes?n=".Length..]);
        (Table.Divisions(n) / (1e6 / 2_000)).ShouldBe(0.9 * DemoTasks.TotalWork.TotalMilliseconds / 6, tolerance: 30);
    }

    [Theory]
    [InlineData("done", "{\"n\":1000,\"primes\":167}", "test1 says {\"n\":1000,\"primes\":167}, but there are 168 primes up to 1000")]
    [InlineData("done", null, "test1 says nothing, but there are 168 primes up to 1000")]
    [InlineData("failed", null, "test1 failed: the machine died")]
    public async Task A_wrong_task_is_named_and_nothing_is_compared(string state, string? result, string problem)
    {
        await using var api = await StartAsync();
        var right = api.Accept;
        api.Accept = request => request.Name == "test1" ? right(request) with { State = state, Result = result, Error = state == "failed" ? "the machine died" : null } : right(request);

        var (demo, report) = await DoAsync(api, new CommandRun(), new DemoOptions(2, 2, 1_000), []);

        demo.Problem.ShouldBe(problem);
        report.Scaling.ShouldBeEmpty();
        report.Jobs.Count.ShouldBe(2);
    }

    [Fact]
    public async Task With_JSON_all_progress_goes_to_standard_error()
    {
        await using var api = await StartAsync();
        var run = new CommandRun();

        await DoAsync(api, run, new DemoOptions(1, 1, 1_000), [], json: true);

        run.OutSoFar.ShouldBeEmpty();
        run.ErrorSoFar.ShouldContain("test1 done");
    }

    [Fact]
    public async Task An_interrupt_ends_it()
    {
        await using var api = await StartAsync();
        api.Accept = request => Samples.Waiting with { Id = Guid.NewGuid().ToString(), Name = request.Name!, Path = request.Path };
        using var interrupt = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));

        await Should.ThrowAsync<OperationCanceledException>(() => DoAsync(api, new CommandRun(), new DemoOptions(1, 1, 1_000), [], false, interrupt.Token));
    }

    private static async Task<(DemoRun Run, DemoReport Report)> DoAsync(
        FakeApi api, CommandRun run, DemoOptions options, HashSet<int> processes, bool json = false, CancellationToken cancellation = default)
    {
        using var client = new PleiadClient(api.Address);
        var demo = new DemoRun(client, options, new DemoView(run.Terminal, json), TimeProvider.System, processes);
        return (demo, await demo.RunAsync(Image, cancellation));
    }

    /// <summary>A server whose machines are there at once and whose tasks are done at once, after 1 s of waiting and 2 s of work by their own word.</summary>
    private static async Task<FakeApi> StartAsync()
    {
        var api = await FakeApi.StartAsync();
        api.Jobs.Clear();
        api.Machines = [];
        api.Applied = service => api.Machines = [.. Enumerable.Range(0, service.MachinesMin!.Value).Select(at => Samples.Machine with { Id = $"m-aaaaaaaaa{at}", ProcessId = int.MaxValue - at })];
        api.Accept = request => Samples.Done with
        {
            Id = Guid.CreateVersion7().ToString(), Name = request.Name!, Path = request.Path, Machine = "m-aaaaaaaaa0",
            Result = $$"""{"primes":{{Table.Count(int.Parse(request.Path["/primes?n=".Length..]))}}}""",
        };
        return api;
    }
}
