using Pleiad.Cli.Tests.Fixtures;
using Pleiad.Server.Hosting;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Up;

/// <summary>Input that cannot be used, before anything is started; a server that runs is tested with real machines elsewhere.</summary>
public sealed class UpCommandTests
{
    [Fact]
    public async Task An_address_off_loopback_needs_a_token()
    {
        using var directory = new TempDirectory("cli");

        var outcome = await CommandRun.AloneAsync("up", "--data", directory.Path, "--listen", "http://0.0.0.0:0");

        outcome.ExitCode.ShouldBe(2);
        outcome.Out.ShouldBeEmpty();
        outcome.Error.ShouldStartWith("pleiad: --listen 'http://0.0.0.0:0' is not loopback");
        outcome.Error.ShouldContain("token");
    }

    [Fact]
    public async Task A_data_directory_in_use_is_named()
    {
        using var directory = new TempDirectory("cli");
        using var held = DataDirectory.Open(directory.Path);

        var outcome = await CommandRun.AloneAsync("up", "--data", directory.Path, "--listen", "http://127.0.0.1:0", "--gateway", "http://127.0.0.1:0");

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldBe($"pleiad: --data: {directory.Path} is in use by another pleiad; stop that one, or give another directory with --data\n");
    }

    [Fact]
    public async Task An_empty_token_is_refused()
    {
        using var directory = new TempDirectory("cli");
        await File.WriteAllTextAsync(directory.File("token"), "\n");

        var outcome = await CommandRun.AloneAsync("up", "--data", directory.Path, "--token-file", directory.File("token"));

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldStartWith("pleiad: --token-file: token is empty");
    }
}
