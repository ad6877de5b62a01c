using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Pleiad.Bench.Start;

/// <summary>
/// The limit: QEMU spawned with the same image by nothing but a process start, on a tap that is there already, and asked for /health until it answers.
/// Runs as a child inside a network namespace of its own, so that plain sockets reach the guest.
/// </summary>
internal sealed class BareStarts : IAsyncDisposable
{
    internal const string Child = "--bare-child";

    private const string Namespace = "pleiad-bench";
    private const string Tap = "bench0";

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(30);

    private readonly Process _child;

    private BareStarts(Process child) => _child = child;

    internal static async Task<BareStarts> PrepareAsync(string kernel)
    {
        await Ip("netns", "del", Namespace);
        await Must("netns", "add", Namespace);
        await Must("-n", Namespace, "tuntap", "add", Tap, "mode", "tap");
        await Must("-n", Namespace, "addr", "add", "10.78.0.1/24", "dev", Tap);
        await Must("-n", Namespace, "link", "set", Tap, "up");
        var start = new ProcessStartInfo("ip") { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])["netns", "exec", Namespace, Environment.ProcessPath!, .. Self(), Child, kernel])
        {
            start.ArgumentList.Add(argument);
        }

        return new BareStarts(Process.Start(start)!);
    }

    /// <summary>One start, in ms.</summary>
    internal async Task<double> MeasureAsync()
    {
        await _child.StandardInput.WriteLineAsync("start");
        await _child.StandardInput.FlushAsync();
        var answer = await _child.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("the bare child ended");
        return double.Parse(answer, CultureInfo.InvariantCulture);
    }

    /// <summary>The child: one start for each line of its input.</summary>
    internal static async Task<int> ServeAsync(string kernel)
    {
        while (await Console.In.ReadLineAsync() is not null)
        {
            Console.WriteLine((await StartAsync(kernel)).ToString("0.000", CultureInfo.InvariantCulture));
        }

        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        _child.StandardInput.Close();
        await _child.WaitForExitAsync();
        _child.Dispose();
        await Ip("netns", "del", Namespace);
    }

    private static async Task<double> StartAsync(string kernel)
    {
        var start = new ProcessStartInfo("qemu-system-x86_64");
        foreach (var argument in (string[])[
            "-M", "microvm,acpi=off,rtc=off,pit=off,pic=off,isa-serial=on", "-accel", "tcg", "-cpu", "max", "-m", "4M", "-nodefaults", "-no-user-config", "-display", "none",
            "-serial", "null", "-no-reboot", "-kernel", kernel, "-append", "ip=10.78.0.2/24 gw=10.78.0.1 port=8080",
            "-netdev", $"tap,id=n0,ifname={Tap},script=no,downscript=no", "-device", "virtio-net-device,netdev=n0"])
        {
            start.ArgumentList.Add(argument);
        }

        var watch = Stopwatch.StartNew();
        using var qemu = Process.Start(start)!;
        try
        {
            while (!await AnswersAsync())
            {
                if (watch.Elapsed > AnswerLimit)
                {
                    throw new TimeoutException("the bare guest did not answer");
                }
            }

            return watch.Elapsed.TotalMilliseconds;
        }
        finally
        {
            qemu.Kill();
            await qemu.WaitForExitAsync();
        }
    }

    private static async Task<bool> AnswersAsync()
    {
        // A connection attempt that gets no answer to its ARP request hangs for a second: give it up after 10 ms, as Pleiad does.
        using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(10));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync("10.78.0.2", 8080, limit.Token);
            await socket.SendAsync("GET /health HTTP/1.1\r\nHost: bench\r\n\r\n"u8.ToArray(), SocketFlags.None);
            var buffer = new byte[1_024];
            return await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None) > 12 && buffer.AsSpan(0, 12).SequenceEqual("HTTP/1.1 200"u8);
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException)
        {
            // Not yet. The pause lets the guest have the processor.
            await Task.Delay(1);
            return false;
        }
    }

    /// <summary>This program again: its dll when it runs by the dotnet host.</summary>
    private static string[] Self() => Path.GetFileName(Environment.ProcessPath) == "dotnet" ? [typeof(BareStarts).Assembly.Location] : [];

    private static async Task<int> Ip(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private static async Task Must(params string[] arguments)
    {
        if (await Ip(arguments) != 0)
        {
            throw new InvalidOperationException($"'ip {string.Join(' ', arguments)}' failed; this benchmark needs root");
        }
    }
}
