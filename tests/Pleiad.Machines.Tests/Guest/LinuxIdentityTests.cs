using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Pleiad.Core.Identity;
using Pleiad.Machines.Qemu;
using Pleiad.Machines.Tests.Hosting;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Guest;

/// <summary>What a Linux machine does with the line that gives it another identity.</summary>
[Trait("Group", "machines")]
public sealed class LinuxIdentityTests(LinuxPrimesMachine guest) : IClassFixture<LinuxPrimesMachine>
{
    [Fact]
    public async Task It_takes_clock_seed_card_and_address_and_answers_at_the_new_one()
    {
        await using var serial = await UnixSocket.ConnectAsync(guest.Host.Files.SerialOf(guest.Machine.Snapshot.Id), CancellationToken.None);
        var here = guest.Machine.Snapshot.Address;
        var there = guest.Host.Host.Addresses[7] with { Port = here.Port };
        var before = await AskAsync(here);
        before.Address.ShouldBe(here.Ip.ToString());

        // The clock alone: all else stays.
        const long nanoseconds = 2_000_000_000_000_000_000;
        await TellAsync(serial, $"time={nanoseconds}");
        await UntilAsync(here, identity => identity.UnixNanoseconds >= nanoseconds);
        (await AskAsync(here)).UnixNanoseconds.ShouldBeInRange(nanoseconds, nanoseconds + 60_000_000_000);

        await LeadAsync(there);

        // Lines that are wrong or something else change nothing, and the next one counts all the same.
        await TellAsync(serial, "ip=10.77.0.300 prefix=16");
        await serial.WriteAsync(Encoding.ASCII.GetBytes(new string('x', 2000) + "\nhello\n"));
        var time = (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        var seed = string.Concat(Enumerable.Repeat("5a", 32));
        await TellAsync(serial, $"ip={there.Ip} prefix=16 gateway=10.77.0.1 mac={MacOf(there)} seed={seed} time={time}");

        var after = await UntilAsync(there, _ => true);
        after.Address.ShouldBe(there.Ip.ToString());
        after.Random.ShouldNotBe(before.Random);
        after.UnixNanoseconds.ShouldBeInRange(time, time + 60_000_000_000);
        guest.Host.Log(guest.Machine).ShouldContain($"pleiad: identity ip={there.Ip}");
        guest.Host.Log(guest.Machine).ShouldContain("pleiad: identity refused: ip= is missing or wrong");
        guest.Host.Log(guest.Machine).ShouldNotContain("xxxx", Case.Sensitive, "the line is not echoed into the log");
        await Should.ThrowAsync<Exception>(() => AskAsync(here, TimeSpan.FromSeconds(1)), "the old address is gone");

        // Back again, for the machine's own health checks.
        await TellAsync(serial, $"ip={here.Ip} prefix=16 mac={MacOf(here)}");
        (await UntilAsync(here, _ => true)).Address.ShouldBe(here.Ip.ToString());
    }

    /// <summary>Leads an address to the machine's tap, as the network does for a machine whose address changes.</summary>
    private async Task LeadAsync(MachineAddress address)
    {
        var tap = (await guest.Host.TapsAsync()).ShouldHaveSingleItem();
        var space = guest.Host.Options.Namespace;
        await Programs.RunAsync(TestHost.Patience, "bridge", "-n", space, "fdb", "replace", MacOf(address), "dev", tap, "master", "static");
        await Programs.RunAsync(TestHost.Patience, "ip", "-n", space, "neighbour", "replace", address.Ip.ToString(), "lladdr", MacOf(address), "dev", "pleiad0");
    }

    // As the network expects it of that address.
    private static string MacOf(MachineAddress address) => "02:50:" + string.Join(':', address.Ip.GetAddressBytes().Select(part => part.ToString("x2", null)));

    private static async Task TellAsync(Stream serial, string fields) => await serial.WriteAsync(Encoding.ASCII.GetBytes($"pleiad-identity 1 {fields}\n"));

    private async Task<Identity> AskAsync(MachineAddress address, TimeSpan? timeMax = null)
    {
        using var limit = new CancellationTokenSource(timeMax ?? TestHost.Patience);
        await using var client = new RawClient((NetworkStream)await guest.Host.Host.ConnectAsync(address, limit.Token));
        var answer = await client.AskAsync("GET /identity HTTP/1.1\r\nHost: test\r\n\r\n");
        return JsonSerializer.Deserialize<Identity>(answer.Body, JsonSerializerOptions.Web)!;
    }

    private async Task<Identity> UntilAsync(MachineAddress address, Func<Identity, bool> condition)
    {
        object seen = "nothing";
        var began = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(began) < TestHost.Patience)
        {
            try
            {
                var identity = await AskAsync(address, TimeSpan.FromSeconds(1));
                if (condition(identity))
                {
                    return identity;
                }

                seen = identity;
            }
            catch (Exception error) when (error is IOException or SocketException or OperationCanceledException or TimeoutException)
            {
                seen = error.Message;
            }

            await Task.Delay(20);
        }

        throw new TimeoutException($"did not come about at {address}: {seen}\n{guest.Host.Log(guest.Machine)}");
    }

    private sealed record Identity(string Address, string Random, long UnixNanoseconds);
}
