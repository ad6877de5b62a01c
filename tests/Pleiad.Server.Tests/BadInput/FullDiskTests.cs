using Pleiad.Client;
using Pleiad.Client.Contract;
using Pleiad.Client.Queries;
using Pleiad.Server.Tests.Crash;
using Pleiad.Server.Tests.Running;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.BadInput;

/// <summary>A disk that fills up under a server that runs.</summary>
[Trait("Group", "server")]
public sealed class FullDiskTests
{
    [Fact]
    public async Task What_cannot_be_kept_is_refused_by_name_machines_serve_on_and_all_goes_on_once_there_is_space()
    {
        Assert.SkipUnless(Programs.IsRoot, SmallDisk.NeedsRoot);
        await using var disk = await SmallDisk.MountAsync(kibibytes: 16_384);
        await using var server = await ChildServer.StartAsync(data: disk.File("d"));
        var client = server.Client;
        using var gateway = new HttpClient { BaseAddress = server.Gateway, Timeout = TestServer.Limit };

        // Cold: a template and its spares come and go in the background, and each log that goes with one is space again.
        await server.ApplyAsync("start: cold\nmachinesMin: 1\nmachinesMax: 1");
        await server.ReadyAsync(1);
        var slots = (await client.ListSettingsAsync(default)).Single(setting => setting.Key == "free_count").Value;
        disk.Fill();

        var accepted = await SubmitUntilRefusedAsync(client, disk);
        (await RefusedAsync(() => client.ApplyServiceAsync("echo", "name: echo\nimage: echo-unikernel\n", default))).ShouldContain(disk.Path);
        (await RefusedAsync(() => client.SetSettingAsync("free_count", "17", default))).ShouldContain(disk.Path);

        // Nothing changed, and whoever needs no disk is served.
        (await client.ListServicesAsync(default)).ShouldHaveSingleItem().Name.ShouldBe("primes");
        (await client.ListSettingsAsync(default)).Single(setting => setting.Key == "free_count").Value.ShouldBe(slots);
        (await client.ListJobsAsync(new JobQuery { Limit = 1_000 }, default)).Jobs.Select(job => job.Name).Order().ShouldBe(accepted.Order());
        (await gateway.GetStringAsync("/primes/primes?n=100")).ShouldContain("\"primes\":25");

        // A machine that ends cannot be replaced, and the reason is told.
        var ended = (await client.ListMachinesAsync(default)).ShouldHaveSingleItem();
        await client.EndMachineAsync(ended.Id, default);
        await Eventually.BecomesTrueAsync(
            async () => (await client.GetServiceAsync("primes", default)).Problem is { } problem && problem.Contains("the disk is full", StringComparison.Ordinal) && problem.Contains(disk.Path, StringComparison.Ordinal),
            TestServer.Limit,
            async () => $"{await client.GetServiceAsync("primes", default)}\n{server.Log}");

        disk.Free();
        await server.ReadyAsync(1);
        var job = (await client.SubmitJobAsync(new JobRequest("primes", "/primes?n=1000") { Name = "after" }, default)).Job;
        (await client.WaitForJobAsync(job.Id, default)).Result!.ShouldContain("168");
        (await gateway.GetStringAsync("/primes/primes?n=100")).ShouldContain("\"primes\":25");

        // The address of the machine that ended meanwhile came back, too.
        await Eventually.BecomesTrueAsync(
            async () => await client.GetServerAsync(default) is var info && info.AddressesTotal - info.AddressesFree == 1, TestServer.Limit, async () => $"{await client.GetServerAsync(default)}\n{server.Log}");
        await server.TerminateAsync();
    }

    private static async Task<IReadOnlyList<string>> SubmitUntilRefusedAsync(PleiadClient client, SmallDisk disk)
    {
        var accepted = new List<string>();
        for (var number = 0; number < 1_000; number++)
        {
            var name = $"job{number}";
            try
            {
                await client.SubmitJobAsync(new JobRequest("primes", "/primes?n=100") { Name = name }, default);
                accepted.Add(name);
            }
            catch (PleiadApiException refused)
            {
                AssertRefused(refused).ShouldContain(disk.Path);
                return accepted;
            }
        }

        throw new InvalidOperationException("a thousand jobs fit on a full disk");
    }

    private static async Task<string> RefusedAsync(Func<Task> change) => AssertRefused(await Should.ThrowAsync<PleiadApiException>(change));

    private static string AssertRefused(PleiadApiException refused)
    {
        ((int)refused.Status).ShouldBe(503);
        refused.Problem.Code.ShouldBe("stateUnavailable");
        refused.Problem.Detail.ShouldNotBeNull().ShouldContain("the disk is full; free space on the file system of");
        return refused.Problem.Detail;
    }
}
