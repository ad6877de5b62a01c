using System.Buffers.Binary;
using Pleiad.Wire.Packets;

namespace Pleiad.Wire.Tests.Fixtures;

/// <summary>Makes a classic capture of TCP segments between a client and a server.</summary>
internal sealed class FrameWriter(bool isBigEndian = false, bool isIpv6 = false)
{
    public const long FirstNs = 1_700_000_000_000_000_000;

    private readonly List<byte> _out = [];
    private readonly Dictionary<int, (uint ClientNext, uint ServerNext)> _others = [];
    private long _timeNs = FirstNs;
    private int _ipId = 1;
    private int _lastAt;

    public int ClientPort { get; set; } = 40000;

    public int ServerPort { get; set; } = 8080;

    public uint ClientNext { get; set; } = 1000;

    public uint ServerNext { get; set; } = 5000;

    /// <summary>Time between frames.</summary>
    public const long StepNs = 1_000_000;

    public byte[] ToCapture()
    {
        using var whole = new MemoryStream();
        Span<byte> header = stackalloc byte[24];
        header.Clear();
        U32(header, 0xa1b23c4d);
        U32(header[16..], 262_144);
        U32(header[20..], 1);
        whole.Write(header);
        whole.Write(_out.ToArray());
        return whole.ToArray();
    }

    public FrameWriter Open()
    {
        Segment(true, [], TcpFlags.Syn, ClientNext - 1, 0);
        Segment(false, [], TcpFlags.Syn | TcpFlags.Ack, ServerNext - 1, ClientNext);
        return this;
    }

    /// <summary>Goes on with the connection to a server's port, whose numbers are kept apart.</summary>
    public FrameWriter On(int serverPort)
    {
        _others[ServerPort] = (ClientNext, ServerNext);
        (ClientNext, ServerNext) = _others.TryGetValue(serverPort, out var numbers) ? numbers : (1000, 5000);
        ServerPort = serverPort;
        return this;
    }

    public FrameWriter Client(string text) => Data(true, Bytes(text));

    public FrameWriter Server(string text) => Data(false, Bytes(text));

    public FrameWriter Data(bool fromClient, byte[] data)
    {
        Segment(fromClient, data, TcpFlags.Ack | TcpFlags.Psh, fromClient ? ClientNext : ServerNext, fromClient ? ServerNext : ClientNext);
        Advance(fromClient, data.Length);
        return this;
    }

    /// <summary>Counts bytes as sent that no frame shows.</summary>
    public FrameWriter Lose(bool fromClient, int bytes)
    {
        Advance(fromClient, bytes);
        return this;
    }

    /// <summary>A segment at a place of one's own; nothing advances.</summary>
    public FrameWriter At(bool fromClient, uint sequence, string text, TcpFlags flags = TcpFlags.Ack)
    {
        Segment(fromClient, Bytes(text), flags, sequence, fromClient ? ServerNext : ClientNext);
        return this;
    }

    public FrameWriter Acknowledge(bool fromClient)
    {
        Segment(fromClient, [], TcpFlags.Ack, fromClient ? ClientNext : ServerNext, fromClient ? ServerNext : ClientNext);
        return this;
    }

    public FrameWriter Finish(bool fromClient)
    {
        Segment(fromClient, [], TcpFlags.Fin | TcpFlags.Ack, fromClient ? ClientNext : ServerNext, fromClient ? ServerNext : ClientNext);
        Advance(fromClient, 1);
        return this;
    }

    public FrameWriter Wait(long ns)
    {
        _timeNs += ns;
        return this;
    }

    /// <summary>The last frame once more, the very same.</summary>
    public FrameWriter Repeat()
    {
        _out.AddRange(_out.GetRange(_lastAt, _out.Count - _lastAt));
        return this;
    }

    private void Advance(bool fromClient, int bytes)
    {
        if (fromClient)
        {
            ClientNext += (uint)bytes;
        }
        else
        {
            ServerNext += (uint)bytes;
        }
    }

    private void Segment(bool fromClient, byte[] data, TcpFlags flags, uint sequence, uint acknowledged)
    {
        var ipBytes = isIpv6 ? 40 : 20;
        var frame = new byte[14 + ipBytes + 20 + data.Length];
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(12), (ushort)(isIpv6 ? 0x86dd : 0x0800));
        var ip = frame.AsSpan(14);
        var (from, to) = fromClient ? ((byte)1, (byte)2) : ((byte)2, (byte)1);
        if (isIpv6)
        {
            ip[0] = 0x60;
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)(20 + data.Length));
            ip[6] = 6;
            (ip[8], ip[23], ip[24], ip[39]) = (0xfd, from, 0xfd, to);
        }
        else
        {
            ip[0] = 0x45;
            BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)(40 + data.Length));
            BinaryPrimitives.WriteUInt16BigEndian(ip[4..], (ushort)_ipId++);
            ip[9] = 6;
            (ip[12], ip[15], ip[16], ip[19]) = (10, from, 10, to);
        }

        var tcp = ip[ipBytes..];
        BinaryPrimitives.WriteUInt16BigEndian(tcp, (ushort)(fromClient ? ClientPort : ServerPort));
        BinaryPrimitives.WriteUInt16BigEndian(tcp[2..], (ushort)(fromClient ? ServerPort : ClientPort));
        BinaryPrimitives.WriteUInt32BigEndian(tcp[4..], sequence);
        BinaryPrimitives.WriteUInt32BigEndian(tcp[8..], acknowledged);
        tcp[12] = 5 << 4;
        tcp[13] = (byte)flags;
        data.CopyTo(tcp[20..]);
        Write(frame);
    }

    private void Write(byte[] frame)
    {
        _lastAt = _out.Count;
        Span<byte> header = stackalloc byte[16];
        U32(header, (uint)(_timeNs / 1_000_000_000));
        U32(header[4..], (uint)(_timeNs % 1_000_000_000));
        U32(header[8..], (uint)frame.Length);
        U32(header[12..], (uint)frame.Length);
        _out.AddRange(header);
        _out.AddRange(frame);
        _timeNs += StepNs;
    }

    private void U32(Span<byte> target, uint value)
    {
        if (isBigEndian)
        {
            BinaryPrimitives.WriteUInt32BigEndian(target, value);
        }
        else
        {
            BinaryPrimitives.WriteUInt32LittleEndian(target, value);
        }
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.Latin1.GetBytes(text);
}
