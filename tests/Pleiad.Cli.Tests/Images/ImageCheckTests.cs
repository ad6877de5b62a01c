using Pleiad.Cli.Images;
using Pleiad.Cli.Output;
using Pleiad.Cli.Tests.Fixtures;
using Pleiad.Machines.Checking;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Images;

/// <summary>What the command takes and shows; the checks themselves are tested with real machines.</summary>
public sealed class ImageCheckTests : IDisposable
{
    private static readonly ImageCheckReport Good = new("hello", true, "tcg", "namespace", 16 << 20)
    {
        Address = "10.77.0.2:8080",
        AddressBy = AddressWay.Dhcp,
        FirstAnswersMs = [294.2, 98, 112.4],
        FirstAnswerMs = 112.4,
        Health = new HealthSeen("/health", 200, 2, "ok"),
        MemorySmallestBytes = 3 << 20,
        MemoryTooSmallBytes = 2 << 20,
        QemuMemoryBytes = 18_000_000,
    };

    private readonly TempDirectory _data = new("cli");

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task An_image_that_is_not_there_exits_with_2_and_leaves_nothing()
    {
        var outcome = await RunAsync("nosuch");

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldBe("pleiad: there is no image named 'nosuch' and no such file; 'pleiad image list' shows those there are\n");
        Directory.GetDirectories(_data.File("check")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_manifest_with_problems_exits_with_2_and_names_all()
    {
        await File.WriteAllTextAsync(_data.File("image.yaml"), "name: Wrong Name\nkernel: nosuch.elf\nport: 0\n");

        var outcome = await RunAsync(_data.File("image.yaml"));

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.TrimEnd().Split('\n').Length.ShouldBe(3);
        Directory.GetDirectories(_data.File("check")).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("0s")]
    [InlineData("11m")]
    [InlineData("30")]
    public async Task A_timeout_out_of_range_exits_with_2(string timeout)
    {
        var outcome = await RunAsync("hello", "--timeout", timeout);

        outcome.ExitCode.ShouldBe(2);
        outcome.Error.ShouldContain($"--timeout '{timeout}' is not possible; give a number followed by ms, s, m, h or d, for example 30s, from 1s to 10m");
    }

    [Fact]
    public void What_works_is_shown_with_its_figures() => Shown(Good).ShouldBe(
        """
        image:           hello
        works:           yes
        host:            accelerator tcg, namespace network
        address:         10.77.0.2:8080, asked for by DHCP
        first answer:    112 ms (median of 3 cold starts, 98 ms to 294 ms)
        health:          /health answered 200, 2 B: ok
        smallest memory: 3 MiB (2 are too little; it has 16)
        memory of QEMU:  17.2 MiB for a machine of 16.0 MiB (its proportional share)

        """);

    [Fact]
    public void What_does_not_work_is_shown_with_what_was_seen_and_the_remedy() => Shown(
        new ImageCheckReport("hello", false, "tcg", "user", 16 << 20) { Failure = new CheckFailure("it hangs", "mend it", ["QEMU ran", "it printed"], ["boot", "oops"]) }).ShouldBe(
        """
        image:   hello
        works:   no
        host:    accelerator tcg, user network
        problem: it hangs
        remedy:  mend it
        seen:
          QEMU ran
          it printed
        the end of its serial log:
          boot
          oops

        """);

    [Fact]
    public void Scripts_get_words_and_bytes()
    {
        var run = new CommandRun();
        run.Terminal.Json(Good, CliJson.Default.ImageCheckReport);

        run.OutSoFar.ShouldContain("\"addressBy\": \"dhcp\"");
        run.OutSoFar.ShouldContain("\"network\": \"namespace\"");
        run.OutSoFar.ShouldContain("\"memorySmallestBytes\": 3145728");
        run.OutSoFar.ShouldNotContain("failure");
    }

    private static string Shown(ImageCheckReport report)
    {
        var run = new CommandRun();
        ImageCheckView.Show(run.Terminal, report);
        return run.OutSoFar;
    }

    private Task<CommandOutcome> RunAsync(params string[] args) => CommandRun.AloneAsync(["image", "check", .. args, "--data", _data.Path]);
}
