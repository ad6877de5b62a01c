using Pleiad.Machines.Hosting;

namespace Pleiad.Server.Hosting;

/// <summary>How a server runs: <c>pleiad up</c>, <c>pleiad demo</c> and tests.</summary>
public sealed class PleiadServerOptions
{
    /// <summary>The data directory; one running server at a time.</summary>
    public required string Data { get; set; }

    /// <summary>Directory of the image store, or null for <c>images</c> in <see cref="Data"/>.</summary>
    public string? Images { get; set; }

    /// <summary>Directory for downloads, builds and probe results, or null for <c>cache</c> in <see cref="Data"/>.</summary>
    public string? Cache { get; set; }

    /// <summary>Address of the API. Port 0 takes any free one. Addresses that are not loopback need a <see cref="Token"/>.</summary>
    public string Listen { get; set; } = "http://127.0.0.1:7070";

    /// <summary>Address of the gateway; port 0 takes any free one.</summary>
    public string Gateway { get; set; } = "http://127.0.0.1:7080";

    /// <summary>The store: <c>sqlite:FILE</c> or <c>postgres://…</c>; null for <c>state.db</c> in <see cref="Data"/>.</summary>
    public string? State { get; set; }

    /// <summary>Bearer token of the API and, off loopback, of the gateway (header <c>Pleiad-Token</c>); null for none.</summary>
    public string? Token { get; set; }

    /// <summary>Whether a gateway off loopback answers without the token, for services that are meant for everybody.</summary>
    public bool GatewayPublic { get; set; }

    /// <summary>Forced accelerator, or null to try kvm and fall back to tcg.</summary>
    public string? Accelerator { get; set; }

    /// <summary>Forced network mode, or null to choose.</summary>
    public NetworkMode? Network { get; set; }

    /// <summary>Addresses in the pool.</summary>
    /// <value>250 by default; from 1 to 65000.</value>
    public int AddressCount { get; set; } = 250;

    /// <summary>Time that work in machines gets to end when the server stops in order.</summary>
    /// <value>10 s by default; requests still in work then are cut, jobs are put back to waiting.</value>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether machines are left running when the server stops, to be adopted by the next.</summary>
    public bool KeepMachines { get; set; }

    /// <summary>Time between two health checks of a machine.</summary>
    public TimeSpan HealthInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Ended jobs and their results are kept this long.</summary>
    public TimeSpan JobsKept { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Events kept.</summary>
    public int EventsKept { get; set; } = 100_000;
}
