using System.Text.Json;
using Pleiad.Cli.Doctor;
using Pleiad.Cli.Output;
using Pleiad.Machines.Checking;
using Pleiad.Machines.Isolation;
using Pleiad.Machines.Qemu;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Doctor;

public sealed class DoctorTests
{
    [Theory]
    [InlineData("MemTotal: 1 kB\nMemAvailable:   23000000 kB\n", null, Verdict.Ok, "21.9 GiB available")]
    [InlineData("MemAvailable:   23000000 kB\n", 1L << 30, Verdict.Ok, "1.0 GiB left by the limit of this control group, 21.9 GiB available on the host")]
    [InlineData("MemAvailable:   23000000 kB\n", 50L << 20, Verdict.Warn, "50.0 MiB left by the limit of this control group, 21.9 GiB available on the host")]
    [InlineData("MemAvailable:   23000000 kB\n", 50L << 30, Verdict.Ok, "21.9 GiB available")]
    [InlineData("MemAvailable:     100000 kB\n", null, Verdict.Warn, "97.7 MiB available")]
    [InlineData("nothing\n", null, Verdict.Warn, "/proc/meminfo does not say how much is available")]
    internal void Memory_is_judged(string meminfo, long? group, Verdict verdict, string seen) =>
        (HostChecks.Memory(meminfo, group) with { Remedy = null }).ShouldBe(new Finding("memory", verdict, seen));

    [Theory]
    [InlineData(1L << 30, Verdict.Ok)]
    [InlineData(500L << 20, Verdict.Warn)]
    [InlineData(10L << 20, Verdict.Fail)]
    internal void Disk_is_judged(long free, Verdict verdict) => HostChecks.Disk("/data", free).Verdict.ShouldBe(verdict);

    [Theory]
    [InlineData("Max open files            20000                20000                files     \n", Verdict.Ok)]
    [InlineData("Max open files            unlimited            unlimited            files     \n", Verdict.Ok)]
    [InlineData("Max open files            1024                 524288               files     \n", Verdict.Warn)]
    internal void The_limit_of_open_files_is_judged(string limits, Verdict verdict)
    {
        var finding = HostChecks.OpenFiles(limits);

        finding.Verdict.ShouldBe(verdict);
        (finding.Remedy == "ulimit -n 65536").ShouldBe(verdict == Verdict.Warn);
    }

    [Theory]
    [InlineData("CapEff:\t000001ffffffffff\n", Verdict.Ok, "CAP_NET_ADMIN and CAP_SYS_ADMIN")]
    [InlineData("CapEff:\t0000000000000000\n", Verdict.Warn, "no CAP_NET_ADMIN, no CAP_SYS_ADMIN: machines use QEMU's user-mode network")]
    [InlineData("CapEff:\t0000000000001000\n", Verdict.Warn, "no CAP_SYS_ADMIN: machines use QEMU's user-mode network")]
    internal void Privileges_are_judged(string status, Verdict verdict, string seen) =>
        (NetworkChecks.Privileges(status) with { Remedy = null }).ShouldBe(new Finding("privileges", verdict, seen));

    [Theory]
    [InlineData(50L << 20, 10L << 20, 1000L << 20, Verdict.Ok, "about 18 idle machines of web fit in nine tenths of the memory (50.0 MiB each); about 90 clones (10.0 MiB each)")]
    [InlineData(50L << 20, null, 100L << 30, Verdict.Ok, "1,023 (what a bridge takes) idle machines of web fit in nine tenths of the memory (50.0 MiB each)")]
    [InlineData(50L << 20, null, 10L << 20, Verdict.Warn, "about 0 idle machines of web fit in nine tenths of the memory (50.0 MiB each)")]
    internal void Density_is_told(long booted, long? cloned, long available, Verdict verdict, string seen)
    {
        var finding = DensityChecks.Finding(new DensityReport("web", booted, cloned, available));

        (finding with { Remedy = null }).ShouldBe(new Finding("density", verdict, seen));
        (finding.Remedy is null).ShouldBe(verdict == Verdict.Ok);
    }

    [Fact]
    public void Missing_build_tools_come_with_the_exact_command()
    {
        var finding = GuestChecks.BuildTools(tool => tool is "make" or "ld" ? "/usr/bin/" + tool : null);

        finding.Verdict.ShouldBe(Verdict.Warn);
        finding.Seen.ShouldStartWith("missing: gcc, dpkg-source");
        finding.Remedy.ShouldEndWith("apt-get install -y --no-install-recommends gcc dpkg-dev");
    }

