using System.Buffers.Binary;
using Pleiad.Wire.Tcp;

namespace Pleiad.Wire.Protocols.Tns;

/// <summary>Oracle's Transparent Network Substrate: its packets in the clear; what they carry is taken as turns of request and answer.</summary>
internal sealed class TnsProtocol : Protocol
{
    public override string Name => "tns";

    public override Recognition Recognize(ReadOnlySpan<byte> bytes, bool? byOpener)
    {
        if (!TnsHeader.TryRead(bytes, out var header))
        {
            return Recognition.No;
        }

        // Data alone does not say who sent it; who opened the connection does.
        return header.Type switch
        {
            TnsType.Connect when bytes.Length >= 34 => Recognition.FromClient,
            TnsType.Accept or TnsType.Refuse or TnsType.Redirect or TnsType.Resend => Recognition.FromServer,
            TnsType.Data when byOpener is { } opened && header.Length == bytes.Length => opened ? Recognition.FromClient : Recognition.FromServer,
            _ => Recognition.No,
        };
    }

    public override IByteConversation Open(ConversationInfo conversation, int clientSide, IExchangeSink sink) => new TnsConversation(conversation, clientSide, Account, sink);
}

/// <summary>Types of TNS packets.</summary>
internal enum TnsType
{
    Connect = 1,
    Accept = 2,
    Acknowledge = 3,
    Refuse = 4,
    Redirect = 5,
    Data = 6,
    Null = 7,
    Abort = 9,
    Resend = 11,
    Marker = 12,
    Attention = 13,
    Control = 14,
    DataDescriptor = 15,
}

/// <summary>The eight bytes in front of every packet.</summary>
internal readonly record struct TnsHeader(int Length, TnsType Type)
{
    public const int Bytes = 8;
    private const int LengthMax = 1 << 21;

    public static bool TryRead(ReadOnlySpan<byte> bytes, out TnsHeader header)
    {
        header = default;
        if (bytes.Length < Bytes)
        {
            return false;
        }

        // Since version 315 the length has four bytes, where the checksum was always zero before.
        int length = BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (length == 0)
        {
            length = BinaryPrimitives.ReadInt32BigEndian(bytes);
        }
        else if (bytes[2] != 0 || bytes[3] != 0)
        {
            return false;
        }

        var type = (TnsType)bytes[4];
        if (length is < Bytes or > LengthMax || !Enum.IsDefined(type) || bytes[6] != 0 || bytes[7] != 0)
        {
            return false;
        }

        header = new TnsHeader(length, type);
        return true;
    }
}
