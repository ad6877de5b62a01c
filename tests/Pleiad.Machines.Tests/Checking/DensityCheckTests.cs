using Pleiad.Machines.Checking;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Tests.Guests;
using Shouldly;
using Xunit;
using TinyKernel = Pleiad.TestKit.TinyKernel;

namespace Pleiad.Machines.Tests.Checking;

[Trait("Group", "machines")]
public sealed class DensityCheckTests : IAsyncDisposable
{
    private const long Available = 10L << 30;
    private readonly CheckPlace _place = new();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public async Task What_machines_take_says_how_many_fit()
    {
        var image = await GuestImage.GetAsync();

        var report = await CheckAsync(image with { Manifest = image.Manifest with { Cloneable = true } });

        report.Image.ShouldBe(image.Manifest.Name);
        report.BootedBytes.ShouldBeInRange(4 << 20, 100 << 20);
        report.ClonedBytes.ShouldNotBeNull().ShouldBeInRange(1 << 20, report.BootedBytes);
        report.Booted.ShouldBe((long)(0.9 * Available / report.BootedBytes));
        report.Cloned.ShouldBe(Math.Min(DensityReport.PortsMax, (long)(0.9 * Available / report.ClonedBytes!.Value)));
    }

    [Fact]
    public async Task An_image_that_does_not_say_that_it_can_be_cloned_is_not()
    {
        var image = await GuestImage.GetAsync();

        var report = await CheckAsync(image with { Manifest = image.Manifest with { Cloneable = false } });

        report.BootedBytes.ShouldBeGreaterThan(0);
        report.ClonedBytes.ShouldBeNull();
        report.Cloned.ShouldBeNull();
    }

    [Fact]
    public async Task An_image_that_does_not_come_up_is_named_with_the_command_that_says_more()
    {
        var image = GuestImage.Of(TinyKernel.ThatEnds(_place.Path));

        var failure = await Should.ThrowAsync<MachineHostException>(CheckAsync(image));

        failure.Message.ShouldContain("does not come up");
        failure.Message.ShouldEndWith($"'pleiad image check {image.Manifest.Name}' says more");
    }

    private Task<DensityReport> CheckAsync(StoredImage image) =>
        DensityCheck.RunAsync(image, _place.Options(image, NetworkMode.Namespace, TimeSpan.FromSeconds(30)), Available, TimeProvider.System, CancellationToken.None);
}
