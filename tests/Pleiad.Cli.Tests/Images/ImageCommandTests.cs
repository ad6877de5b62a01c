using Pleiad.Cli.Images;
using Pleiad.Cli.Tests.Fixtures;
using Pleiad.Machines.Images;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Images;

public sealed class ImageCommandTests : IDisposable
{
    private readonly TempDirectory _data = new("cli");

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task An_empty_store_lists_nothing()
    {
        (await RunAsync("image", "list", "--json")).Out.ShouldBe("[]\n");
        (await RunAsync("image", "list")).Error.ShouldBe("There is no image yet; 'pleiad image build' builds those that come with Pleiad.\n");
    }

    [Fact]
    public async Task A_manifest_with_problems_exits_with_2_and_names_all()
    {
        await File.WriteAllTextAsync(_data.File("image.yaml"), "name: Wrong Name\nkernel: nosuch.elf\nport: 0\nbogus: 1\n");

        var outcome = await RunAsync("image", "import", _data.File("image.yaml"));

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.TrimEnd().Split('\n').Length.ShouldBe(4);
        outcome.Error.ShouldContain("nosuch.elf' does not exist");
        (await RunAsync("image", "list", "--json")).Out.ShouldBe("[]\n");
    }

    [Theory]
    [InlineData("show")]
    [InlineData("remove")]
    public async Task An_image_that_is_not_there_exits_with_2(string verb)
    {
        var outcome = await RunAsync("image", verb, "nosuch");

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldStartWith("pleiad: there is no image named 'nosuch'");
    }

    [Fact]
    public async Task Options_of_an_own_service_without_one_are_refused()
    {
        var outcome = await RunAsync("image", "build", "--name", "hello");

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldBe("pleiad: image build: --name 'hello' is for a service of your own; give its C file, --linux or --disk too\n");
    }

    [Fact]
    public async Task A_source_that_is_not_there_exits_with_2()
    {
        var outcome = await RunAsync("image", "build", _data.File("nosuch.c"));

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldContain("nosuch.c");
    }

    [Fact]
    public async Task Options_for_Linux_without_a_Linux_image_are_refused_all_at_once()
    {
        var outcome = await RunAsync("image", "build", "hello.c", "--vcpus", "2", "--env", "A=b", "--kernel", "trimmed");

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldBe(
            """
            pleiad: image build: --kernel is for a Linux image; give --linux or --disk too
            pleiad: image build: --vcpus is for a Linux image; give --linux or --disk too
            pleiad: image build: --env is for a Linux image; give --linux or --disk too

            """);
    }

    [Fact]
    public async Task A_Linux_image_that_cannot_be_built_is_refused_with_every_reason()
    {
        var outcome = await RunAsync("image", "build", "--linux", _data.File("nosuch"), "--name", "Wrong", "--command", "server", "--kernel", _data.File("vmlinuz"));

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.TrimEnd().Split('\n').Length.ShouldBe(4);
        outcome.Error.ShouldContain("name 'Wrong' is not allowed");
        outcome.Error.ShouldContain("vmlinuz' does not exist; give debian, trimmed or the path");
        outcome.Error.ShouldContain("command 'server' is no absolute path");
        outcome.Error.ShouldContain("nosuch' does not exist; give a static program or a directory");
    }

    [Theory]
    [InlineData("--vcpus", "65", "give a whole number from 1 to 64")]
    [InlineData("--port", "0", "give a whole number from 1 to 65535")]
    [InlineData("--user", "www-data", "give one or two whole numbers")]
    [InlineData("--env", "A", "give NAME=VALUE")]
    [InlineData("--command", "/a 'b", "close its quotes")]
    [InlineData("--memory", "lots", "give")]
    public async Task A_wrong_option_is_refused_with_the_rule(string option, string value, string rule)
    {
        var outcome = await RunAsync("image", "build", "--linux", "server", option, value);

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldContain(rule);
    }

    [Theory]
    [InlineData("/usr/bin/server --threads 2", new[] { "/usr/bin/server", "--threads", "2" })]
    [InlineData("  /a  'two words' \"x'y\" b''c ''", new[] { "/a", "two words", "x'y", "bc", "" })]
    [InlineData("/a 'open", null)]
    [InlineData("  ", null)]
    public void A_command_is_split_as_a_shell_does(string command, string[]? words) => LinuxOptions.Words(command).ShouldBe(words);

    [Fact]
    public void The_list_shows_size_memory_and_platform()
    {
        var manifest = new ImageManifest("hello", "/store/kernel", new MachinePlatform(MachineType.Q35, NicModel.VirtioPci), "ip={ip}", 16 << 20, 8080, "/health");
        var whole = new StoredImage(manifest, "sha256:" + new string('a', 64), 57_896, Samples.Now.AddHours(-3));

        ImageTables.List([whole, whole with { Damage = "kernel is missing" }], new FixedTime(Samples.Now)).ToPlain().ShouldBe(
            """
            NAME   KIND           SIZE    MEMORY  MACHINE  NETWORK     PORT     STORED  DIGEST               PROBLEM
            hello  unikernel  56.5 KiB  16.0 MiB  q35      virtio-pci  8080  3.0 h ago  sha256:aaaaaaaaaaaa  -
            hello  unikernel  56.5 KiB  16.0 MiB  q35      virtio-pci  8080  3.0 h ago  sha256:aaaaaaaaaaaa  kernel is missing

            """);
    }

    private Task<CommandOutcome> RunAsync(params string[] args) => CommandRun.AloneAsync([.. args, "--data", _data.Path]);
}
