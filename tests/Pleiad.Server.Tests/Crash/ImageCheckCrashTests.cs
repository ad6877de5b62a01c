using System.Diagnostics;
using System.Text.Json;
using Pleiad.Server.Hosting;
using Pleiad.Server.Tests.BadInput;
using Pleiad.Server.Tests.Running;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Crash;

/// <summary><c>pleiad image check</c> as a process of its own that is ended in the middle, with an image that needs every part: a machine that never answers and a DHCP server.</summary>
[Trait("Group", "crash")]
public sealed class ImageCheckCrashTests : IAsyncDisposable
{
    private readonly TempDirectory _directory = new("check");
    private Process? _process;

    private string Data => _directory.File("d");

    private string All => Path.Combine(Data, "check");

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            if (!_process.HasExited)
            {
                Signals.Send(_process.Id, Signals.Kill);
                await _process.WaitForExitAsync();
            }

            _process.Dispose();
        }

        foreach (var left in Directory.Exists(All) ? Directory.GetDirectories(All) : [])
        {
            await Machines.Hosting.MachineHost.SweepAsync(DataDirectory.MachinesOf(left), DataDirectory.NamespaceOf(left), TimeProvider.System, default);
        }

        _directory.Dispose();
    }

    [Fact]
    public async Task Ctrl_C_ends_it_with_130_and_leaves_nothing()
    {
        var own = await RunningAsync();

        Signals.Send(_process!.Id, 2);
        await _process.WaitForExitAsync().WaitAsync(TestServer.Limit);

        _process.ExitCode.ShouldBe(130);
        Leftovers.Of(own).ShouldBeEmpty();
        Directory.GetDirectories(All).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_left_of_a_killed_check_is_removed_by_the_next_and_its_DHCP_server_by_the_kernel()
    {
        var own = await RunningAsync();
        var name = DataDirectory.NamespaceOf(own);

        Signals.Send(_process!.Id, Signals.Kill);
        await _process.WaitForExitAsync().WaitAsync(TestServer.Limit);
        await Eventually.BecomesTrueAsync(async () => !await ServesAsync(name), TestServer.Limit, () => Task.FromResult("the DHCP server runs on"));
        Leftovers.Qemus(own).ShouldNotBeEmpty();

        var next = await PleiadProgram.RunAsync(["image", "check", "primes-unikernel", "--data", Data, "--accelerator", "tcg", "--json"]);

        next.ExitCode.ShouldBe(0, next.Errors);
        using var report = JsonDocument.Parse(next.Output);
        report.RootElement.GetProperty("works").GetBoolean().ShouldBeTrue();
        Leftovers.Of(own).ShouldBeEmpty();
        Directory.GetDirectories(All).ShouldBeEmpty();
    }

    /// <summary>Starts a check and waits until its machine and its DHCP server run.</summary>
    /// <returns>The check's own directory.</returns>
    private async Task<string> RunningAsync()
    {
        await TestImages.EnsureAsync();
        Directory.CreateDirectory(Data);
        Directory.CreateSymbolicLink(DataDirectory.ImagesOf(Data), TestImages.Store);
        Directory.CreateSymbolicLink(DataDirectory.CacheOf(Data), TestImages.Cache);
        var kernel = TinyKernel.ThatHangs(_directory.Path);
        await File.WriteAllTextAsync(_directory.File("image.yaml"), $"name: silent\nkernel: {Path.GetFileName(kernel)}\naddress: dhcp\n");
        var start = new ProcessStartInfo(PleiadProgram.Dotnet, [PleiadProgram.Assembly, "image", "check", _directory.File("image.yaml"), "--timeout", "5m", "--data", Data, "--accelerator", "tcg"]);
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        _process = Process.Start(start)!;
        string? own = null;
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                own = Directory.Exists(All) ? Directory.GetDirectories(All).SingleOrDefault() : null;
                return own is not null && Leftovers.Qemus(own).Count == 1 && await ServesAsync(DataDirectory.NamespaceOf(own));
            },
            TestServer.Limit,
            () => Task.FromResult($"{own}: {(_process.HasExited ? $"ended with {_process.ExitCode}" : "running")}"));
        return own!;
    }

    private static async Task<bool> ServesAsync(string name)
    {
        if (!File.Exists($"/run/netns/{name}"))
        {
            return false;
        }

        var pids = await Programs.RunAsync(TestServer.Limit, "ip", "netns", "pids", name);
        return pids.Split('\n', StringSplitOptions.RemoveEmptyEntries).Any(pid => File.Exists($"/proc/{pid}/comm") && File.ReadAllText($"/proc/{pid}/comm").Trim() == "dnsmasq");
    }
}
