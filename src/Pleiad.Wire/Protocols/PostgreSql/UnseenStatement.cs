using System.Buffers.Binary;
using System.Text;

namespace Pleiad.Wire.Protocols.PostgreSql;

/// <summary>
/// A statement whose text was sent before the capture began. Its name tells it from others in its session; other sessions, which number theirs as they come, may mean another by
/// it, so that what its executions show counts too: how its parameters and columns are written, what it does, what comes back.
/// </summary>
internal sealed class UnseenStatement(string name, string shape)
{
    private const int VerbBytesMax = 40;

    private string? _verb;
    private int _columns = -1;
    private int _width;
    private bool _answeredOther;
    private bool _isEmpty;
    private int _number;

    /// <summary>What of a row must be read to see whether it is a single 1.</summary>
    public const int RowBytesLooked = 10;

    /// <summary>Whether all it ever answered is one row with a 1: what pools ask a connection to see whether it is alive.</summary>
    public bool IsValidation { get; private set; }

    /// <summary>An execution ended.</summary>
    /// <param name="tag">The server's tag, of which the first word counts.</param>
    /// <param name="columns">Columns of its rows, or -1 when it had none.</param>
    /// <param name="width">Bytes of the first column in its last row; in binary form a number's are always as many.</param>
    /// <param name="isOne">Whether it answered one row with a 1.</param>
    public void Answered(ReadOnlySpan<byte> tag, int columns, int width, bool isOne)
    {
        if (_verb is null || (_columns < 0 && columns >= 0))
        {
            (_verb, _columns, _number) = (Verb(tag), columns, 0);
            _width = shape.Contains("columns b", StringComparison.Ordinal) && width is 1 or 2 or 4 or 8 ? width : 0;
        }

        _answeredOther |= !isOne || !shape.StartsWith("0 ", StringComparison.Ordinal);
        IsValidation = !_answeredOther;
    }

    /// <summary>An execution ended, as there was nothing to execute.</summary>
    public void WasEmpty() => _isEmpty = IsValidation = true;

    public int Number(StatementTable statements)
    {
        if (_number > 0)
        {
            return _number;
        }

        if (_isEmpty)
        {
            return _number = statements.Of([]);
        }

        // Where the columns' formats are written, they say how many there are.
        var columns = _columns >= 0 && !shape.Contains("columns", StringComparison.Ordinal) ? $", {_columns} columns" : "";
        columns += _width > 0 ? $", the first of {_width} bytes" : "";
        var verb = _verb ?? "statement";
        var kind = statements.Of(Encoding.UTF8.GetBytes($"({verb} prepared before the capture: {shape}{columns})"));
        var number = statements.Of(Encoding.UTF8.GetBytes($"({verb} prepared before the capture as '{name}': {shape}{columns})"), kind);
        _number = _verb is null ? 0 : number;
        return number;
    }

    private static string Verb(ReadOnlySpan<byte> tag)
    {
        var end = tag.IndexOfAny((byte)' ', (byte)0);
        return Encoding.Latin1.GetString(tag[..Math.Min(end < 0 ? tag.Length : end, VerbBytesMax)]);
    }

    /// <summary>Whether a row is a single 1, in text or in binary form.</summary>
    public static bool IsOne(ReadOnlySpan<byte> row)
    {
        if (row.Length < 7 || BinaryPrimitives.ReadInt16BigEndian(row) != 1)
        {
            return false;
        }

        var value = row[6..];
        return BinaryPrimitives.ReadInt32BigEndian(row[2..]) switch
        {
            1 => value[0] == '1',
            4 => value.Length >= 4 && BinaryPrimitives.ReadInt32BigEndian(value) == 1,
            _ => false,
        };
    }
}
