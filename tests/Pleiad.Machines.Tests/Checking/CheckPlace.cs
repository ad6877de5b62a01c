using Pleiad.Core.Identity;
using Pleiad.Machines.Checking;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Tests.Images;
using Shouldly;

namespace Pleiad.Machines.Tests.Checking;

/// <summary>Where a check of an image has its machines and network; whatever it found, nothing of them may be there in the end.</summary>
internal sealed class CheckPlace : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly string _namespace = "plt-" + MachineId.New().Value;

    internal string Path => _directory.Path;

    private string Machines => System.IO.Path.Combine(_directory.Path, "machines");

    internal ImageCheckOptions Options(StoredImage image, NetworkMode network, TimeSpan timeout) => new()
    {
        Directory = Machines,
        Namespace = _namespace,
        CacheDirectory = System.IO.Path.Combine(_directory.Path, "cache"),
        ProbeKernel = image.Manifest.Kernel,
        Accelerator = "tcg",
        Network = network,
        Starts = 3,
        Timeout = timeout,
    };

    public async ValueTask DisposeAsync()
    {
        new MachineMark(Machines).FindAll().ShouldBeEmpty();
        File.Exists(NamespaceNetwork.PathOf(_namespace)).ShouldBeFalse();
        new MachineFiles(Machines).Present().ShouldBeEmpty();
        await MachineHost.SweepAsync(Machines, _namespace, TimeProvider.System, CancellationToken.None);
        _directory.Dispose();
    }
}
