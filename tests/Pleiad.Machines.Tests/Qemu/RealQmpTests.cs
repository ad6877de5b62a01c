using Pleiad.Machines.Hosting;
using Pleiad.Machines.Isolation;
using Pleiad.Machines.Processes;
using Pleiad.Machines.Qemu;
using Pleiad.Machines.Tests.Hosting;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Qemu;

[Trait("Group", "machines")]
public sealed class RealQmpTests : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _directory = Directory.CreateTempSubdirectory("plt-").FullName;
    private readonly ProcessWatch _watch = new();
    private Launcher? _launcher;

    public async ValueTask DisposeAsync()
    {
        _launcher?.Dispose();
        (await Launcher.RemoveLeftAsync(_directory, TimeProvider.System)).ShouldBeEmpty();
        _watch.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task QEMU_answers_refuses_and_quits()
    {
        var process = await StartAsync();
        await using var client = await QmpClient.ConnectAsync(Path.Combine(_directory, "qmp"), Patience, TimeProvider.System, CancellationToken.None);

        (await client.ExecuteAsync("query-version", null, Patience, CancellationToken.None)).GetProperty("qemu").GetProperty("major").GetInt32().ShouldBeGreaterThan(5);
        (await client.ExecuteAsync("query-qmp-schema", null, Patience, CancellationToken.None)).GetArrayLength().ShouldBeGreaterThan(100);
        (await Should.ThrowAsync<QmpException>(() => client.ExecuteAsync("no-such-command", null, Patience, CancellationToken.None))).Fault.ShouldBe(QmpFault.Refused);
        await client.ExecuteAsync("quit", null, Patience, CancellationToken.None);

        (await process.Exited.WaitAsync(Patience)).ShouldBe(new ExitStatus(0, null));
        await client.Closed.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_killed_QEMU_closes_its_connection_and_its_status_is_known()
    {
        var process = await StartAsync();
        await using var client = await QmpClient.ConnectAsync(Path.Combine(_directory, "qmp"), Patience, TimeProvider.System, CancellationToken.None);
        process.Signal(ProcessCalls.SigKill);

        (await process.Exited.WaitAsync(Patience)).ShouldBe(new ExitStatus(null, 9));
        await client.Closed.WaitAsync(Patience);
        process.Signal(ProcessCalls.SigKill);
    }

    [Fact]
    public async Task QEMU_gets_nothing_of_our_environment_and_a_session_of_its_own()
    {
        var process = await StartAsync();
        var environment = "";
        await TestHost.UntilAsync(() => (environment = File.ReadAllText($"/proc/{process.Identity.Id}/environ")).Length > 0, () => "the kernel shows no environment");
        var session = (await File.ReadAllTextAsync($"/proc/{process.Identity.Id}/stat")).Split(") ")[1].Split(' ')[3];
        process.Signal(ProcessCalls.SigKill);
        await process.Exited.WaitAsync(Patience);

        environment.Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(variable => variable.Split('=')[0]).ShouldBe(["PATH", "LC_ALL"]);
        session.ShouldBe(process.Identity.Id.ToString());
    }

    [Fact]
    public async Task A_program_that_does_not_exist_is_an_error() =>
        (await Should.ThrowAsync<IOException>(() => StartAsync("/nowhere/qemu"))).Message.ShouldContain("/nowhere/qemu");

    private async Task<QemuProcess> StartAsync(string? program = null)
    {
        _launcher ??= Launcher.Open(
            await LauncherParts.MakeAsync(_directory, "pleiad-" + Path.GetFileName(_directory), program ?? Programs.Find("qemu-system-x86_64")!, NetworkMode.Namespace), [], _watch, TimeProvider.System);
        using var qmp = UnixSocket.Listen(Path.Combine(_directory, "qmp"));
        using var log = SerialLog.Open(Path.Combine(_directory, "log"));
        return await _launcher.StartAsync(new QemuLaunch(
            ["-M", "none", "-nodefaults", "-no-user-config", "-display", "none", "-chardev", "socket,id=qmp,fd=3,server=on,wait=off", "-mon", "chardev=qmp,mode=control"],
            log,
            [qmp.SafeHandle],
            1 << 20,
            MachineLimits.Of(1 << 20, 1, "tcg")));
    }
}
