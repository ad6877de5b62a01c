using System.Buffers.Binary;
using System.Text;
using Pleiad.Machines.Images.Linux;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images.Linux;

public sealed class KernelModulesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Modules_stand_behind_those_they_need_once_each()
    {
        Module("drivers/virtio_net", "virtio,net_failover");
        Module("drivers/virtio_mmio", "virtio_ring,virtio");
        Module("core/virtio", "virtio-ring");
        Module("core/virtio-ring", "");
        Module("core/net_failover", "failover");
        _directory.Write("modules.builtin", "kernel/net/core/failover.ko\n");

        KernelModules.InOrder(_directory.Path, ["virtio_mmio", "virtio_net"]).Select(KernelModules.NameOf).ShouldBe(["virtio_ring", "virtio", "virtio_mmio", "net_failover", "virtio_net"]);
        Should.Throw<InvalidDataException>(() => KernelModules.InOrder(_directory.Path, ["virtio_blk"])).Message.ShouldContain("no module virtio_blk");
    }

    [Fact]
    public void Modules_that_are_packed_have_their_names_too() => KernelModules.NameOf("/lib/x/virtio-ring.ko.xz").ShouldBe("virtio_ring");

    [Fact]
    public void A_signature_is_taken_off_and_nothing_else()
    {
        var module = "the module"u8.ToArray();
        var info = new byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(info.AsSpan(8), 5);
        byte[] signed = [.. module, 1, 2, 3, 4, 5, .. info, .. "~Module signature appended~\n"u8];

        KernelModules.WithoutSignature(signed).ToArray().ShouldBe(module);
        KernelModules.WithoutSignature(module).ToArray().ShouldBe(module);
        BinaryPrimitives.WriteUInt32BigEndian(signed.AsSpan(module.Length + 5 + 8), 5_000);
        KernelModules.WithoutSignature(signed).ToArray().ShouldBe(signed, "a length that cannot be is none");
    }

    private void Module(string path, string needs) => _directory.Write($"kernel/{path}.ko", $"\u007fELF{Encoding.ASCII.GetString(new byte[20])}license=GPL\0depends={needs}\0name=x\0");
}
