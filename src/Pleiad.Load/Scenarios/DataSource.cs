using System.Text;
using Pleiad.Core.Documents;
using Pleiad.Distributions.Random;

namespace Pleiad.Load.Scenarios;

/// <summary>Which row a session takes.</summary>
internal enum RowOrder
{
    /// <summary>By the session's number, from the beginning again at the end.</summary>
    Sequential,

    /// <summary>Any.</summary>
    Random,

    /// <summary>By the session's number; no sessions begin when all rows are used.</summary>
    Unique,
}

/// <summary>Rows of a CSV file whose first line has the names of the columns.</summary>
internal sealed class DataSource(string name, RowOrder order, int[] places, byte[][][] rows)
{
    public const int RowsMax = 1_000_000;

    public string Name { get; } = name;

    public int RowCount => rows.Length;

    public RowOrder Order => order;

    /// <summary>Puts a row's values into a session.</summary>
    /// <returns>False when there is no row left.</returns>
    public bool TryFill(long session, RandomStream random, byte[]?[] values)
    {
        if (order == RowOrder.Unique && session >= rows.Length)
        {
            return false;
        }

        var row = rows[order == RowOrder.Random ? random.NextIndex(rows.Length) : (int)(session % rows.Length)];
        for (var i = 0; i < places.Length; i++)
        {
            values[places[i]] = row[i];
        }

        return true;
    }

    /// <summary>Reads the text of a file.</summary>
    /// <exception cref="InvalidInputException">It is no such table.</exception>
    public static DataSource Parse(string name, string file, string text, RowOrder order, VariableTable variables)
    {
        var rows = Csv.Read(text).Take(RowsMax + 2).ToList();
        if (rows.Count < 2)
        {
            throw new InvalidInputException(file, new InputProblem("file", null, "has no rows", "give a first line with the columns' names and a line for each row"));
        }

        var problems = rows.Skip(1).Select((row, index) => (row.Fields, row.Line, index)).Where(row => row.Fields.Count != rows[0].Fields.Count).Take(20)
            .Select(row => new InputProblem("row", null, $"has {row.Fields.Count} fields", $"give {rows[0].Fields.Count}, as the first line has", row.Line)).ToList();
        if (rows.Count > RowsMax + 1)
        {
            problems.Add(new InputProblem("file", null, $"has more than {RowsMax} rows", "give a shorter one"));
        }

        if (problems.Count > 0)
        {
            throw new InvalidInputException(file, problems);
        }

        var columns = rows[0].Fields.Select(column => $"{name}.{column.Trim()}").ToList();
        variables.DataColumns.UnionWith(columns);
        var places = columns.Select(variables.PlaceOf).ToArray();
        return new DataSource(name, order, places, [.. rows.Skip(1).Select(row => row.Fields.Select(Encoding.UTF8.GetBytes).ToArray())]);
    }
}

/// <summary>Comma-separated values as RFC 4180 has them.</summary>
internal static class Csv
{
    public static IEnumerable<(IReadOnlyList<string> Fields, int Line)> Read(string text)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var (line, begin, quoted, any) = (1, 1, false, false);
        for (var at = 0; at < text.Length; at++)
        {
            var c = text[at];
            line += c == '\n' ? 1 : 0;
            if (quoted)
            {
                if (c != '"')
                {
                    field.Append(c);
                }
                else if (at + 1 < text.Length && text[at + 1] == '"')
                {
                    field.Append('"');
                    at++;
                }
                else
                {
                    quoted = false;
                }
            }
            else if (c == '"' && field.Length == 0)
            {
                quoted = any = true;
            }
            else if (c == ',')
            {
                fields.Add(field.ToString());
                field.Clear();
                any = true;
            }
            else if (c is '\n' or '\r')
            {
                if (any || field.Length > 0)
                {
                    fields.Add(field.ToString());
                    yield return (fields, begin);
                }

                (fields, any, begin) = ([], false, line);
                field.Clear();
            }
            else
            {
                field.Append(c);
            }
        }

        if (any || field.Length > 0)
        {
            fields.Add(field.ToString());
            yield return (fields, begin);
        }
    }
}
