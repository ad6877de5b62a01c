namespace Pleiad.Cli.Machines;

/// <summary>Finds what is new in a log that is read whole each time and whose oldest part is dropped now and then.</summary>
internal sealed class LogTail
{
    /// <summary>How much of the end is remembered to find it again.</summary>
    private const int MarkLength = 512;

    private long _length;
    private byte[] _mark = [];

    /// <summary>What was added since the last call; all of it when the end that was seen last is gone.</summary>
    public ReadOnlyMemory<byte> Added(byte[] log)
    {
        var start = StartOfNew(log);
        _length = log.Length;
        _mark = log[^Math.Min(MarkLength, log.Length)..];
        return log.AsMemory(start);
    }

    private int StartOfNew(byte[] log)
    {
        if (_length <= log.Length && log.AsSpan(0, (int)_length).EndsWith(_mark))
        {
            return (int)_length;
        }

        var at = log.AsSpan().LastIndexOf(_mark);
        return at < 0 ? 0 : at + _mark.Length;
    }
}
