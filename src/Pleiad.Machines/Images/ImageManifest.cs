namespace Pleiad.Machines.Images;

/// <summary>What a machine boots from and how, as <c>image.yaml</c> says it.</summary>
/// <param name="Name">Unique name; keeps <see cref="Core.Identity.Names.Rule"/>.</param>
/// <param name="Kernel">The kernel file: relative to the manifest in <c>image.yaml</c>, absolute once stored.</param>
/// <param name="Platform">The virtual hardware it expects.</param>
/// <param name="Address">Template of the kernel command line: <c>{ip}</c>, <c>{prefix}</c>, <c>{gateway}</c>, <c>{netmask}</c>, <c>{mac}</c> and <c>{port}</c> are replaced; or <c>dhcp</c>; see <see cref="AddressTemplate"/>.</param>
/// <param name="MemoryBytes">RAM of the machine, from 1 MiB to 64 GiB.</param>
/// <param name="Port">TCP port of the service, 1–65535.</param>
/// <param name="Health">Path that answers 2xx when the service works, begins with '/'.</param>
public sealed record ImageManifest(string Name, string Kernel, MachinePlatform Platform, string Address, long MemoryBytes, int Port, string Health)
{
    /// <summary>What kind of image it is; <see cref="ImageKind.Unikernel"/> so far.</summary>
    public ImageKind Kind { get; init; } = ImageKind.Unikernel;

    /// <summary>Whether its guest takes a new identity over its serial line (docs/clones.md), so that a running one can be copied.</summary>
    public bool Cloneable { get; init; }
}

/// <summary>Kinds of images.</summary>
public enum ImageKind
{
    /// <summary>One file that is kernel and service: PVH or multiboot ELF.</summary>
    Unikernel,
}

/// <summary>The virtual hardware an image expects.</summary>
/// <param name="Machine">QEMU's machine type.</param>
/// <param name="Nic">The network card.</param>
public sealed record MachinePlatform(MachineType Machine, NicModel Nic);

/// <summary>QEMU machine types in use.</summary>
public enum MachineType
{
    /// <summary>microvm: no PCI, devices on virtio-mmio; quickest to start.</summary>
    Microvm,

    /// <summary>q35: PCI Express chipset.</summary>
    Q35,

    /// <summary>pc: the i440FX chipset.</summary>
    Pc,
}

/// <summary>Network cards in use.</summary>
public enum NicModel
{
    /// <summary>virtio over memory-mapped registers (microvm).</summary>
    VirtioMmio,

    /// <summary>virtio over PCI (q35, pc).</summary>
    VirtioPci,
}

/// <summary>An image in the store.</summary>
/// <param name="Manifest">Its manifest, the kernel as an absolute path in the store.</param>
/// <param name="Digest">SHA-256 over the manifest, which holds the kernel's SHA-256, as <c>sha256:</c> and 64 hexadecimal digits.</param>
/// <param name="Bytes">Size of the kernel file.</param>
/// <param name="Stored">When it was stored.</param>
public sealed record StoredImage(ImageManifest Manifest, string Digest, long Bytes, DateTimeOffset Stored)
{
    /// <summary>Why it cannot be used, in a sentence with the remedy; null when it is whole.</summary>
    public string? Damage { get; init; }
}
