using Pleiad.Client.Queries;
using Pleiad.Machines.Images;
using Pleiad.Server.Tests.Running;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.BadInput;

/// <summary>Wrong input to the real program with a real server behind it: exit code, words, and that the server has what it had.</summary>
[Trait("Group", "server")]
public sealed class CommandTests(CommandTests.Fixture fixture) : IClassFixture<CommandTests.Fixture>, IDisposable
{
    private readonly TempDirectory _directory = new("input");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("name: new\nimage: primes-unikernel\nslotz: 5\n", "line 3", "slotz", "slots")]
    [InlineData("name: new\nimage: primes-unikernel\nslots: many\n", "line 3", "'many'", "whole number")]
    [InlineData("name: new\nimage: primes-unikernel\nslots: 0\n", "line 3", "'0'", "from 1 to")]
    [InlineData("name: new\nimage: primes-unikernel\nmachinesMin: 5\nmachinesMax: 2\n", "machinesMin", "'5'", "2")]
    [InlineData("name: new\nimage: primes-unikernel\nidleTimeout: soon\n", "line 3", "'soon'", "from 100ms to 10d")]
    [InlineData("name: new\nimage: primes-unikernel\nqueue: { limit: -1 }\n", "line 3", "'-1'", "from")]
    [InlineData("name: new\nname: other\nimage: primes-unikernel\n", "service.yaml", "Duplicate key", "name")]
    [InlineData("name: new\nimage: primes-unikernel\n---\nname: new\nimage: echo-unikernel\n", "service.yaml", "document", "one")]
    [InlineData("name: No Name\nimage: primes-unikernel\n", "line 1", "'No Name'", "1 to 40 of a-z")]
    [InlineData("image: primes-unikernel\n", "service.yaml", "name", "give")]
    [InlineData("name: new\nimage: nowhere\n", "'nowhere'", "image store", "pleiad image")]
    public async Task A_wrong_service_is_refused_and_nothing_changes(string document, string first, string second, string third)
    {
        var file = _directory.File("service.yaml");
        await File.WriteAllTextAsync(file, document);
        var before = await fixture.SeenAsync();

        var end = await fixture.RunAsync("service", "apply", "-f", file);

        AssertWrongInput(end, first, second, third);
        (await fixture.SeenAsync()).ShouldBe(before);
    }

    [Theory]
    [InlineData("settings set free_count 0", "free_count", "'0'", "from 1 to 10000")]
    [InlineData("settings set free_count five", "free_count", "'five'", "whole number")]
    [InlineData("settings set colour 5", "colour", "is no setting", "free_count")]
    [InlineData("job submit --service nobody --path /x", "'nobody'", "service", "pleiad service apply")]
    [InlineData("job submit --service kept --path no-slash", "path", "'no-slash'", "/")]
    [InlineData("service remove nobody --yes", "'nobody'", "service", "pleiad service list")]
    [InlineData("machine kill m-0123456789", "m-0123456789", "machine", "pleiad machine list")]
    public async Task A_wrong_command_is_refused_and_nothing_changes(string command, string first, string second, string third)
    {
        var before = await fixture.SeenAsync();

        var end = await fixture.RunAsync(command.Split(' '));

        AssertWrongInput(end, first, second, third);
        (await fixture.SeenAsync()).ShouldBe(before);
    }

    [Theory]
    [InlineData("#!/bin/sh\necho I am no kernel\n", "is no ELF file")]
    [InlineData("", "is empty")]
    public async Task A_kernel_that_is_no_ELF_file_is_refused_and_nothing_is_stored(string kernel, string reason)
    {
        await File.WriteAllTextAsync(_directory.File("kernel.elf"), kernel);
        await File.WriteAllTextAsync(_directory.File("image.yaml"), "name: wrong\nkernel: kernel.elf\n");

        var end = await PleiadProgram.RunAsync(["image", "import", _directory.File("image.yaml"), "--data", _directory.File("d")]);

        AssertWrongInput(end, "kernel", _directory.File("kernel.elf"), reason);
        (await PleiadProgram.RunAsync(["image", "list", "--data", _directory.File("d"), "--json"])).Output.Trim().ShouldBe("[]");
    }

    [Theory]
    [InlineData("name: wrong\nkernel: kernel.elf\nmemroy: 4MiB\n", "line 3", "memroy", "memory")]
    [InlineData("name: wrong\nkernel: nowhere.elf\n", "line 2", "nowhere.elf", "kernel")]
    [InlineData("name: wrong\nkernel: kernel.elf\nmemory: 1EiB\n", "line 3", "'1EiB'", "memory")]
    [InlineData("name: wrong\nkernel: kernel.elf\nport: 70000\n", "line 3", "'70000'", "65535")]
    public async Task A_wrong_manifest_is_refused_and_nothing_is_stored(string manifest, string first, string second, string third)
    {
        await TestImages.EnsureAsync();
        File.Copy(new ImageStore(TestImages.Store).List()[0].Manifest.Kernel, _directory.File("kernel.elf"));
        await File.WriteAllTextAsync(_directory.File("image.yaml"), manifest);

        var end = await PleiadProgram.RunAsync(["image", "import", _directory.File("image.yaml"), "--data", _directory.File("d")]);

        AssertWrongInput(end, first, second, third);
        (await PleiadProgram.RunAsync(["image", "list", "--data", _directory.File("d"), "--json"])).Output.Trim().ShouldBe("[]");
    }

    /// <summary>Wrong input: exit code 2, nothing on standard output, and an error that has each of these.</summary>
    private static void AssertWrongInput(ProgramEnd end, params string[] named)
    {
        end.ExitCode.ShouldBe(2, end.Errors);
        end.Output.ShouldBeEmpty();
        foreach (var one in named)
        {
            end.Errors.ShouldContain(one);
        }

        end.Errors.ShouldNotContain("unexpected");
    }

    public sealed class Fixture : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await TestServer.StartAsync();
            await Server.Client.ApplyServiceAsync("kept", "name: kept\nimage: primes-unikernel\nmachinesMin: 0\n", default);
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();

        internal Task<ProgramEnd> RunAsync(params string[] command) => PleiadProgram.RunAsync([.. command, "--server", Server.Server.Api.ToString()]);

        /// <summary>All that a wrong input could have changed.</summary>
        internal async Task<string> SeenAsync() => string.Join(
            '\n',
            [
                .. (await Server.Client.ListServicesAsync(default)).Select(service => $"service {service.Name} {service.Image} {service.Slots} {service.MachinesMin} {service.MachinesMax}"),
                .. (await Server.Client.ListSettingsAsync(default)).Select(setting => $"setting {setting.Key} {setting.Value}"),
                .. (await Server.Client.ListJobsAsync(new JobQuery { Limit = 100 }, default)).Jobs.Select(job => $"job {job.Name}"),
                .. (await Server.Client.ListMachinesAsync(default)).Select(machine => $"machine {machine.Id}"),
            ]);
    }
}
