using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Networks;

namespace Pleiad.Machines.Checking;

/// <summary>Starts machines of one image, one at a time, and looks at each.</summary>
internal sealed class Trials(IMachineHost host, GuestTraffic? traffic, StoredImage image, TimeProvider time)
{
    private const string Service = "check";
    private const int LogLines = 12;
    private const int LogBytesMax = 64 * 1024;
    private const int BodyCharsMax = 200;

    /// <summary>A machine is looked at while it still runs: its host gives it this much longer than the trial does.</summary>
    private static readonly TimeSpan LookTimeMax = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan HealthTimeMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ArpTime = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan HangTimeout = TimeSpan.FromMinutes(1);

    /// <summary>Starts a machine, looks at it when it answers or its time is up, and ends it.</summary>
    /// <param name="memoryBytes">Its memory.</param>
    /// <param name="timeout">Longest time to its first answer.</param>
    /// <param name="cancellation">Ends it, too.</param>
    public async Task<TrialStart> StartAsync(long memoryBytes, TimeSpan timeout, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var address = host.Addresses[0];
        var tried = image with { Manifest = image.Manifest with { MemoryBytes = memoryBytes } };
        var frames = traffic?.Watch(NamespaceNetwork.CardOf(address.Ip), tried.Manifest.Port);
        var machine = host.Start(new MachineOrder(MachineId.New(), Service, tried, address, timeout + LookTimeMax, HangTimeout, "image check") { Start = StartMode.Cold });
        try
        {
            try
            {
                await machine.Started.WaitAsync(timeout, time, cancellation);
            }
            catch (TimeoutException)
            {
                return new TrialStart.Silent(await LookAsync(machine, frames, timeout, cancellation));
            }

            return machine.Snapshot is { Start: { } start } ready
                ? await LookAsync(ready, start.Duration, frames, cancellation)
                : new TrialStart.Silent(await LookAsync(machine, frames, timeout, cancellation));
        }
        finally
        {
            await machine.StopAsync();
        }
    }

    private async Task<TrialStart> LookAsync(MachineSnapshot ready, TimeSpan answer, GuestFrames? frames, CancellationToken cancellation)
    {
        var (health, _) = await AskAsync(ready.Address, cancellation);
        var memory = ready.ProcessId is { } process ? ProcessMemory.Proportional(process) : null;
        return new TrialStart.Answered(answer, health, frames?.TookOffer, memory, ready.Address.ToString());
    }

    private async Task<GuestSeen> LookAsync(IMachine machine, GuestFrames? frames, TimeSpan waited, CancellationToken cancellation)
    {
        var snapshot = machine.Snapshot;
        var seen = new GuestSeen(snapshot.Address.Ip, waited, LastLines(machine.Snapshot.Id)) { Frames = frames };
        if (snapshot.Failure is not null)
        {
            return seen with { Ended = WithoutLog(snapshot.FailureDetail ?? "it failed") };
        }

        if (traffic is not null)
        {
            traffic.AskFor(snapshot.Address.Ip);
            await Task.Delay(ArpTime, time, cancellation);
        }

        var (health, problem) = await AskAsync(snapshot.Address, cancellation);
        return seen with { Health = health, HealthProblem = problem };
    }

    private async Task<(HealthSeen? Health, string? Problem)> AskAsync(MachineAddress address, CancellationToken cancellation)
    {
        var path = image.Manifest.Health;
        using var limit = new CancellationTokenSource(HealthTimeMax, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        using var client = new HealthClient(end => host.ConnectAsync(address, end), address.ToString(), path);
        try
        {
            var answer = await client.GetAsync(both.Token);
            return (new HealthSeen(path, answer.Status, answer.Body.Length, FirstLine(answer.Body.Span)), null);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            return (null, e.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, string.Create(CultureInfo.InvariantCulture, $"no answer within {HealthTimeMax.TotalSeconds:0.#} s"));
        }
    }

    private List<string> LastLines(MachineId machine)
    {
        using var log = host.OpenLog(machine);
        if (log is null)
        {
            return [];
        }

        log.Seek(Math.Max(0, log.Length - LogBytesMax), SeekOrigin.Begin);
        using var reader = new StreamReader(log, Encoding.UTF8);
        return [.. reader.ReadToEnd().Split('\n').Select(Printable).Where(line => line.Length > 0).TakeLast(LogLines)];
    }

    // The lines are told apart.
    private static string WithoutLog(string detail) => detail.Split("; last line of its log:")[0];

    private static string FirstLine(ReadOnlySpan<byte> body)
    {
        var line = Printable(Encoding.UTF8.GetString(body[..Math.Min(body.Length, 4 * BodyCharsMax)]).Split('\n')[0]);
        return line.Length > BodyCharsMax ? line[..BodyCharsMax] + "…" : line;
    }

    private static string Printable(string line) => string.Concat(line.Where(c => !char.IsControl(c))).Trim();
}
