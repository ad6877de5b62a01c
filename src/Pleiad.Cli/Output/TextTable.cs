using Spectre.Console;
using Spectre.Console.Rendering;

namespace Pleiad.Cli.Output;

/// <summary>One column.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Right">Whether it is aligned at the right, as figures are.</param>
/// <param name="Wraps">Whether a terminal too narrow may break its lines, as those of sentences.</param>
/// <param name="Spare">Which columns a terminal too narrow leaves out, the highest first; one with 0 stays.</param>
internal readonly record struct Column(string Title, bool Right = false, bool Wraps = false, int Spare = 0);

/// <summary>
/// A table that is drawn with borders on a terminal, within its width, and as aligned plain text, never cut or wrapped, for everything else. What does not fit is left out by
/// whole columns and named below the table; when even the columns that stay are too wide, the terminal gets plain lines, broken at its edge.
/// </summary>
internal sealed class TextTable(params Column[] columns)
{
    /// <summary>A sentence is not squeezed into less than this.</summary>
    private const int SentenceWidthMin = 20;

    private readonly List<string[]> _rows = [];

    /// <summary>Heading of the whole, shown on terminals.</summary>
    public string? Title { get; init; }

    public int Count => _rows.Count;

    /// <summary>Adds a row; what is null or empty shows as '-'.</summary>
    public void Add(params string?[] cells)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(cells.Length, columns.Length);
        _rows.Add([.. cells.Select(cell => string.IsNullOrEmpty(cell) ? "-" : Printable(cell))]);
    }

    public string ToPlain()
    {
        var lines = (List<string[]>)[[.. columns.Select(column => column.Title.ToUpperInvariant())], .. _rows];
        var widths = columns.Select((_, at) => lines.Max(line => line[at].Length)).ToArray();
        return string.Concat(lines.Select(line => string.Join("  ", line.Select((cell, at) => Aligned(cell, at, widths[at]))).TrimEnd() + "\n"));
    }

    /// <param name="width">Columns of the terminal.</param>
    public IRenderable ToDrawn(int width)
    {
        var shown = Enumerable.Range(0, columns.Length).ToList();
        while (NeededWidth(shown) > width && shown.MaxBy(at => columns[at].Spare) is var least && columns[least].Spare > 0)
        {
            shown.Remove(least);
        }

        return NeededWidth(shown) <= width ? Drawn(shown) : new Text(ToPlain());
    }

    private Table Drawn(List<int> shown)
    {
        var table = new Table { Border = TableBorder.Rounded };
        table.BorderStyle(new Style(Color.Grey));
        if (Title is not null)
        {
            table.Title(Markup.Escape(Title), new Style(decoration: Decoration.Bold));
        }

        if (shown.Count < columns.Length)
        {
            var left = Enumerable.Range(0, columns.Length).Except(shown).Select(at => columns[at].Title);
            table.Caption(Markup.Escape($"too narrow for: {string.Join(", ", left)}"), new Style(decoration: Decoration.Dim));
        }

        foreach (var column in shown.Select(at => columns[at]))
        {
            table.AddColumn(new TableColumn(new Text(column.Title, new Style(decoration: Decoration.Bold))) { Alignment = column.Right ? Justify.Right : Justify.Left, NoWrap = !column.Wraps });
        }

        foreach (var row in _rows)
        {
            table.AddRow(shown.Select(at => new Text(row[at], Colours.Of(row[at]))));
        }

        return table;
    }

    /// <summary>Columns of the terminal that these columns of the table need, with their borders.</summary>
    private int NeededWidth(List<int> shown) => 1 + shown.Sum(at => 3 + (columns[at].Wraps ? Math.Min(SentenceWidthMin, NaturalWidth(at)) : NaturalWidth(at)));

    private int NaturalWidth(int at) => _rows.Select(row => row[at].Length).Append(columns[at].Title.Length).Max();

    private string Aligned(string cell, int at, int width) => columns[at].Right ? cell.PadLeft(width) : cell.PadRight(width);

    /// <summary>Names and reasons may come from afar: no line ends, tabs or terminal commands in a cell.</summary>
    private static string Printable(string cell) => cell.Any(char.IsControl) ? string.Concat(cell.Select(c => char.IsControl(c) ? ' ' : c)) : cell;
}