    [Theory]
    [InlineData("dnsmasq", "dnsmasq-base")]
    [InlineData("setpriv", "util-linux")]
    public void What_DHCP_lacks_is_a_warning_with_the_exact_command(string missing, string package)
    {
        var finding = NetworkChecks.Dhcp(tool => tool == missing ? null : "/usr/sbin/" + tool);

        finding.Verdict.ShouldBe(Verdict.Warn);
        finding.Seen.ShouldStartWith($"{missing} is not found");
        finding.Remedy.ShouldEndWith($"apt-get install -y --no-install-recommends {package}");
        NetworkChecks.Dhcp(tool => "/usr/sbin/" + tool).ShouldBe(new Finding("dhcp", Verdict.Ok, "/usr/sbin/dnsmasq"));
    }

    [Fact]
    public void A_protection_that_cannot_be_had_is_a_warning_with_its_remedy() =>
        IsolationChecks.Findings([new Protection("user", true, "its own", null), new Protection("limits", false, "not limited: none", "run Pleiad as root")]).ShouldBe(
        [
            new Finding("shut in: user", Verdict.Ok, "its own"),
            new Finding("shut in: limits", Verdict.Warn, "not limited: none", "run Pleiad as root"),
        ]);

    [Fact]
    public void An_old_QEMU_is_a_warning()
    {
        GuestChecks.QemuVersion(new Version(7, 2, 22)).Verdict.ShouldBe(Verdict.Ok);
        GuestChecks.QemuVersion(new Version(5, 2)).Verdict.ShouldBe(Verdict.Warn);
    }

    [Fact]
    public void An_accelerator_that_hangs_is_a_warning_as_long_as_another_works()
    {
        var hangs = new ProbeAttempt("kvm", false, "a guest did not start within 3 s", TimeSpan.FromSeconds(3));
        var works = new ProbeAttempt("tcg", true, "started in 29 ms", TimeSpan.FromMilliseconds(29));

        GuestChecks.Accelerators(new ProbeResult("tcg", [hangs, works], false)).Select(finding => finding.Verdict).ShouldBe([Verdict.Warn, Verdict.Ok]);
        GuestChecks.Accelerators(new ProbeResult(null, [hangs, works with { Works = false }], false)).Select(finding => finding.Verdict).ShouldBe([Verdict.Warn, Verdict.Fail]);
        GuestChecks.Accelerators(new ProbeResult("kvm", [hangs with { Works = true }], false)).Select(finding => finding.Verdict).ShouldBe([Verdict.Ok, Verdict.Ok]);
    }

    [Fact]
    public void What_QEMU_said_is_in_the_finding_but_not_in_the_reason_that_up_shows()
    {
        var ends = new ProbeAttempt("kvm", false, "/dev/kvm opens, but QEMU ended with an error", TimeSpan.Zero) { Detail = "Assertion `ret == 1' failed." };
        var result = new ProbeResult("tcg", [ends, new ProbeAttempt("tcg", true, "started in 29 ms", TimeSpan.Zero)], false);

        GuestChecks.Accelerators(result).First().Seen.ShouldContain("Assertion `ret == 1' failed.");
        result.Reason.ShouldBe("kvm: /dev/kvm opens, but QEMU ended with an error; tcg: started in 29 ms");
    }

    [Fact]
    public void A_user_without_a_right_to_kvm_is_told_how_to_get_it()
    {
        var result = new ProbeResult("tcg", [new("kvm", false, AcceleratorProbe.KvmForbidden, TimeSpan.Zero), new("tcg", true, "started in 29 ms", TimeSpan.Zero)], false);

        GuestChecks.Accelerators(result).First().Remedy.ShouldBe("sudo usermod -aG kvm \"$USER\", then log in again");
    }

    [Fact]
    public void Machines_can_run_unless_a_check_fails()
    {
        DoctorReport.Of([new("a", Verdict.Ok, ""), new("b", Verdict.Warn, "")]).CanRun.ShouldBeTrue();
        DoctorReport.Of([new("a", Verdict.Ok, ""), new("b", Verdict.Fail, "")]).CanRun.ShouldBeFalse();
    }

    [Fact]
    public void The_JSON_has_a_verdict_in_a_word()
    {
        var json = JsonSerializer.Serialize(DoctorReport.Of([new("qemu", Verdict.Fail, "not found", "apt-get install")]), CliJson.Default.DoctorReport);

        json.ShouldBe("""{"canRun":false,"checks":[{"name":"qemu","verdict":"fail","finding":"not found","remedy":"apt-get install"}]}""");
    }
}
