using System.Net.Sockets;
using System.Text.Json;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Tests.Guests;
using Pleiad.Machines.Tests.Hosting;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Guest;

/// <summary>The real guest in a real machine, with raw connections to it; at its end it must be the same machine, healthy and without a panic in its log.</summary>
public abstract class GuestMachine(string service) : IAsyncLifetime
{
    /// <summary>For conditions that hold within seconds; used up only by a failing test.</summary>
    internal static readonly TimeSpan Limit = TestHost.Patience;

    private TestHost _test = null!;

    internal IMachine Machine { get; private set; } = null!;

    internal TestHost Host => _test;

    /// <summary>What it boots from.</summary>
    internal virtual async Task<StoredImage> ImageAsync(TestHost test) => GuestImage.Of(await GuestImage.KernelAsync(service));

    public async ValueTask InitializeAsync()
    {
        _test = await TestHost.OpenAsync(options => options.Network = NetworkMode.Namespace);
        Machine = _test.Host.Start(_test.Order(await ImageAsync(_test)));
        var started = await Machine.Started.WaitAsync(Limit);
        started.State.ShouldBe(MachineState.Ready, started.FailureDetail);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            Machine.Snapshot.State.ShouldBe(MachineState.Ready, $"{Machine.Snapshot.FailureDetail}\n{_test.Log(Machine)}");
            _test.Log(Machine).ShouldNotContain("panic");
            (await HealthAsync()).Service.ShouldBe(service);
        }
        finally
        {
            await _test.DisposeAsync();
            GC.SuppressFinalize(this);
        }
    }

    internal async Task<RawClient> ConnectAsync()
    {
        using var limit = new CancellationTokenSource(Limit);
        return new RawClient((NetworkStream)await _test.Host.ConnectAsync(Machine.Snapshot.Address, limit.Token));
    }

    internal async ValueTask<Stream> ConnectStreamAsync(CancellationToken cancellation) => await _test.Host.ConnectAsync(Machine.Snapshot.Address, cancellation);

    /// <summary>Asks for its health over a connection of its own.</summary>
    internal async Task<Health> HealthAsync()
    {
        await using var client = await ConnectAsync();
        return await HealthAsync(client);
    }

    internal static async Task<Health> HealthAsync(RawClient client)
    {
        await client.SendAsync("GET /health HTTP/1.1\r\nHost: test\r\n\r\n");
        var answer = await client.ReadAnswerAsync();
        answer.Status.ShouldBe(200);
        return JsonSerializer.Deserialize<Health>(answer.Body, JsonSerializerOptions.Web)!;
    }

    /// <summary>Waits until its report satisfies a condition.</summary>
    internal async Task UntilAsync(Func<Health, bool> condition)
    {
        object seen = "nothing";
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                var health = await HealthAsync();
                if (condition(health))
                {
                    return;
                }

                seen = health;
            }
            catch (Exception error) when (error is IOException or SocketException)
            {
                // While it has as many connections as it can hold, it resets further ones.
                seen = error;
            }

            if (TimeProvider.System.GetElapsedTime(began) > Limit)
            {
                throw new TimeoutException($"did not come about: {seen}\n{_test.Log(Machine)}");
            }

            await Task.Delay(10);
        }
    }
}

/// <summary>What the guest tells of itself.</summary>
internal sealed record Health(string Service, long UptimeMs, long Requests, int Active, int Connections, long MemoryUsedBytes, long MemoryTotalBytes, string Image);

/// <summary>One machine of the echo service for the tests of a class.</summary>
public sealed class EchoMachine() : GuestMachine("echo");

/// <summary>One machine of the primes service for the tests of a class.</summary>
public sealed class PrimesMachine() : GuestMachine("primes");

/// <summary>One Linux machine of the primes service in C# for the tests of a class.</summary>
public sealed class LinuxPrimesMachine() : GuestMachine("primes")
{
    internal override Task<StoredImage> ImageAsync(TestHost test) => LinuxImage.PrimesAsync(test.Scratch);
}
