using Pleiad.Machines.Hosting;
using Pleiad.Machines.Qemu;
using Shouldly;
using Xunit;
using TinyKernel = Pleiad.TestKit.TinyKernel;

namespace Pleiad.Machines.Tests.Qemu;

[Trait("Group", "machines")]
public sealed class AcceleratorProbeTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("plt-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task An_accelerator_is_found_by_starting_a_guest_and_every_attempt_tells_its_outcome()
    {
        var result = await AcceleratorProbe.ProbeAsync(TinyKernel.ThatHangs(_directory), null, TimeProvider.System, CancellationToken.None);

        result.Accelerator.ShouldNotBeNull();
        result.Cached.ShouldBeFalse();
        result.Attempts[0].Accelerator.ShouldBe("kvm");
        result.Attempts[^1].Works.ShouldBeTrue();
        result.Attempts[^1].Outcome.ShouldStartWith("started in ");
        result.Attempts.ShouldAllBe(attempt => attempt.Works || attempt.Outcome.Length > 0);
        if (result.Attempts.Count > 1)
        {
            result.Attempts[0].Works.ShouldBeFalse();
            result.Accelerator.ShouldBe("tcg");
        }
    }

    [Fact]
    public async Task A_result_is_kept_until_the_kernel_changes()
    {
        var kernel = TinyKernel.ThatHangs(_directory);
        var cache = Path.Combine(_directory, "cache");
        var first = await AcceleratorProbe.ProbeAsync(kernel, cache, TimeProvider.System, CancellationToken.None);
        var second = await AcceleratorProbe.ProbeAsync(kernel, cache, TimeProvider.System, CancellationToken.None);
        await File.AppendAllTextAsync(kernel, "changed");
        var third = await AcceleratorProbe.ProbeAsync(kernel, cache, TimeProvider.System, CancellationToken.None);

        second.Cached.ShouldBeTrue();
        second.Reason.ShouldBe(first.Reason);
        third.Cached.ShouldBeFalse();
    }

    [Fact]
    public async Task A_damaged_cache_is_no_cache()
    {
        var cache = Path.Combine(_directory, "cache");
        Directory.CreateDirectory(cache);
        await File.WriteAllTextAsync(Path.Combine(cache, "accelerator.json"), "{\"key\":");

        var result = await AcceleratorProbe.ProbeAsync(TinyKernel.ThatHangs(_directory), cache, TimeProvider.System, CancellationToken.None);

        result.Cached.ShouldBeFalse();
        result.Accelerator.ShouldNotBeNull();
    }

    [Theory]
    [InlineData("not us")]
    [InlineData("pleiad: panic: a guest that got only so far")]
    public async Task A_guest_that_does_not_say_it_is_ready_proves_nothing(string line)
    {
        var result = await AcceleratorProbe.ProbeAsync(TinyKernel.ThatEnds(_directory, line), null, TimeProvider.System, CancellationToken.None);

        result.Accelerator.ShouldBeNull();
        result.Attempts[^1].Outcome.ShouldStartWith("QEMU ended");
    }

    [Fact]
    public async Task A_missing_kernel_is_an_error_that_names_it()
    {
        var missing = Path.Combine(_directory, "none.elf");
        var error = await Should.ThrowAsync<MachineHostException>(() => AcceleratorProbe.ProbeAsync(missing, null, TimeProvider.System, CancellationToken.None));

        error.Fault.ShouldBe(MachineHostFault.BadOption);
        error.Message.ShouldContain(missing);
    }
}
