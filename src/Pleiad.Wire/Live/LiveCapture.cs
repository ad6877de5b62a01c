using System.Runtime.InteropServices;
using System.Text;
using Pleiad.Wire.Captures;

namespace Pleiad.Wire.Live;

/// <summary>How to capture.</summary>
public sealed class LiveCaptureOptions
{
    /// <summary>Network interface, for example <c>br0</c>, or <c>any</c>.</summary>
    public required string Interface { get; set; }

    /// <summary>File to write; with rotation a number stands before its extension.</summary>
    public required string File { get; set; }

    /// <summary>Bytes after which a new file begins, or null.</summary>
    public long? RotateBytes { get; set; }

    /// <summary>Time after which a new file begins, or null.</summary>
    public TimeSpan? RotateEvery { get; set; }

    /// <summary>Most files kept when rotating; the oldest is removed.</summary>
    /// <value>10 by default.</value>
    public int FilesMax { get; set; } = 10;

    /// <summary>A filter of libpcap's language, for example <c>tcp port 80 or tcp port 5432</c>; null for all.</summary>
    public string? Filter { get; set; }

    /// <summary>Bytes kept of each frame.</summary>
    /// <value>256 KiB by default: whole frames, segmentation offload included.</value>
    public int SnapLength { get; set; } = 262_144;

    /// <summary>The kernel's buffer.</summary>
    /// <value>64 MiB by default.</value>
    public int BufferBytes { get; set; } = 64 << 20;

    /// <summary>Time after which to end; null captures until cancelled.</summary>
    public TimeSpan? Duration { get; set; }
}

/// <summary>What a capture took.</summary>
/// <param name="Frames">Frames written.</param>
/// <param name="Bytes">Bytes of all files written.</param>
/// <param name="Dropped">Frames that came and could not be taken.</param>
/// <param name="Files">The files that are left, oldest first.</param>
public sealed record LiveCaptureResult(long Frames, long Bytes, long Dropped, IReadOnlyList<string> Files);

/// <summary>Captures from a network interface into pcapng files, by libpcap.</summary>
public static class LiveCapture
{
    private const int ReadTimeoutMs = 100;
    private const int FramesBetweenLooks = 256;

    /// <summary>Captures until cancelled, or for the duration given. Blocks the caller's thread.</summary>
    /// <param name="options">What to capture and where to.</param>
    /// <param name="time">Clock for durations.</param>
    /// <param name="started">Called once frames are being taken.</param>
    /// <param name="cancellation">Ends the capture; the files are complete then.</param>
    /// <exception cref="CaptureException">libpcap is missing, or the interface cannot be captured from.</exception>
    public static LiveCaptureResult Run(LiveCaptureOptions options, TimeProvider time, Action? started = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        try
        {
            var handle = Open(options);
            try
            {
                return Loop(handle, options, time, started, cancellation);
            }
            finally
            {
                Libpcap.Close(handle);
            }
        }
        catch (DllNotFoundException error)
        {
            throw new CaptureException(CaptureFault.CannotCapture, "libpcap.so.0.8 is not here; install it with: apt-get install --no-install-recommends libpcap0.8", error);
        }
    }

