using System.Buffers.Binary;
using System.Net;
using System.Net.NetworkInformation;
using Pleiad.Machines.Checking;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Checking;

public sealed class GuestFramesTests
{
    private const int Port = 8080;
    private static readonly byte[] Card = [2, 0x50, 10, 77, 0, 2];
    private static readonly byte[] Own = [10, 77, 0, 2];
    private readonly GuestFrames _frames = new(new PhysicalAddress(Card), Port);

    [Fact]
    public void Nothing_was_seen_before_the_first_frame()
    {
        _frames.Count.ShouldBe(0);
        (_frames.AskedDhcp || _frames.TookOffer || _frames.AnsweredArp || _frames.TookConnection || _frames.RefusedConnection).ShouldBeFalse();
        _frames.Addresses.ShouldBeEmpty();
    }

    [Fact]
    public void Frames_of_others_and_pieces_of_frames_say_nothing()
    {
        var other = Frame(0x0806, Arp(2, Own));
        other[11] = 9;
        _frames.Add(other);
        _frames.Add([]);
        _frames.Add(new byte[13]);

        _frames.Count.ShouldBe(0);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public void Only_an_answer_to_ARP_is_one_and_both_tell_an_address(int operation, bool answer)
    {
        _frames.Add(Frame(0x0806, Arp(operation, Own)));

        _frames.AnsweredArp.ShouldBe(answer);
        _frames.Addresses.ShouldBe([new IPAddress(Own)]);
    }

    [Theory]
    [InlineData(1, true, false)]
    [InlineData(3, true, true)]
    [InlineData(7, false, false)]
    public void Asking_by_DHCP_and_taking_an_offer_are_told_apart(int kind, bool asked, bool took)
    {
        _frames.Add(Frame(0x0800, Packet(17, [0, 0, 0, 0], Dhcp((byte)kind))));

        _frames.AskedDhcp.ShouldBe(asked);
        _frames.TookOffer.ShouldBe(took);
        _frames.Addresses.ShouldBeEmpty();
    }

    [Fact]
    public void A_message_to_the_DHCP_port_that_is_none_is_no_question()
    {
        _frames.Add(Frame(0x0800, Packet(17, Own, [0, 68, 0, 67, 0, 9, 0, 0, 1])));

        _frames.AskedDhcp.ShouldBeFalse();
    }

    [Theory]
    [InlineData(0x12, Port, true, false)]
    [InlineData(0x14, Port, false, true)]
    [InlineData(0x10, Port, false, false)]
    [InlineData(0x12, 22, false, false)]
    [InlineData(0x14, 22, false, false)]
    public void A_connection_is_taken_or_refused_at_its_port_only(int flags, int port, bool took, bool refused)
    {
        var segment = new byte[20];
        BinaryPrimitives.WriteUInt16BigEndian(segment, (ushort)port);
        segment[13] = (byte)flags;
        _frames.Add(Frame(0x0800, Packet(6, Own, segment)));

        _frames.TookConnection.ShouldBe(took);
        _frames.RefusedConnection.ShouldBe(refused);
    }

    [Fact]
    public void Any_bytes_at_all_are_borne()
    {
        var chance = new Random(20261122);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[chance.Next(0, 400)];
            chance.NextBytes(bytes);
            var kind = (ushort)(chance.Next(2) == 0 ? 0x0800 : 0x0806);
            if (bytes.Length > 23 && chance.Next(2) == 0)
            {
                bytes[0] = 0x45;
                bytes[9] = chance.Next(2) == 0 ? (byte)17 : (byte)6;
                bytes[22] = 0;
                bytes[23] = 67;
            }

            _frames.Add(Frame(kind, bytes));
        }

        _frames.Count.ShouldBe(20_000);
        _frames.Addresses.Count.ShouldBe(4);
    }

    private static byte[] Frame(ushort kind, byte[] body) => [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, .. Card, (byte)(kind >> 8), (byte)kind, .. body];

    private static byte[] Arp(int operation, byte[] sender) => [0, 1, 8, 0, 6, 4, 0, (byte)operation, .. Card, .. sender, 0, 0, 0, 0, 0, 0, 10, 77, 0, 1];

    private static byte[] Packet(byte protocol, byte[] from, byte[] body) => [0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, .. from, 10, 77, 0, 1, .. body];

    private static byte[] Dhcp(byte kind) => [0, 68, 0, 67, 0, 0, 0, 0, .. new byte[236], 0x63, 0x82, 0x53, 0x63, 0, 12, 2, (byte)'a', (byte)'b', 53, 1, kind, 255];
}
