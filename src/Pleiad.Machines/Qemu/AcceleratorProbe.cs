using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;

namespace Pleiad.Machines.Qemu;

/// <summary>Finds out which accelerator works by starting a tiny guest with each: a <c>/dev/kvm</c> that opens proves nothing.</summary>
/// <remarks>
/// Nor does a first line prove much: there are software KVMs under which a guest prints and then stops dead. What counts is that the guest says it is
/// ready, which it does after its interrupts, its clock and its network card have worked. The card leads nowhere.
/// </remarks>
public static class AcceleratorProbe
{
    /// <summary>Longest time for a guest under kvm to say a word.</summary>
    public static readonly TimeSpan KvmTimeMax = TimeSpan.FromSeconds(3);

    /// <summary>Longest time for a guest under tcg to say a word; much, for a loaded host.</summary>
    public static readonly TimeSpan TcgTimeMax = TimeSpan.FromSeconds(20);

    /// <summary>Outcome when there is a <c>/dev/kvm</c> that this user may not open.</summary>
    public const string KvmForbidden = "this user may not open /dev/kvm";

    private const string Sign = "pleiad: ready ";
    private const string KernelArguments = "ip=10.0.2.15/24 gw=10.0.2.2 port=8080";
    private const string Mac = "02:50:0a:00:02:0f";
    private const string CacheFile = "accelerator.json";
    private const int OutputCharsMax = 64 * 1024;
    private const long ProbeMemoryBytes = 4 << 20;
    private static readonly TimeSpan KillTimeMax = TimeSpan.FromSeconds(5);

    /// <summary>Probes this host.</summary>
    /// <param name="kernel">A PVH kernel that prints a line beginning with <c>pleiad: ready </c> on its serial line; it gets 4 MiB and a virtio-mmio network card.</param>
    /// <param name="cacheDirectory">Where a result of this host's uptime is kept; null to try in any case.</param>
    /// <param name="time">Measures the attempts.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <returns>What was tried; every process it started has ended.</returns>
    /// <exception cref="MachineHostException">QEMU or the kernel is missing.</exception>
    public static async Task<ProbeResult> ProbeAsync(string kernel, string? cacheDirectory, TimeProvider time, CancellationToken cancellation) =>
        await ProbeAsync(await QemuProgram.FindAsync(null, cancellation), kernel, cacheDirectory, time, cancellation);

    /// <summary>Tries one accelerator alone.</summary>
    /// <exception cref="MachineHostException">A guest does not start with it.</exception>
    internal static async Task<ProbeAttempt> ProbeForcedAsync(QemuProgram qemu, string kernel, string accelerator, TimeProvider time, CancellationToken cancellation)
    {
        if (KernelFile.Problem(kernel) is { } problem)
        {
            throw new MachineHostException(MachineHostFault.BadOption, $"the accelerator cannot be probed: {problem}");
        }

        var attempt = accelerator == "kvm" ? await TryKvmAsync(qemu, kernel, time, cancellation) : await TryAsync(qemu, kernel, accelerator, TcgTimeMax, time, cancellation);
        return attempt.Works
            ? attempt
            : throw new MachineHostException(MachineHostFault.NoAccelerator, $"the accelerator {accelerator} is asked for, but {attempt.Outcome}{(attempt.Detail is null ? "" : $": {attempt.Detail}")}; leave it out to have the best there is");
    }

    internal static async Task<ProbeResult> ProbeAsync(QemuProgram qemu, string kernel, string? cacheDirectory, TimeProvider time, CancellationToken cancellation)
    {
        if (KernelFile.Problem(kernel) is { } problem)
        {
            throw new MachineHostException(MachineHostFault.BadOption, $"the accelerator cannot be probed: {problem}");
        }

        var key = cacheDirectory is null ? "" : await KeyAsync(qemu, kernel, cancellation);
        if (cacheDirectory is not null && Cached(cacheDirectory, key) is { } cached)
        {
            return cached with { Cached = true };
        }

        var attempts = new List<ProbeAttempt> { await TryKvmAsync(qemu, kernel, time, cancellation) };
        if (!attempts[0].Works)
        {
            attempts.Add(await TryAsync(qemu, kernel, "tcg", TcgTimeMax, time, cancellation));
        }

        var result = new ProbeResult(attempts.Find(attempt => attempt.Works)?.Accelerator, attempts, Cached: false);
        if (cacheDirectory is not null && result.Accelerator is not null)
        {
            Keep(cacheDirectory, new ProbeRecord(key, result));
        }

        return result;
    }

