using System.Runtime.InteropServices;
using Pleiad.Machines.Tests.Guests;
using Pleiad.Machines.Tests.Hosts;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Isolation;

/// <summary><see cref="ControlGroupTests"/> on an emulated host whose control groups are of version 2 alone.</summary>
[Trait("Group", "hosts")]
public sealed class ControlGroupsTwoTests
{
    private static readonly TimeSpan TimeMax = TimeSpan.FromMinutes(7);

    /// <summary>In the group at the top, as in a container, and alone in a group of its own with a limit above it, as systemd has a unit with Delegate=yes.</summary>
    [Theory]
    [InlineData("/")]
    [InlineData("/system.slice/pleiad.service")]
    public async Task Limits_hold_and_groups_go_with_their_machines(string own)
    {
        var tests = Path.Combine(AppContext.BaseDirectory, "Pleiad.Machines.Tests");
        var dotnet = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var (status, console) = await EmulatedHost.RunAsync(
            $"""
            set -e
            cd /sys/fs/cgroup
            if [ {own} != / ]; then
                mkdir -p .{own}
                echo '+cpu +memory +pids' >cgroup.subtree_control
                echo '+cpu +memory +pids' >.{own}/../cgroup.subtree_control
                echo 2G >.{own}/../memory.max
            fi
            export PATH='{Environment.GetEnvironmentVariable("PATH")}' DOTNET_ROOT='{dotnet}' PLEIAD_TEST_IMAGE='{await GuestImage.KernelAsync()}'
            (
                echo $BASHPID >.{own}/cgroup.procs
                cat /proc/self/cgroup
                exec '{tests}' -class {typeof(ControlGroupTests).FullName} -noColor -noLogo
            )
            echo "groups left: $(find . -name 'pleiad-*' | wc -l)"
            """,
            TimeMax);

        status.ShouldBe(0, console);
        var lines = console.Split("\r\n");
        lines.ShouldContain("0::" + own, console);
        lines.ShouldContain(line => line.Contains("Errors: 0, Failed: 0, Skipped: 0, Not Run: 0"), console);
        lines.ShouldContain("groups left: 0", console);
    }
}
