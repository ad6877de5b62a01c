using System.Globalization;
using Pleiad.Wire.Captures;
using Pleiad.Wire.Protocols;

namespace Pleiad.Wire.Tests.Fixtures;

/// <summary>What tshark read from a stored capture: a row for each frame with a message of a protocol that both know (Golden/tshark/make.sh).</summary>
internal sealed record TsharkRow(int Frame, long TimeNs, int SourcePort, int TargetPort, string HttpMethod, string HttpUri, string HttpStatus, string AjpCode, string AjpMethod, string AjpUri, string AjpStatus, string PgFrontend, string PgTypes, string TnsType)
{
    public static IReadOnlyList<TsharkRow> Of(string name) =>
        [.. File.ReadLines(Path.Combine(TestCaptures.Root, "..", "Pleiad.Wire.Tests", "Golden", "tshark", Path.GetFileName(name) + ".tsv")).Skip(1).Select(line => line.Split('\t')).Select(cells => new TsharkRow(
            int.Parse(cells[0], CultureInfo.InvariantCulture), Nanoseconds(cells[1]), int.Parse(cells[2], CultureInfo.InvariantCulture), int.Parse(cells[3], CultureInfo.InvariantCulture),
            cells[4], cells[5], cells[6], cells[7], cells[8], cells[9], cells[10], cells[11], cells[12], cells[13]))];

    private static long Nanoseconds(string epoch)
    {
        var point = epoch.IndexOf('.', StringComparison.Ordinal);
        return (long.Parse(epoch.AsSpan(0, point), CultureInfo.InvariantCulture) * 1_000_000_000) + long.Parse(epoch.AsSpan(point + 1), CultureInfo.InvariantCulture);
    }
}

/// <summary>The same capture as the parsers here read it: every message with its frame, and every exchange.</summary>
internal sealed class OwnReading
{
    private readonly Dictionary<long, int> _frames = [];

    public OwnReading(string name)
    {
        var whole = TestCaptures.Unpacked(name);
        using (var frames = CaptureReader.Open(new MemoryStream(whole)))
        {
            for (var number = 1; frames.TryRead(out var frame); number++)
            {
                // Of frames of the same moment the first; ndpi-ajp holds each once more with another port.
                _frames.TryAdd(frame.TimeNs, number);
            }
        }

        var traffic = new TrafficReader(Log);
        foreach (var protocol in traffic.Protocols)
        {
            protocol.Account.Observer = (conversation, role, code, nowNs) => Messages.Add(new OwnMessage(_frames[nowNs], conversation, role, code));
        }

        using var reader = CaptureReader.Open(new MemoryStream(whole));
        traffic.ReadAll(reader, CancellationToken.None);
    }

    public ExchangeLog Log { get; } = new();

    public List<OwnMessage> Messages { get; } = [];

    public IEnumerable<OwnMessage> Of(string protocol) => Messages.Where(message => message.Conversation.Protocol == protocol);

    public int FrameAt(long timeNs) => _frames[timeNs];
}

/// <summary>One message and the frame that made it readable.</summary>
internal sealed record OwnMessage(int Frame, ConversationInfo Conversation, Role Role, int Code);
