using System.Diagnostics;
using System.Text.Json;
using Pleiad.Client;
using Pleiad.Client.Contract;
using Pleiad.Server.Tests.Running;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.BadInput;

/// <summary>The program as a user without any privileges has it.</summary>
[Trait("Group", "server")]
public sealed class UnprivilegedTests
{
    private static readonly string[] AsNobody = Programs.IsRoot ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"] : [];

    [Fact]
    public async Task Without_privileges_machines_have_the_user_mode_network_and_start_answer_and_stop()
    {
        await TestImages.EnsureAsync();
        using var directory = new TempDirectory("nobody");
        var (program, data) = await PrepareAsync(directory);
        using var process = Start([PleiadProgram.Dotnet, program, "up", "--json", "--data", data, "--accelerator", "tcg", "--listen", "http://127.0.0.1:0", "--gateway", "http://127.0.0.1:0"]);
        var log = process.StandardError.ReadToEndAsync();
        try
        {
            var line = await process.StandardOutput.ReadLineAsync().WaitAsync(TestServer.Limit) ?? throw new InvalidOperationException($"it ended: {await log}");
            var info = JsonSerializer.Deserialize(line, ContractJson.Default.ServerInfo)!;
            info.Network.ShouldBe("user");
            info.NetworkReason.ShouldContain("CAP_NET_ADMIN are needed; run as root");

            using var client = new PleiadClient(new Uri(info.Api));
            await client.ApplyServiceAsync("primes", "name: primes\nimage: primes-unikernel\nmachinesMin: 2\nmachinesMax: 2\n", default);
            using var gateway = new HttpClient { BaseAddress = new Uri(info.Gateway), Timeout = TestServer.Limit };
            (await gateway.GetStringAsync("/primes/primes?n=1000")).ShouldContain("\"primes\":168");
            await Eventually.BecomesTrueAsync(
                async () => (await client.GetServiceAsync("primes", default)).Ready == 2, TestServer.Limit, async () => $"{await client.GetServiceAsync("primes", default)}");
            foreach (var machine in await client.ListMachinesAsync(default))
            {
                machine.Ip.ShouldBe("127.0.0.1");
                OwnerOf(machine.ProcessId!.Value).ShouldBe(OwnerOf(process.Id), "QEMU has no more rights than the server");
            }
        }
        finally
        {
            Signals.Send(process.Id, Signals.Terminate);
            await process.WaitForExitAsync().WaitAsync(TestServer.Limit);
        }

        process.ExitCode.ShouldBe(0, await log);
        Leftovers.Of(data).ShouldBeEmpty(await log);
    }

    [Fact]
    public async Task Without_privileges_a_namespace_that_is_asked_for_is_refused_with_what_is_missing()
    {
        await TestImages.EnsureAsync();
        using var directory = new TempDirectory("nobody");
        var (program, data) = await PrepareAsync(directory);
        using var process = Start([PleiadProgram.Dotnet, program, "up", "--data", data, "--network", "namespace", "--listen", "http://127.0.0.1:0", "--gateway", "http://127.0.0.1:0"]);
        var errors = await process.StandardError.ReadToEndAsync().WaitAsync(TestServer.Limit);
        await process.WaitForExitAsync().WaitAsync(TestServer.Limit);

        process.ExitCode.ShouldBe(3, errors);
        errors.ShouldContain("pleiad: a network namespace is asked for, but CAP_SYS_ADMIN and CAP_NET_ADMIN are needed; run as root");
        Leftovers.Of(data).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_data_directory_that_may_not_be_written_is_named()
    {
        Assert.SkipUnless(Programs.IsRoot, "needs root, to make a directory that another user may not write");
        using var directory = new TempDirectory("nobody");
        var (program, _) = await PrepareAsync(directory, hasImages: false);
        var forbidden = directory.File("forbidden");
        Directory.CreateDirectory(forbidden);
        using var process = Start([PleiadProgram.Dotnet, program, "up", "--data", forbidden]);
        var errors = await process.StandardError.ReadToEndAsync().WaitAsync(TestServer.Limit);
        await process.WaitForExitAsync().WaitAsync(TestServer.Limit);

        process.ExitCode.ShouldBe(2, errors);
        errors.ShouldContain($"pleiad: --data: {forbidden} cannot be used");
        errors.ShouldContain("give a directory that you may write to with --data or PLEIAD_DATA");
        Directory.EnumerateFileSystemEntries(forbidden).ShouldBeEmpty();
    }

    /// <summary>A copy of the program and of the images where anybody may read them, for the checkout may be in a home directory that only its owner can enter.</summary>
    private static async Task<(string Program, string Data)> PrepareAsync(TempDirectory directory, bool hasImages = true)
    {
        File.SetUnixFileMode(directory.Path, (UnixFileMode)0b111_101_101);
        var readable = await RunAsync([.. AsNobody, "test", "-x", PleiadProgram.Dotnet]);
        Assert.SkipUnless(readable == 0, $"{PleiadProgram.Dotnet} cannot be run by another user");
        var program = directory.File("program");
        var data = directory.File("d");
        Directory.CreateDirectory(data);
        (await RunAsync(["cp", "-a", Path.GetDirectoryName(PleiadProgram.Assembly)!, program])).ShouldBe(0);
        if (hasImages)
        {
            (await RunAsync(["cp", "-a", TestImages.Store, Path.Combine(data, "images")])).ShouldBe(0);
        }

        if (Programs.IsRoot)
        {
            (await RunAsync(["chown", "-R", "nobody:nogroup", data])).ShouldBe(0);
            (await RunAsync(["chmod", "-R", "go+rX", program])).ShouldBe(0);
        }

        return (Path.Combine(program, Path.GetFileName(PleiadProgram.Assembly)), data);
    }

    private static Process Start(string[] command)
    {
        string[] all = [.. AsNobody, .. command];
        var start = new ProcessStartInfo(all[0], all[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        start.Environment["HOME"] = "/nonexistent";
        return Process.Start(start)!;
    }

    private static async Task<int> RunAsync(string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]))!;
        await process.WaitForExitAsync().WaitAsync(TestServer.Limit);
        return process.ExitCode;
    }

    private static string OwnerOf(int process) => File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal));
}
