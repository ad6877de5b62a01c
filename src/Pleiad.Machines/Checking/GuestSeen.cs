using System.Globalization;
using System.Net;

namespace Pleiad.Machines.Checking;

/// <summary>What was seen of a machine that did not come to answer.</summary>
/// <param name="Ip">The address it was meant to have.</param>
/// <param name="Waited">How long it had.</param>
/// <param name="Log">The last lines of its serial log.</param>
internal sealed record GuestSeen(IPAddress Ip, TimeSpan Waited, IReadOnlyList<string> Log)
{
    /// <summary>Why the machine failed before its time was up, for example that QEMU ended; null when QEMU ran all the time.</summary>
    public string? Ended { get; init; }

    /// <summary>What it answered at its health path; null for no HTTP.</summary>
    public HealthSeen? Health { get; init; }

    /// <summary>What came of asking its health path, when not an answer.</summary>
    public string? HealthProblem { get; init; }

    /// <summary>Its frames; null when they cannot be seen, as in QEMU's user-mode network.</summary>
    public GuestFrames? Frames { get; init; }

    /// <summary>A larger memory that it does answer with; null when none was found.</summary>
    public long? MemoryThatWorks { get; init; }

    /// <summary>All of it, one sentence each.</summary>
    public IReadOnlyList<string> Sentences()
    {
        var sentences = new List<string>
        {
            Ended ?? string.Create(CultureInfo.InvariantCulture, $"QEMU ran for the {Waited.TotalSeconds:0.#} s that were waited"),
            Log.Count == 0 ? "nothing was printed on the serial line" : $"it printed on the serial line; the last line: {Log[^1]}",
        };
        if (Frames is { } frames)
        {
            sentences.Add(frames.Count == 0 ? "it sent nothing on the network" : "it sent frames on the network");
            sentences.Add(frames.AskedDhcp ? frames.TookOffer ? "it asked for an address by DHCP and took what it was offered" : "it asked for an address by DHCP" : "it did not ask for an address by DHCP");
            sentences.Add(frames.AnsweredArp ? $"it answered ARP for {Ip}" : $"it did not answer ARP for {Ip}");
            if (frames.Addresses.Count > 0)
            {
                sentences.Add($"it spoke as {string.Join(", ", frames.Addresses)}");
            }

            sentences.Add(frames.TookConnection ? "it took a TCP connection at its port" : frames.RefusedConnection ? "it refused TCP connections at its port" : "it neither took nor refused TCP connections at its port");
        }

        if (Health is { } health)
        {
            sentences.Add($"it answered {health.Path} with status {health.Status}");
        }
        else if (HealthProblem is not null)
        {
            sentences.Add($"asked for its health: {HealthProblem}");
        }

        return sentences;
    }
}
