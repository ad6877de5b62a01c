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
        outcome.Error.ShouldBe("pleiad: image build: --name 'hello' is for a service of your own; give its C file too\n");
    }

    [Fact]
    public async Task A_source_that_is_not_there_exits_with_2()
    {
        var outcome = await RunAsync("image", "build", _data.File("nosuch.c"));

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldContain("nosuch.c");
    }

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
