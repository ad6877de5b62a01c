using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Pleiad.Server.Tests.Crash;
using Pleiad.Server.Tests.Running;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.BadInput;

/// <summary>What keeps <c>pleiad up</c> from starting: the exit code, the words, and that nothing is left.</summary>
[Trait("Group", "server")]
public sealed class StartTests : IDisposable
{
    private const string InstallQemu = "apt-get install --no-install-recommends qemu-system-x86";

    private readonly TempDirectory _directory = new("bad");

    private string Data => _directory.File("d");

    public void Dispose()
    {
        Leftovers.Of(Data).ShouldBeEmpty();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("--listen")]
    [InlineData("--gateway")]
    public async Task A_port_in_use_is_named_with_its_option_and_the_other_server_goes_on(string option)
    {
        await GiveImagesAsync();
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        var free = option == "--listen" ? "--gateway" : "--listen";

        var end = await PleiadProgram.RunAsync(["up", "--data", Data, "--accelerator", "tcg", option, $"http://127.0.0.1:{port}", free, "http://127.0.0.1:0"]);

        end.ExitCode.ShouldBe(2, end.Errors);
        end.Output.ShouldBeEmpty();
        LastLine(end).ShouldBe($"pleiad: {option} 'http://127.0.0.1:{port}/' is in use by another process; stop that process or give another port with {option}");
    }

    [Fact]
    public async Task A_data_directory_in_use_is_named_and_the_other_server_goes_on()
    {
        await using var first = await ChildServer.StartAsync();
        await first.ApplyAsync("machinesMin: 1");
        await first.ReadyAsync(1);

        var end = await PleiadProgram.RunAsync(["up", "--data", first.Data, "--listen", "http://127.0.0.1:0", "--gateway", "http://127.0.0.1:0"]);

        end.ExitCode.ShouldBe(2, end.Errors);
        LastLine(end).ShouldStartWith($"pleiad: --data: {first.Data} is in use by another pleiad; stop that one, or give another directory");
        (await first.Client.GetServiceAsync("primes", default)).Ready.ShouldBe(1);
        await first.TerminateAsync();
    }

    [Theory]
    [InlineData(2, "--listen", "ftp://127.0.0.1:1", "give http://ADDRESS:PORT")]
    [InlineData(2, "--listen", "http://0.0.0.0:0", "give a token with --token-file")]
    [InlineData(2, "--gateway", "http://nowhere.example:1", "give http://ADDRESS:PORT")]
    [InlineData(2, "--accelerator", "xen", "kvm")]
    [InlineData(2, "--network", "bridge", "namespace")]
    [InlineData(2, "--token-file", "/nonexistent/token", "/nonexistent/token")]
    [InlineData(2, "--colour", "red", "--colour")]
    public async Task A_wrong_option_is_named_with_its_value_and_what_to_give_and_no_directory_is_made(int exitCode, string option, string value, string remedy)
    {
        var end = await PleiadProgram.RunAsync(["up", "--data", Data, option, value]);

        end.ExitCode.ShouldBe(exitCode, end.Errors);
        end.Output.ShouldBeEmpty();
        end.Errors.ShouldContain(option);
        end.Errors.ShouldContain(value);
        end.Errors.ShouldContain(remedy);
        Directory.Exists(Data).ShouldBeFalse();
    }

    [Fact]
    public async Task A_state_address_of_an_unknown_kind_is_refused()
    {
        var end = await PleiadProgram.RunAsync(["up", "--data", Data, "--state", "mysql://root@db/pleiad", "--listen", "http://127.0.0.1:0", "--gateway", "http://127.0.0.1:0"]);

        end.ExitCode.ShouldBe(2, end.Errors);
        LastLine(end).ShouldContain("give sqlite:FILE or postgres://");
    }

    [Fact]
    public async Task Without_QEMU_up_ends_with_3_and_the_command_that_installs_it()
    {
        await GiveImagesAsync();

        var end = await PleiadProgram.RunAsync(["up", "--data", Data, "--listen", "http://127.0.0.1:0", "--gateway", "http://127.0.0.1:0"], searchPath: _directory.Path);

        end.ExitCode.ShouldBe(3, end.Errors);
        end.Output.ShouldBeEmpty();
        LastLine(end).ShouldBe($"pleiad: qemu-system-x86_64 is not in PATH; on Debian: {InstallQemu}");
    }

    [Fact]
    public async Task Without_QEMU_doctor_ends_with_3_and_the_command_that_installs_it()
    {
        await GiveImagesAsync();

        var end = await PleiadProgram.RunAsync(["doctor", "--data", Data], searchPath: _directory.Path);

        end.ExitCode.ShouldBe(3, end.Errors);
        end.Output.ShouldContain("qemu-system-x86_64 is not found");
        end.Output.ShouldContain("apt-get install -y --no-install-recommends qemu-system-x86");
        end.Output.ShouldContain("Machines cannot run here");
    }

    [Fact]
    public async Task In_a_chroot_which_no_private_view_can_be_made_from_doctor_says_what_does_not_hold()
    {
        Assert.SkipUnless(Programs.IsRoot, "needs root, to make a chroot");
        await GiveImagesAsync();
        var root = Directory.CreateDirectory(_directory.File("root")).FullName;

        var said = await Programs.RunAsync(
            TestServer.Limit, "unshare", "--mount", "--propagation", "private", "sh", "-c", $"mount --rbind / '{root}' && exec chroot '{root}' '{PleiadProgram.Dotnet}' '{PleiadProgram.Assembly}' doctor --data '{Data}'");

        said.ShouldContain("machines run as Pleiad's user: Pleiad runs in a chroot");
        said.ShouldContain("QEMU sees all files that Pleiad's user may: Pleiad runs in a chroot");
        said.ShouldContain("shut in: view: run Pleiad on the host itself or in a container");
    }

    [Fact]
    public async Task A_full_disk_is_named_with_its_directory_and_once_there_is_space_the_server_starts()
    {
        Assert.SkipUnless(Programs.IsRoot, SmallDisk.NeedsRoot);
        await using var disk = await SmallDisk.MountAsync(kibibytes: 8_192);
        disk.Fill();

        var end = await PleiadProgram.RunAsync(["up", "--data", disk.File("d"), "--listen", "http://127.0.0.1:0", "--gateway", "http://127.0.0.1:0"]);

        end.ExitCode.ShouldBe(1, end.Errors);
        end.Output.ShouldBeEmpty();
        LastLine(end).ShouldEndWith($"the disk is full; free space on the file system of {disk.File("d")}");
        Leftovers.Of(disk.File("d")).ShouldBeEmpty();

        disk.Free();
        await using var server = await ChildServer.StartAsync(data: disk.File("d"));
        await server.TerminateAsync();
    }

    private async Task GiveImagesAsync()
    {
        await TestImages.EnsureAsync();
        Directory.CreateDirectory(Data);
        Directory.CreateSymbolicLink(Path.Combine(Data, "images"), TestImages.Store);
        Directory.CreateSymbolicLink(Path.Combine(Data, "cache"), TestImages.Cache);
    }

    private static string LastLine(ProgramEnd end) => end.Errors.TrimEnd().Split('\n')[^1];
}
