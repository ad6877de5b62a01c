using Pleiad.Wire.Packets;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Protocols.Ajp;
using Pleiad.Wire.Protocols.Http;
using Pleiad.Wire.Protocols.PostgreSql;
using Pleiad.Wire.Protocols.Tns;
using Pleiad.Wire.Tcp;

namespace Pleiad.Wire.Captures;

/// <summary>From frames to exchanges: decoding, reassembly and the protocols in one place, with the account of each.</summary>
internal sealed class TrafficReader
{
    private readonly PacketDecoder _decoder = new();
    private readonly TcpReassembler _reassembler;

    public TrafficReader(IExchangeSink sink, TcpOptions? options = null)
    {
        Protocols = [new AjpProtocol(), new HttpProtocol(), new PostgreSqlProtocol(Statements), new TnsProtocol()];
        _reassembler = new TcpReassembler(options ?? new TcpOptions(), connection => new ProtocolRecognizer(Protocols, Unknown, sink, connection));
    }

    public StatementTable Statements { get; } = new();

    public IReadOnlyList<Protocol> Protocols { get; }

    public UnknownAccount Unknown { get; } = new();

    public PacketAccount Packets => _decoder.Account;

    public TcpAccount Tcp => _reassembler.Account;

    public int OpenConnections => _reassembler.Open;

    public void Take(in Frame frame)
    {
        if (_decoder.TryDecode(frame, out var segment))
        {
            _reassembler.Take(ref segment);
        }
    }

    /// <summary>Nothing more comes: every connection ends.</summary>
    public void End() => _reassembler.End();

    /// <summary>Reads a capture to its end.</summary>
    public void ReadAll(CaptureReader capture, CancellationToken cancellation)
    {
        const int FramesBetweenLooks = 4096;
        var untilLook = FramesBetweenLooks;
        while (capture.TryRead(out var frame))
        {
            Take(frame);
            if (--untilLook == 0)
            {
                cancellation.ThrowIfCancellationRequested();
                untilLook = FramesBetweenLooks;
            }
        }

        End();
    }
}
