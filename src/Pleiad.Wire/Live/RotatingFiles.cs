using System.Globalization;

namespace Pleiad.Wire.Live;

/// <summary>One capture file, or several that follow each other, of which the last ones stay.</summary>
internal sealed class RotatingFiles(LiveCaptureOptions options, int link, TimeProvider time) : IDisposable
{
    private const int BufferBytes = 1 << 20;

    private readonly List<string> _names = [];
    private PcapNgWriter? _writer;
    private long _bytesBefore;
    private long _openedAt;
    private int _number;

    public IReadOnlyList<string> Names => _names;

    /// <summary>Bytes written to all files, those removed included.</summary>
    public long Bytes => _bytesBefore + (_writer?.Bytes ?? 0);

    private bool Rotates => options.RotateBytes is not null || options.RotateEvery is not null;

    public void Write(long timeNs, ReadOnlySpan<byte> data, int lengthOnWire)
    {
        if (_writer is null || _writer.Bytes >= options.RotateBytes || (options.RotateEvery is { } every && time.GetElapsedTime(_openedAt) >= every))
        {
            Next();
        }

        _writer!.Write(timeNs, data, lengthOnWire);
    }

    public void Flush(bool isIdle)
    {
        if (isIdle)
        {
            _writer?.Flush();
        }
    }

    public void WriteStatistics(long timeNs, Libpcap.Counters counters)
    {
        if (_writer is null)
        {
            Next();
        }

        _writer!.WriteStatistics(timeNs, counters.Received, counters.DroppedByInterface, counters.DroppedByKernel);
    }

    public void Dispose() => _writer?.Dispose();

    private void Next()
    {
        _bytesBefore += _writer?.Bytes ?? 0;
        _writer?.Dispose();
        _number++;
        var name = Rotates
            ? Path.Combine(Path.GetDirectoryName(options.File) ?? "", string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(options.File)}-{_number:D5}{Path.GetExtension(options.File)}"))
            : options.File;
        _writer = new PcapNgWriter(new FileStream(name, FileMode.Create, FileAccess.Write, FileShare.Read, BufferBytes), link, options.SnapLength, options.Interface);
        _openedAt = time.GetTimestamp();
        _names.Add(name);
        if (Rotates && _names.Count > options.FilesMax)
        {
            File.Delete(_names[0]);
            _names.RemoveAt(0);
        }
    }
}
