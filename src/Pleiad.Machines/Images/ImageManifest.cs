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
    /// <summary>What kind of image it is.</summary>
    /// <value><see cref="ImageKind.Unikernel"/> by default.</value>
    public ImageKind Kind { get; init; } = ImageKind.Unikernel;

    /// <summary>The file that the kernel gets as its first file system, a path as <see cref="Kernel"/>; null for none.</summary>
    /// <value>Required for <see cref="ImageKind.Linux"/>.</value>
    public string? Initramfs { get; init; }

    /// <summary>The disk, raw or qcow2, a path as <see cref="Kernel"/>; null for none. What a machine writes to it is the machine's own and goes with it.</summary>
    /// <value>Required for <see cref="ImageKind.Disk"/>.</value>
    public string? Disk { get; init; }

    /// <summary>Further words of the kernel command line, behind the address; empty for none.</summary>
    public string Arguments { get; init; } = "";

    /// <summary>Environment of the service, for guests with the shipped init.</summary>
    public ServiceEnvironment Environment { get; init; } = ServiceEnvironment.Empty;

    /// <summary>Virtual processors.</summary>
    /// <value>1 by default; from 1 to 64.</value>
    public int Vcpus { get; init; } = 1;

    /// <summary>Whether its guest takes a new identity over its serial line (docs/clones.md), so that machines of it may be clones of a template.</summary>
    /// <value>False by default; true for images that <c>pleiad image build</c> makes.</value>
    public bool Cloneable { get; init; }

    /// <summary>Its files by their keys in <c>image.yaml</c>, the kernel first.</summary>
    internal IEnumerable<(string Key, string Path)> Files
    {
        get
        {
            yield return ("kernel", Kernel);
            if (Initramfs is not null)
            {
                yield return ("initramfs", Initramfs);
            }

            if (Disk is not null)
            {
                yield return ("disk", Disk);
            }
        }
    }

    /// <summary>The same image with its files at other places.</summary>
    internal ImageManifest WithFiles(Func<string, string> place) =>
        this with { Kernel = place(Kernel), Initramfs = Initramfs is null ? null : place(Initramfs), Disk = Disk is null ? null : place(Disk) };
}

/// <summary>Kinds of images.</summary>
public enum ImageKind
{
    /// <summary>One file that is kernel and service: PVH or multiboot ELF.</summary>
    Unikernel,

    /// <summary>A Linux kernel with an initramfs that holds the service.</summary>
    Linux,

    /// <summary>A Linux kernel with a root file system on a disk, of which each machine has its own throwaway copy.</summary>
    Disk,
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
/// <param name="Manifest">Its manifest, its files as absolute paths in the store.</param>
/// <param name="Digest">SHA-256 over the manifest, which holds the SHA-256 of each file, as <c>sha256:</c> and 64 hexadecimal digits.</param>
/// <param name="Bytes">Size of its files together.</param>
/// <param name="Stored">When it was stored.</param>
public sealed record StoredImage(ImageManifest Manifest, string Digest, long Bytes, DateTimeOffset Stored)
{
    /// <summary>Why it cannot be used, in a sentence with the remedy; null when it is whole.</summary>
    public string? Damage { get; init; }
}
