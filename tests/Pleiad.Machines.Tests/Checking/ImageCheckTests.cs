using Pleiad.Machines.Checking;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Tests.Guests;
using Shouldly;
using Xunit;
using TinyKernel = Pleiad.TestKit.TinyKernel;

namespace Pleiad.Machines.Tests.Checking;

[Trait("Group", "machines")]
public sealed class ImageCheckTests : IAsyncDisposable, IProgress<string>
{
    private readonly CheckPlace _place = new();
    private readonly List<string> _progress = [];
    private CancellationTokenSource? _interrupt;

    public async ValueTask DisposeAsync()
    {
        _interrupt?.Dispose();
        await _place.DisposeAsync();
    }

    [Theory]
    [InlineData(NetworkMode.Namespace, MachineType.Microvm, NicModel.VirtioMmio)]
    [InlineData(NetworkMode.Namespace, MachineType.Q35, NicModel.VirtioPci)]
    [InlineData(NetworkMode.User, MachineType.Pc, NicModel.VirtioPci)]
    public async Task An_image_that_works_is_measured(NetworkMode network, MachineType machine, NicModel nic)
    {
        var image = GuestImage.Of(await GuestImage.KernelAsync(), platform: new MachinePlatform(machine, nic));

        var report = await CheckAsync(image with { Manifest = image.Manifest with { MemoryBytes = 16 << 20 } }, network);

        report.Works.ShouldBeTrue(report.Failure?.Summary);
        report.Failure.ShouldBeNull();
        report.AddressBy.ShouldBe(AddressWay.CommandLine);
        report.FirstAnswersMs.Count.ShouldBe(3);
        report.FirstAnswerMs.ShouldBe(report.FirstAnswersMs.Order().ElementAt(1));
        report.Health.ShouldNotBeNull().Status.ShouldBe(200);
        report.Health.Body.ShouldContain("\"service\":\"echo\"");
        report.QemuMemoryBytes.ShouldNotBeNull().ShouldBeInRange(4 << 20, 400 << 20);
        report.MemorySmallestBytes.ShouldNotBeNull().ShouldBeInRange(2 << 20, 16 << 20);
        report.MemoryTooSmallBytes.ShouldBe(report.MemorySmallestBytes - (1 << 20));
        _progress.ShouldContain("1 MiB are too little");
    }

    [Fact]
    public async Task A_guest_that_uses_another_address_is_found_out()
    {
        var report = await FailingAsync("ip=192.168.7.7/24 port={port} # {ip}");

        report.Failure!.Summary.ShouldBe("it uses 192.168.7.7 and not the address it was given");
        report.Failure.Log.ShouldContain(line => line.Contains("address=192.168.7.7", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_service_at_another_port_is_found_out()
    {
        var report = await FailingAsync("ip={ip}/{prefix} gw={gateway} port=99");

        report.Failure!.Summary.ShouldBe("it has its address, and nothing listens at port 8080");
        report.Failure.Seen.ShouldContain("it answered ARP for 10.77.0.2");
        report.Failure.Seen.ShouldContain("it refused TCP connections at its port");
        report.Failure.Seen.ShouldContain("it did not ask for an address by DHCP");
    }

    [Fact]
    public async Task A_guest_that_ends_is_quoted()
    {
        var report = await CheckAsync(GuestImage.Of(TinyKernel.ThatEnds(_place.Path)));

        report.Works.ShouldBeFalse();
        report.Failure!.Summary.ShouldEndWith("its last words: tiny: panic: the end");
        report.Failure.Log.ShouldContain("tiny: panic: the end");
    }

    [Fact]
    public async Task A_guest_that_only_prints_has_sent_nothing()
    {
        var report = await CheckAsync(GuestImage.Of(TinyKernel.ThatHangs(_place.Path, "tiny: up")));

        report.Failure!.Summary.ShouldBe("it runs and does not answer on the network");
        report.Failure.Seen.ShouldContain("it sent nothing on the network");
        report.Failure.Remedy.ShouldContain("it may have no driver for virtio-mmio");
        report.Failure.Log.ShouldBe(["tiny: up"]);
    }

    [Fact]
    public async Task A_check_that_is_interrupted_leaves_nothing()
    {
        _interrupt = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(async () => await CheckAsync(await GuestImage.GetAsync()));

        _progress.Count.ShouldBe(2);
    }

    /// <summary>Interrupts in the middle, when that is wanted.</summary>
    void IProgress<string>.Report(string value)
    {
        _progress.Add(value);
        if (_progress.Count == 2)
        {
            _interrupt?.Cancel();
        }
    }

    private async Task<ImageCheckReport> FailingAsync(string address)
    {
        var image = await GuestImage.GetAsync();
        var report = await CheckAsync(image with { Manifest = image.Manifest with { Address = address } });
        report.Works.ShouldBeFalse();
        report.FirstAnswersMs.ShouldBeEmpty();
        return report;
    }

    private Task<ImageCheckReport> CheckAsync(StoredImage image, NetworkMode network = NetworkMode.Namespace) => ImageCheck.RunAsync(
        image,
        _place.Options(
            image, network, TimeSpan.FromSeconds(image.Manifest.Kernel.Contains("tiny", StringComparison.Ordinal) || !image.Manifest.Address.EndsWith("port={port}", StringComparison.Ordinal) ? 3 : 30)),
        this,
        TimeProvider.System,
        _interrupt?.Token ?? CancellationToken.None);
}
