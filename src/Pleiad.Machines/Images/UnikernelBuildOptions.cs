namespace Pleiad.Machines.Images;

/// <summary>What the built image says beside its name and kernel.</summary>
public sealed class UnikernelBuildOptions
{
    /// <summary>RAM of a machine, in bytes; whole MiB.</summary>
    /// <value>4 MiB by default; from 1 MiB to 64 GiB.</value>
    public long MemoryBytes { get; set; } = 4L << 20;

    /// <summary>TCP port of the service.</summary>
    /// <value>8080 by default; from 1 to 65535.</value>
    public int Port { get; set; } = ImageDocument.PortDefault;

    /// <summary>Path of the health check.</summary>
    /// <value><c>/health</c> by default, which the guest answers itself.</value>
    public string Health { get; set; } = ImageDocument.HealthDefault;
}

/// <summary>Where and how a <see cref="UnikernelBuilder"/> works.</summary>
public sealed class UnikernelBuilderOptions
{
    /// <summary>Directory for lwIP's sources and built kernels; may be shared by several processes and be deleted at any time.</summary>
    public required string CacheDirectory { get; set; }

    /// <summary>The directory <c>guest</c> of Pleiad's sources; found beside the program, or by the variable <c>PLEIAD_GUEST</c>, when null.</summary>
    public string? GuestDirectory { get; set; }

    /// <summary>Longest time to fetch lwIP's sources.</summary>
    /// <value>10 min by default.</value>
    public TimeSpan FetchTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Longest time to compile and link.</summary>
    /// <value>5 min by default.</value>
    public TimeSpan MakeTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Built kernels kept in the cache.</summary>
    /// <value>16 by default.</value>
    public int KernelsKeptMax { get; set; } = 16;
}

/// <summary>A built image.</summary>
/// <param name="Image">The image in the store.</param>
/// <param name="FromCache">True when nothing had to be compiled.</param>
public sealed record UnikernelBuild(StoredImage Image, bool FromCache);
