using Spectre.Console;

namespace Pleiad.Cli.Output;

/// <summary>One column.</summary>
/// <param name="Title">Its heading.</param>
/// <param name="Right">Whether it is aligned at the right, as figures are.</param>
/// <param name="Wraps">Whether a terminal too narrow may break its lines, as those of sentences.</param>
internal readonly record struct Column(string Title, bool Right = false, bool Wraps = false);

/// <summary>A table that is drawn with borders on a terminal and as aligned plain text, never cut or wrapped, for everything else.</summary>
internal sealed class TextTable(params Column[] columns)
{
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

    public Table ToDrawn()
    {
        var table = new Table { Border = TableBorder.Rounded };
        table.BorderStyle(new Style(Color.Grey));
        if (Title is not null)
        {
            table.Title(Markup.Escape(Title), new Style(decoration: Decoration.Bold));
        }

        foreach (var column in columns)
        {
            table.AddColumn(new TableColumn(new Text(column.Title, new Style(decoration: Decoration.Bold))) { Alignment = column.Right ? Justify.Right : Justify.Left, NoWrap = !column.Wraps });
        }

        foreach (var row in _rows)
        {
            table.AddRow(row.Select(cell => new Text(cell, Colours.Of(cell))));
        }

        return table;
    }

    private string Aligned(string cell, int at, int width) => columns[at].Right ? cell.PadLeft(width) : cell.PadRight(width);

    /// <summary>Names and reasons may come from afar: no line ends, tabs or terminal commands in a cell.</summary>
    private static string Printable(string cell) => cell.Any(char.IsControl) ? string.Concat(cell.Select(c => char.IsControl(c) ? ' ' : c)) : cell;
}
