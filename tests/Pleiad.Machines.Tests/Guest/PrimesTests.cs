using System.Text.Json;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Guest;

/// <summary>The service with long work as a unikernel.</summary>
[Trait("Group", "machines")]
public sealed class PrimesTests(PrimesMachine guest) : PrimesContract(guest), IClassFixture<PrimesMachine>;

/// <summary>The service in C# on Linux, as 'pleiad image build --linux' makes it: to its clients it is the same.</summary>
[Trait("Group", "machines")]
public sealed class LinuxPrimesTests(LinuxPrimesMachine guest) : PrimesContract(guest), IClassFixture<LinuxPrimesMachine>;

/// <summary>What a service that counts primes does, in a running machine.</summary>
public abstract class PrimesContract(GuestMachine guest)
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(10, 4)]
    [InlineData(1_000, 168)]
    [InlineData(10_000, 1_229)]
    public async Task Primes_are_counted(int n, int primes)
    {
        await using var client = await guest.ConnectAsync();
        (await client.AskAsync(Request(n))).Text.ShouldBe($$"""{"n":{{n}},"primes":{{primes}}}""");
    }

    [Theory]
    [InlineData("?n=", "")]
    [InlineData("?n=-1", "-1")]
    [InlineData("?n=%2B1", "+1")]
    [InlineData("?n=1.5", "1.5")]
    [InlineData("?n=1e3", "1e3")]
    [InlineData("?n=abc", "abc")]
    [InlineData("?n=10000001", "10000001")]
    [InlineData("?n=99999999999999999999999", "99999999999999999999999")]
    [InlineData("?n=5%20", "5 ")]
    [InlineData("?n=%22%5C", "\"\\")]
    [InlineData("?n=x&n=5", "x")]
    [InlineData("", null)]
    [InlineData("?m=5", null)]
    public async Task A_wrong_n_is_named_with_its_value_and_range(string query, string? value)
    {
        await using var client = await guest.ConnectAsync();
        var answer = await client.AskAsync($"GET /primes{query} HTTP/1.1\r\nHost: test\r\n\r\n");
        answer.Status.ShouldBe(400);
        answer.Headers["Content-Type"].ShouldBe("application/problem+json");
        var problem = JsonSerializer.Deserialize<JsonElement>(answer.Body);
        problem.GetProperty("parameter").GetString().ShouldBe("n");
        problem.GetProperty("value").GetString().ShouldBe(value);
        problem.GetProperty("minimum").GetInt32().ShouldBe(0);
        problem.GetProperty("maximum").GetInt32().ShouldBe(10_000_000);
        problem.GetProperty("detail").GetString().ShouldNotBeNull().ShouldContain("from 0 to 10000000");
        (await client.AskAsync(Request(10))).Status.ShouldBe(200, "the connection is as good as before");
    }

    [Theory]
    [InlineData("DELETE /primes?n=5 HTTP/1.1\r\nHost: test\r\n\r\n", 405)]
    [InlineData("GET /prime?n=5 HTTP/1.1\r\nHost: test\r\n\r\n", 404)]
    [InlineData("POST /health HTTP/1.1\r\nHost: test\r\n\r\n", 405)]
    [InlineData("GET /primes?n=5 HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx", 413)]
    public async Task Another_method_path_or_a_body_is_refused(string request, int status)
    {
        await using var client = await guest.ConnectAsync();
        var answer = await client.AskAsync(request);
        answer.Status.ShouldBe(status);
        answer.Headers.ContainsKey("Allow").ShouldBe(status == 405);
    }

    [Fact]
    public async Task Health_is_answered_while_five_requests_are_in_work_and_their_work_ends_when_the_clients_leave()
    {
        var requests = (await guest.HealthAsync()).Requests;
        var clients = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => guest.ConnectAsync()));
        foreach (var client in clients)
        {
            await client.SendAsync(Request(10_000_000));
        }

        await guest.UntilAsync(health => health.Active == 5);
        await using (var asking = await guest.ConnectAsync())
        {
            for (var i = 0; i < 20; i++)
            {
                (await GuestMachine.HealthAsync(asking)).Active.ShouldBe(5);
            }
        }

        // The ways a client leaves: closed, reset, its side closed.
        await clients[0].DisposeAsync();
        await clients[1].DisposeAsync();
        await guest.UntilAsync(health => health.Active == 3);
        await clients[2].ResetAsync();
        await clients[3].ResetAsync();
        await guest.UntilAsync(health => health.Active == 1);
        clients[4].CloseSending();
        await guest.UntilAsync(health => health.Active == 0);
        (await clients[4].ReadToEndAsync()).ShouldBeEmpty();
        await clients[4].DisposeAsync();
        (await guest.HealthAsync()).Requests.ShouldBe(requests, "none of them was finished");
    }

    [Fact]
    public async Task Short_work_is_done_beside_long_work()
    {
        await using var working = await guest.ConnectAsync();
        await working.SendAsync(Request(10_000_000));
        await guest.UntilAsync(health => health.Active >= 1);

        await using var client = await guest.ConnectAsync();
        (await client.AskAsync(Request(5_000))).Text.ShouldContain("\"primes\":669");
        (await GuestMachine.HealthAsync(client)).Active.ShouldBeGreaterThanOrEqualTo(1, "the long work goes on");
    }

    private static string Request(int n) => $"GET /primes?n={n} HTTP/1.1\r\nHost: test\r\n\r\n";
}
