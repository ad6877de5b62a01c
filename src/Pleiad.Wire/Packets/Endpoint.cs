using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Pleiad.Wire.Packets;

/// <summary>An address of IPv4 or IPv6, without allocation; IPv4 is kept as an IPv4-mapped IPv6 address.</summary>
internal readonly record struct NetAddress(ulong High, ulong Low)
{
    private const ulong MappedPrefix = 0x0000_ffff_0000_0000;

    public static NetAddress V4(uint address) => new(0, MappedPrefix | address);

    public bool IsV4 => High == 0 && (Low & 0xffff_ffff_0000_0000) == MappedPrefix;

    public static NetAddress From(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        (address.AddressFamily == AddressFamily.InterNetwork ? address.MapToIPv6() : address).TryWriteBytes(bytes, out _);
        return new NetAddress(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes), System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
    }

    /// <summary>Reads an address as protocols write it, IPv4 without allocation.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out NetAddress address)
    {
        const int TextBytesMax = 64;
        if (TryParseV4(text, out var v4))
        {
            address = V4(v4);
            return true;
        }

        address = default;
        return text.Length is > 0 and <= TextBytesMax && TryParse(System.Text.Encoding.Latin1.GetString(text), out address);
    }

    private static bool TryParseV4(ReadOnlySpan<byte> text, out uint address)
    {
        address = 0;
        var (parts, digits, part) = (1, 0, 0u);
        foreach (var letter in text)
        {
            if (letter == '.' && digits > 0)
            {
                address = (address << 8) | part;
                parts++;
                (digits, part) = (0, 0);
            }
            else if (char.IsAsciiDigit((char)letter) && digits < 3)
            {
                part = (part * 10) + letter - '0';
                digits++;
            }
            else
            {
                return false;
            }

            if (part > 255 || parts > 4)
            {
                return false;
            }
        }

        address = (address << 8) | part;
        return parts == 4 && digits > 0;
    }

    public static bool TryParse(string text, out NetAddress address)
    {
        address = default;
        if (!IPAddress.TryParse(text, out var parsed))
        {
            return false;
        }

        address = From(parsed);
        return true;
    }

    public override string ToString()
    {
        if (IsV4)
        {
            var v4 = (uint)Low;
            return string.Create(CultureInfo.InvariantCulture, $"{v4 >> 24}.{(v4 >> 16) & 255}.{(v4 >> 8) & 255}.{v4 & 255}");
        }

        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
        return new IPAddress(bytes).ToString();
    }
}

/// <summary>Address and port.</summary>
internal readonly record struct Endpoint(NetAddress Address, int Port)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Address.IsV4 ? $"{Address}" : $"[{Address}]")}:{Port}");
}