    private static async Task<ProbeAttempt> TryKvmAsync(QemuProgram qemu, string kernel, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            File.Open("/dev/kvm", FileMode.Open, FileAccess.ReadWrite).Dispose();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new ProbeAttempt("kvm", false, "there is no /dev/kvm", TimeSpan.Zero);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new ProbeAttempt("kvm", false, KvmForbidden, TimeSpan.Zero);
        }

        var attempt = await TryAsync(qemu, kernel, "kvm", KvmTimeMax, time, cancellation);
        return attempt.Works ? attempt : attempt with { Outcome = $"/dev/kvm opens, but {attempt.Outcome}" };
    }

    private static async Task<ProbeAttempt> TryAsync(QemuProgram qemu, string kernel, string accelerator, TimeSpan timeMax, TimeProvider time, CancellationToken cancellation)
    {
        var machine = new QemuMachine(
            "pleiad-probe", new MachinePlatform(MachineType.Microvm, NicModel.VirtioMmio), ProbeMemoryBytes, kernel, KernelArguments, accelerator, new LooseNic(Mac), Serial: null, QmpDescriptor: null);
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(qemu.Path, QemuCommandLine.Build(machine))
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        var started = time.GetTimestamp();
        using var limit = new CancellationTokenSource(timeMax, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            throw new MachineHostException(MachineHostFault.QemuMissing, $"{qemu.Path} cannot be started: {e.Message}", e);
        }

        try
        {
            var errors = process.StandardError.ReadToEndAsync(both.Token);
            var spoke = await SpeaksAsync(process.StandardOutput, both.Token);
            var taken = time.GetElapsedTime(started);
            return spoke
                ? new ProbeAttempt(accelerator, true, string.Create(CultureInfo.InvariantCulture, $"started in {taken.TotalMilliseconds:0} ms"), taken)
                : Ended(accelerator, Shorten(await errors), taken);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new ProbeAttempt(accelerator, false, $"a guest did not start within {timeMax.TotalSeconds:0} s", time.GetElapsedTime(started));
        }
        finally
        {
            await EndAsync(process, time);
        }
    }

    private static ProbeAttempt Ended(string accelerator, string words, TimeSpan taken) =>
        new(accelerator, false, words.Length == 0 ? "QEMU ended without a word" : "QEMU ended with an error", taken) { Detail = words.Length == 0 ? null : words };

    /// <summary>Whether guest code prints a line with our sign before the output ends.</summary>
    private static async Task<bool> SpeaksAsync(StreamReader output, CancellationToken cancellation)
    {
        var text = new char[OutputCharsMax];
        var length = 0;
        while (length < text.Length && await output.ReadAsync(text.AsMemory(length), cancellation) is > 0 and var count)
        {
            length += count;
            if (text.AsSpan(0, length).StartsWith(Sign, StringComparison.Ordinal) || text.AsSpan(0, length).IndexOf("\n" + Sign, StringComparison.Ordinal) >= 0)
            {
                return true;
            }
        }

        return false;
    }

    private static async Task EndAsync(Process process, TimeProvider time)
    {
        process.Kill();
        using var limit = new CancellationTokenSource(KillTimeMax, time);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException e)
        {
            throw new MachineHostException(MachineHostFault.NoAccelerator, $"the probe's QEMU (process {process.Id}) does not end even by SIGKILL", e);
        }
    }

    private static string Shorten(string errors)
    {
        var text = string.Join(' ', errors.Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return text.Length > 200 ? text[..200] + "…" : text;
    }

    /// <summary>What a result holds for: this form of the record, this QEMU, this start of the host, this kernel, this user.</summary>
    private static async Task<string> KeyAsync(QemuProgram qemu, string kernel, CancellationToken cancellation)
    {
        await using var file = File.OpenRead(kernel);
        var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation));
        var boot = (await File.ReadAllTextAsync("/proc/sys/kernel/random/boot_id", cancellation)).Trim();
        return $"2 {qemu.Path} {qemu.Version} {boot} {digest} {ProcessCalls.EffectiveUser()}";
    }

    private static ProbeResult? Cached(string directory, string key)
    {
        try
        {
            var record = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(directory, CacheFile)), MachineJson.Default.ProbeRecord);
            return record?.Key == key && record.Result is { Accelerator: "kvm" or "tcg", Attempts.Count: > 0 } ? record.Result : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // No cache: the probe runs anew.
        }
    }

    private static void Keep(string directory, ProbeRecord record)
    {
        try
        {
            Directory.CreateDirectory(directory);
            var next = Path.Combine(directory, $"{CacheFile}.{Environment.ProcessId}");
            File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(record, MachineJson.Default.ProbeRecord));
            File.Move(next, Path.Combine(directory, CacheFile), overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The result holds all the same; the next start tries again.
            return;
        }
    }
}