    private static nint Open(LiveCaptureOptions options)
    {
        Span<byte> error = stackalloc byte[Libpcap.ErrorBytes];
        var handle = Libpcap.Create(options.Interface, error);
        if (handle == 0)
        {
            throw new CaptureException(CaptureFault.CannotCapture, $"{options.Interface}: {Encoding.UTF8.GetString(error[..Math.Max(0, error.IndexOf((byte)0))])}");
        }

        try
        {
            _ = Libpcap.SetSnapLength(handle, options.SnapLength);
            _ = Libpcap.SetPromiscuous(handle, 1);
            _ = Libpcap.SetTimeout(handle, ReadTimeoutMs);
            _ = Libpcap.SetBufferSize(handle, options.BufferBytes);
            _ = Libpcap.SetPrecision(handle, Libpcap.NanosecondPrecision);
            if (Libpcap.Activate(handle) is < 0 and var failed)
            {
                throw new CaptureException(CaptureFault.CannotCapture, $"{options.Interface}: {ErrorOf(handle, failed)}; capturing needs root or CAP_NET_RAW, and the interface must exist and be up");
            }

            SetFilter(handle, options.Filter);

            // Without traffic libpcap's own time-out may never come; waiting is done here, where it can be ended.
            if (Libpcap.SetNonBlocking(handle, 1, error) < 0)
            {
                throw new CaptureException(CaptureFault.CannotCapture, $"{options.Interface}: {ErrorOf(handle, 0)}");
            }

            return handle;
        }
        catch
        {
            Libpcap.Close(handle);
            throw;
        }
    }

    private static void SetFilter(nint handle, string? filter)
    {
        if (filter is null)
        {
            return;
        }

        var program = default(Libpcap.FilterProgram);
        if (Libpcap.Compile(handle, ref program, filter, 1, uint.MaxValue) < 0)
        {
            throw new CaptureException(CaptureFault.NoCapture, $"filter '{filter}': {ErrorOf(handle, 0)}");
        }

        var result = Libpcap.SetFilter(handle, ref program);
        Libpcap.FreeCode(ref program);
        if (result < 0)
        {
            throw new CaptureException(CaptureFault.CannotCapture, $"filter '{filter}': {ErrorOf(handle, result)}");
        }
    }

    private static unsafe LiveCaptureResult Loop(nint handle, LiveCaptureOptions options, TimeProvider time, Action? started, CancellationToken cancellation)
    {
        var perSecond = Libpcap.Precision(handle) == Libpcap.NanosecondPrecision ? 1 : 1000;
        using var files = new RotatingFiles(options, Libpcap.DataLink(handle), time, () =>
        {
            _ = Libpcap.Statistics(handle, out var counters);
            return counters;
        });
        files.Begin();
        started?.Invoke();
        var began = time.GetTimestamp();
        var (frames, untilLook, lastNs) = (0L, 0, 0L);
        while (true)
        {
            var result = Libpcap.Next(handle, out var header, out var data);
            if (result < -1)
            {
                break;
            }

            if (result < 0)
            {
                throw new CaptureException(CaptureFault.CannotCapture, $"{options.Interface}: {ErrorOf(handle, result)}");
            }

            if (result > 0)
            {
                lastNs = (header->Seconds * 1_000_000_000L) + (header->Fraction * perSecond);
                files.Write(lastNs, new ReadOnlySpan<byte>(data, (int)header->Captured), (int)header->OnWire);
                frames++;
            }

            // Without frames, at each time-out; with many, now and then.
            if (result == 0 || --untilLook <= 0)
            {
                untilLook = FramesBetweenLooks;
                files.Flush(result == 0);
                if (result == 0)
                {
                    Wait(handle);
                }

                if (cancellation.IsCancellationRequested || (options.Duration is { } duration && time.GetElapsedTime(began) >= duration))
                {
                    break;
                }
            }
        }

        _ = Libpcap.Statistics(handle, out var counters);
        files.End(lastNs);
        return new LiveCaptureResult(frames, files.Bytes, counters.DroppedByKernel + (long)counters.DroppedByInterface, files.Names);
    }

    /// <summary>Waits for frames, or a moment.</summary>
    private static void Wait(nint handle)
    {
        var entry = new Libpcap.PollEntry { Descriptor = Libpcap.Descriptor(handle), Events = Libpcap.PollEntry.Readable };
        _ = Libpcap.Poll(ref entry, 1, ReadTimeoutMs);
    }

    private static string ErrorOf(nint handle, int code)
    {
        var text = Marshal.PtrToStringUTF8(Libpcap.Error(handle));
        return string.IsNullOrEmpty(text) ? $"error {code}" : text;
    }
}
