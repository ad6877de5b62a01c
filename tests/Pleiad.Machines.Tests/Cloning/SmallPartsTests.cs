using System.Net;
using System.Text;
using Pleiad.Core.Services;
using Pleiad.Machines.Cloning;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Qemu;
using Pleiad.Machines.Tests.Guests;
using Pleiad.Machines.Tests.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Cloning;

public sealed class SmallPartsTests
{
    private static readonly GuestNetwork Largest = new(IPAddress.Parse("255.255.255.254"), 16, IPAddress.Parse("255.255.255.253"), "02:50:ff:ff:ff:fe", 65_535);

    [Fact]
    public void An_identity_has_all_that_makes_a_guest_its_own_in_a_line_that_fits()
    {
        var line = GuestIdentity.Line(Largest, new ManualTime { Now = DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000) });

        line.ShouldMatch("^pleiad-identity 1 prefix=16 gateway=255.255.255.253 seed=[0-9a-f]{64} ip=255.255.255.254 mac=02:50:ff:ff:ff:fe time=1700000000000000000$");
        line.Length.ShouldBeLessThanOrEqualTo(GuestIdentity.LineBytesMax);
        GuestIdentity.SeedLine(TimeProvider.System).ShouldMatch("^pleiad-identity 1 seed=[0-9a-f]{64} time=[0-9]{19}$");
        GuestIdentity.SeedLine(new ManualTime()).ShouldNotBe(GuestIdentity.SeedLine(new ManualTime()));
    }

    [Fact]
    public void A_guest_that_has_a_seed_of_its_own_gets_no_other()
    {
        var still = new ManualTime();
        (GuestIdentity.Head(Largest) + GuestIdentity.Rest(Largest, still)).ShouldMatch("^pleiad-identity 1 prefix=16 gateway=[^ ]+ ip=[^ ]+ mac=[^ ]+ time=[0-9]+$");
        (GuestIdentity.HeadAtHome + GuestIdentity.RestAway(Largest, still)).ShouldMatch("^pleiad-identity 1 ip=[^ ]+ prefix=16 gateway=[^ ]+ mac=[^ ]+ time=[0-9]+$");
        (GuestIdentity.HeadAtHome + GuestIdentity.RestAtHome(still)).ShouldBe(GuestIdentity.ClockLine(still));
        (GuestIdentity.RestAtHome(TimeProvider.System).Length + 1).ShouldBe(28, "what fills the serial port's buffer twice is read at once");
        GuestIdentity.ClockLine(still).ShouldMatch("^pleiad-identity 1 time=[0-9]+$");
    }

    [Fact]
    public void A_sealed_memory_file_can_be_read_by_many_and_written_by_none()
    {
        using var file = MemoryFile.Create("test", 4096);
        RandomAccess.Write(file.Handle, "before"u8, 0);
        file.Seal();

        Should.Throw<UnauthorizedAccessException>(() => RandomAccess.Write(file.Handle, "after"u8, 0));
        Should.Throw<Exception>(() => RandomAccess.SetLength(file.Handle, 0));
        using var first = file.OpenReader();
        using var second = file.OpenReader();
        foreach (var reader in new[] { first, second })
        {
            var bytes = new byte[6];
            RandomAccess.Read(reader, bytes, 0).ShouldBe(6);
            Encoding.ASCII.GetString(bytes).ShouldBe("before");
        }
    }

    [Fact]
    public void Spares_are_shared_out_within_the_host_s_bound()
    {
        var plan = WarmPools.Plan(
            [
                new WarmImage(Image("a"), StartMode.Auto, 3),
                new WarmImage(Image("a"), StartMode.Clone, 2),
                new WarmImage(Image("b"), StartMode.Resume, 5),
                new WarmImage(Image("c"), StartMode.Cold, 5),
                new WarmImage(Image("d", cloneable: false), StartMode.Auto, 5),
                new WarmImage(Image("e"), StartMode.Auto, 1),
            ],
            sparesMax: 8);

        plan.Keys.ShouldBe(["a", "b", "e"], ignoreOrder: true);
        plan["a"].Counts.ShouldBe(new SpareCounts(3, 2));
        plan["b"].Counts.ShouldBe(new SpareCounts(3, 0));
        plan["e"].Counts.ShouldBe(new SpareCounts(0, 0), "it is still cloned, from a process of its own");
    }

    private static StoredImage Image(string digest, bool cloneable = true)
    {
        var image = GuestImage.Of("/k.elf");
        return image with { Digest = digest, Manifest = image.Manifest with { Cloneable = cloneable } };
    }
}
