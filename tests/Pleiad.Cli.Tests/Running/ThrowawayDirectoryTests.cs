using Pleiad.Cli.Running;
using Pleiad.Server.Hosting;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Running;

/// <summary>A lock stands for a running server; machines are tested elsewhere.</summary>
public sealed class ThrowawayDirectoryTests : IDisposable
{
    private readonly TempDirectory _data = new("cli");

    private string All => _data.File("demo");

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task Directories_of_killed_runs_are_removed_and_those_in_use_stay()
    {
        Directory.CreateDirectory(Path.Combine(All, "killed", "machines"));
        await File.WriteAllTextAsync(Path.Combine(All, "killed", "lock"), "");
        Directory.CreateDirectory(All);
        using var running = DataDirectory.Open(Path.Combine(All, "running"));

        var (made, server) = await BeginAsync();

        using (server)
        {
            Directories().ShouldBe(["running", Path.GetFileName(made.Path)], ignoreOrder: true);
        }
    }

    [Fact]
    public async Task The_end_removes_the_directory_and_finds_nothing_left()
    {
        var (made, server) = await BeginAsync();
        server.Dispose();

        (await made.EndAsync([Environment.ProcessId, int.MaxValue])).ShouldBeEmpty();

        Directories().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_start_that_fails_leaves_nothing()
    {
        await Should.ThrowAsync<InvalidOperationException>(() => ThrowawayDirectory.BeginAsync<DataDirectory>(
            _data.Path,
            "demo",
            made =>
            {
                DataDirectory.Open(made.Path).Dispose();
                throw new InvalidOperationException();
            },
            TimeProvider.System,
            default));

        Directories().ShouldBeEmpty();
    }

    [Fact]
    public async Task Runs_that_begin_at_once_take_turns()
    {
        var begun = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(BeginAsync)));

        Directories().Length.ShouldBe(4);
        foreach (var (made, server) in begun)
        {
            server.Dispose();
            (await made.EndAsync([])).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Waiting_for_a_turn_ends_with_an_interrupt()
    {
        using var turn = DataDirectory.Open(All);
        using var interrupt = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        await Should.ThrowAsync<OperationCanceledException>(
            () => ThrowawayDirectory.BeginAsync(_data.Path, "demo", made => Task.FromResult(DataDirectory.Open(made.Path)), TimeProvider.System, interrupt.Token));
    }

    private string[] Directories() => [.. Directory.GetDirectories(All).Select(path => Path.GetFileName(path))];

    private Task<(ThrowawayDirectory Directory, DataDirectory Owner)> BeginAsync() =>
        ThrowawayDirectory.BeginAsync(_data.Path, "demo", made => Task.FromResult(DataDirectory.Open(made.Path)), TimeProvider.System, default);
}
