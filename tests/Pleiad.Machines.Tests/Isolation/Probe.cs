using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Serialization;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Tests.Guests;
using Pleiad.Machines.Tests.Hosting;

namespace Pleiad.Machines.Tests.Isolation;

/// <summary>A machine that tries what it is told to: the guest service <c>probe</c>.</summary>
internal sealed class Probe : IDisposable
{
    private readonly HttpClient _client;

    private Probe(IMachine machine, HttpClient client) => (Machine, _client) = (machine, client);

    public IMachine Machine { get; }

    public IPAddress Ip => Machine.Snapshot.Address.Ip;

    public static async Task<Probe> StartAsync(TestHost test, int address, string service = "tests")
    {
        var order = test.Order(GuestImage.Of(await GuestImage.KernelAsync("probe")), address) with { Service = service };
        var machine = test.Host.Start(order);
        var ready = await machine.Started.WaitAsync(TestHost.Patience);
        if (ready.State != MachineState.Ready)
        {
            throw new InvalidOperationException($"not ready: {ready}");
        }

        var handler = new SocketsHttpHandler { ConnectCallback = async (_, cancellation) => await test.Host.ConnectAsync(ready.Address, cancellation) };
        return new Probe(machine, new HttpClient(handler) { BaseAddress = new Uri("http://probe/"), Timeout = TestHost.Patience });
    }

    /// <summary>How an attempt to connect from inside the machine ends.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="port">TCP port.</param>
    /// <param name="from">The sender it pretends to be; its own address unless given.</param>
    public async Task<string> ConnectAsync(IPAddress to, int port, IPAddress? from = null)
    {
        var answer = await _client.GetFromJsonAsync<Outcome>($"/connect?ip={to}&port={port}{(from is null ? "" : $"&from={from}")}");
        return answer!.Name;
    }

    /// <summary>Sends a frame as it is, up to a number of times.</summary>
    /// <returns>How many were sent: there is room for some hundred at once.</returns>
    public async Task<int> SendAsync(byte[] frame, int count)
    {
        using var content = new ByteArrayContent(frame);
        using var answer = await _client.PostAsync(new Uri($"/frame?count={count}", UriKind.Relative), content);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Sent>())!.Count;
    }

    /// <summary>Asks it something and waits for the answer.</summary>
    public async Task AnswersAsync()
    {
        using var answer = await _client.GetAsync(new Uri("/health", UriKind.Relative));
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose() => _client.Dispose();

    private sealed record Sent([property: JsonPropertyName("sent")] int Count);

    private sealed record Outcome([property: JsonPropertyName("outcome")] string Name);
}
