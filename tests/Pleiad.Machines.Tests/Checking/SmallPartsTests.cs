using System.Net;
using System.Net.NetworkInformation;
using Pleiad.Machines.Checking;
using Pleiad.Machines.Images;
using Pleiad.Machines.Tests.Guests;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Checking;

public sealed class SmallPartsTests
{
    private static readonly byte[] Card = [2, 0x50, 10, 77, 0, 2];
    private static readonly IPAddress Ip = new([10, 77, 0, 2]);

    [Fact]
    public void The_search_finds_the_smallest_memory_whatever_it_is_in_few_tries()
    {
        foreach (var given in (long[])[1, 2, 3, 4, 5, 16, 64, 100, 127])
        {
            for (var needed = 1L; needed <= given; needed++)
            {
                var (search, tries) = Run(given, needed);

                search.WorksMebibytes.ShouldBe(needed, $"{needed} of {given}");
                search.FailsMebibytes.ShouldBe(search.WorksMebibytes - 1, $"{needed} of {given}");
                tries.ShouldBeLessThanOrEqualTo(8);
            }
        }
    }

    [Fact]
    public void The_search_in_a_large_memory_is_content_with_a_64th()
    {
        var (search, tries) = Run(65_536, 40_000);

        search.WorksMebibytes.ShouldBeInRange(40_000, 40_000 + (40_000 / 64) + 1);
        search.FailsMebibytes.ShouldBeInRange(40_000 - (40_000 / 64) - 1, 39_999);
        tries.ShouldBeLessThanOrEqualTo(8);
    }

    [Theory]
    [InlineData("55d0-7ffd ---p 00000000 00:00 0 [rollup]\nRss:   26036 kB\nPss:               17600 kB\nPss_Dirty: 1 kB\n", 17_600L << 10)]
    [InlineData("Pss_Dirty: 1 kB\n", null)]
    [InlineData("Pss: many kB\n", null)]
    public void A_process_s_share_is_read(string text, long? bytes) => ProcessMemory.Read(text).ShouldBe(bytes);

    [Fact]
    public void This_process_has_a_share() => ProcessMemory.Proportional(Environment.ProcessId).ShouldNotBeNull().ShouldBeGreaterThan(1 << 20);

    [Fact]
    public void A_guest_that_asks_and_is_not_meant_to_is_told_apart_from_one_that_does_not()
    {
        var asks = Frames(frames => frames.Add([.. Header(0x0800), .. Discover()]));
        var silent = Frames(frames => frames.Add([.. Header(0x86dd), .. new byte[40]]));

        Of(asks, "{ip}").Remedy.ShouldBe("give address: dhcp");
        Of(asks, "dhcp").Summary.ShouldBe("it asks for its address by DHCP and does not take the one it is offered");
        Of(silent, "dhcp").Summary.ShouldBe("its network card works, and it does not ask for an address by DHCP");
        Of(silent, "{ip}").Summary.ShouldBe("its network card works, and it does not use the address it was given");
    }

    [Fact]
    public void A_guest_without_a_sign_of_life_is_offered_another_platform_and_one_that_prints_another_card()
    {
        var nothing = new GuestSeen(Ip, TimeSpan.FromSeconds(3), []) { Frames = Frames(_ => { }) };

        StartDiagnosis.Of(nothing, Image("{ip}")).Remedy.ShouldContain("platform: { machine: q35, nic: virtio-pci }");
        StartDiagnosis.Of(nothing with { Log = ["Linux version 6.1"] }, Image("{ip}")).Remedy.ShouldContain("it may have no driver for virtio-mmio");
        StartDiagnosis.Of(nothing with { Frames = null, Log = ["up"] }, Image("{ip}")).Remedy.ShouldContain("run the check as root");
    }

    [Fact]
    public void The_cause_nearest_to_the_service_is_named_first()
    {
        var seen = new GuestSeen(Ip, TimeSpan.FromSeconds(3), ["one", "two"]) { Frames = Frames(frames => frames.Add([.. Header(0x0800), .. Discover()])) };

        StartDiagnosis.Of(seen with { Health = new HealthSeen("/health", 404, 0, "") }, Image("{ip}")).Summary.ShouldBe("it answers /health with status 404, not with 200 to 299");
        StartDiagnosis.Of(seen with { Ended = "QEMU ended" }, Image("{ip}")).Summary.ShouldBe("it did not stay up: QEMU ended; its last words: two");
        StartDiagnosis.Of(seen with { Ended = "QEMU ended", MemoryThatWorks = 64 << 20 }, Image("{ip}")).ShouldSatisfyAllConditions(
            failure => failure.Summary.ShouldBe("4MiB of memory is too little"), failure => failure.Remedy.ShouldBe("give memory: 64MiB"));
    }

    private static (MemorySearch Search, int Tries) Run(long given, long needed)
    {
        var search = new MemorySearch(given);
        var tries = 0;
        for (; search.Next is { } next; tries++)
        {
            search = search.Tried(next, next >= needed);
        }

        return (search, tries);
    }

    private static CheckFailure Of(GuestFrames frames, string address) =>
        StartDiagnosis.Of(new GuestSeen(Ip, TimeSpan.FromSeconds(3), []) { Frames = frames, HealthProblem = "no answer" }, Image(address));

    private static ImageManifest Image(string address) => GuestImage.Of("/none").Manifest with { Address = address };

    private static GuestFrames Frames(Action<GuestFrames> add)
    {
        var frames = new GuestFrames(new PhysicalAddress(Card), 8080);
        add(frames);
        return frames;
    }

    private static byte[] Header(ushort kind) => [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, .. Card, (byte)(kind >> 8), (byte)kind];

    private static byte[] Discover() =>
        [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 68, 0, 67, 0, 0, 0, 0, .. new byte[236], 0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255];
}
