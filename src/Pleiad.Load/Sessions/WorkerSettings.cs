using System.Net;
using System.Text;
using Pleiad.Load.Recording;
using Pleiad.Load.Running;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Sessions;

/// <summary>What all workers of a run share; read only.</summary>
internal sealed record WorkerSettings
{
    public required Scenario Scenario { get; init; }

    public required LoadPlan Plan { get; init; }

    public required LoadOptions Options { get; init; }

    public required IReadOnlyList<IPEndPoint> Addresses { get; init; }

    /// <summary>Which arrivals or users this worker has: those whose number is this modulo <see cref="Shares"/>.</summary>
    public required int Share { get; init; }

    public required int Shares { get; init; }

    /// <summary>The moment that is 0, as a <see cref="System.Diagnostics.Stopwatch"/> timestamp.</summary>
    public required long StartTimestamp { get; init; }

    public RequestLog? Log { get; init; }

    public byte[] Host { get; init; } = [];

    /// <summary>The clock for what is not measured: moments at which cookies are over.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public static byte[] HostOf(Uri target)
    {
        var name = target.HostNameType == UriHostNameType.IPv6 ? target.Host : target.IdnHost;
        return Encoding.ASCII.GetBytes(target.IsDefaultPort ? name : $"{name}:{target.Port}");
    }
}
