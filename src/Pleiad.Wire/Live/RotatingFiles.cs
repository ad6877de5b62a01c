using System.Globalization;
using Pleiad.Wire.Captures;

namespace Pleiad.Wire.Live;

/// <summary>One capture file, or several that follow each other, of which the last ones stay.</summary>
internal sealed class RotatingFiles(LiveCaptureOptions options, int link, TimeProvider time, Func<Libpcap.Counters> counters) : IDisposable
{
    private const int BufferBytes = 1 << 20;

    private readonly List<string> _names = [];
    private PcapNgWriter? _writer;
    private long _bytesBefore;
    private long _openedAt;
    private Libpcap.Counters _before;
    private int _number;

    public IReadOnlyList<string> Names => _names;

    /// <summary>Bytes written to all files, those removed included.</summary>
    public long Bytes => _bytesBefore + (_writer?.Bytes ?? 0);

    private bool Rotates => options.RotateBytes is not null || options.RotateEvery is not null;

    public void Write(long timeNs, ReadOnlySpan<byte> data, int lengthOnWire)
    {
        if (_writer is null || _writer.Bytes >= options.RotateBytes || (options.RotateEvery is { } every && time.GetElapsedTime(_openedAt) >= every))
        {
            Next(timeNs);
        }

        _writer!.Write(timeNs, data, lengthOnWire);
    }

    /// <summary>Begins the first file, so that one that cannot be written is known before traffic is missed.</summary>
    public void Begin() => Next(0);

    public void Flush(bool isIdle)
    {
        if (isIdle)
        {
            _writer?.Flush();
        }
    }

    /// <summary>Ends the last file.</summary>
    public void End(long timeNs) => WriteStatistics(timeNs);

    public void Dispose() => _writer?.Dispose();

    /// <summary>What was received and lost while the present file was written.</summary>
    private void WriteStatistics(long timeNs)
    {
        var now = counters();
        _writer?.WriteStatistics(timeNs, now.Received - _before.Received, now.DroppedByInterface - _before.DroppedByInterface, now.DroppedByKernel - _before.DroppedByKernel);
        _before = now;
    }

    private void Next(long timeNs)
    {
        if (_writer is not null)
        {
            WriteStatistics(timeNs);
        }

        _bytesBefore += _writer?.Bytes ?? 0;
        _writer?.Dispose();
        _number++;
        var name = Rotates
            ? Path.Combine(Path.GetDirectoryName(options.File) ?? "", string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(options.File)}-{_number:D5}{Path.GetExtension(options.File)}"))
            : options.File;
        _writer = new PcapNgWriter(Create(name), link, options.SnapLength, options.Interface);
        _openedAt = time.GetTimestamp();
        _names.Add(name);
        if (Rotates && _names.Count > options.FilesMax)
        {
            File.Delete(_names[0]);
            _names.RemoveAt(0);
        }
    }

    private static FileStream Create(string name)
    {
        try
        {
            return new FileStream(name, FileMode.Create, FileAccess.Write, FileShare.Read, BufferBytes);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CaptureException(CaptureFault.CannotWrite, $"{name}: cannot be written: {error.Message}", error);
        }
    }
}
