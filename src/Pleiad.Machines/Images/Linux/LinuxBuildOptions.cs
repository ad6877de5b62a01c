namespace Pleiad.Machines.Images.Linux;

/// <summary>What a Linux image is built from.</summary>
public sealed class LinuxBuildOrder
{
    /// <summary>Name of the image.</summary>
    public required string Name { get; set; }

    /// <summary>A static program, or a directory that becomes the root of the file system; null when there is a <see cref="Disk"/>.</summary>
    public string? Source { get; set; }

    /// <summary>A raw or qcow2 disk whose file system becomes the root; null when there is a <see cref="Source"/>.</summary>
    public string? Disk { get; set; }

    /// <summary>The service's program, absolute in the machine, and its arguments.</summary>
    /// <value><c>/service</c> by default, where a program given as <see cref="Source"/> stands.</value>
    public IReadOnlyList<string> Command { get; set; } = [];

    /// <summary><c>debian</c>, <c>trimmed</c>, or the path of a vmlinux or vmlinuz that has the virtio drivers built in.</summary>
    /// <value><c>debian</c> by default: the newest cloud kernel of this machine's Debian release.</value>
    public string Kernel { get; set; } = LinuxKernels.Debian;

    /// <summary>Numbers of the user and the group the service runs as; 0 is root.</summary>
    /// <value>1000 each by default.</value>
    public (uint User, uint Group) User { get; set; } = (1000, 1000);

    /// <summary>RAM of a machine, in bytes; whole MiB.</summary>
    /// <value>When null, 128 MiB, or more when the file system is large.</value>
    public long? MemoryBytes { get; set; }

    /// <summary>Virtual processors.</summary>
    /// <value>1 by default; from 1 to 64.</value>
    public int Vcpus { get; set; } = 1;

    /// <summary>TCP port of the service, which it finds in its variable <c>PORT</c>.</summary>
    /// <value>8080 by default; from 1 to 65535.</value>
    public int Port { get; set; } = ImageDocument.PortDefault;

    /// <summary>Path of the health check.</summary>
    /// <value><c>/health</c> by default.</value>
    public string Health { get; set; } = ImageDocument.HealthDefault;

    /// <summary>Further words of the kernel command line.</summary>
    public string Arguments { get; set; } = "";

    /// <summary>Environment of the service.</summary>
    public ServiceEnvironment Environment { get; set; } = ServiceEnvironment.Empty;
}

/// <summary>Where and how a <see cref="LinuxBuilder"/> works.</summary>
public sealed class LinuxBuilderOptions
{
    /// <summary>Directory for kernels and the init; may be shared by several processes and be deleted at any time.</summary>
    public required string CacheDirectory { get; set; }

    /// <summary>The directory <c>guest</c> of Pleiad's sources; found beside the program, or by the variable <c>PLEIAD_GUEST</c>, when null.</summary>
    public string? GuestDirectory { get; set; }

    /// <summary>Longest time to fetch a package.</summary>
    /// <value>10 min by default.</value>
    public TimeSpan FetchTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Longest time to compile the init.</summary>
    /// <value>5 min by default.</value>
    public TimeSpan MakeTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest time to compile a kernel.</summary>
    /// <value>2 h by default.</value>
    public TimeSpan KernelTimeout { get; set; } = TimeSpan.FromHours(2);
}

/// <summary>A built image.</summary>
/// <param name="Image">The image in the store.</param>
/// <param name="Kernel">Its kernel, for people, for example <c>linux-image-6.1.0-42-cloud-amd64 6.1.159-1</c>.</param>
public sealed record LinuxBuild(StoredImage Image, string Kernel);
