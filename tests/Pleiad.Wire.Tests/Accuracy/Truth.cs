using System.Globalization;
using System.Text;
using Pleiad.Wire.Tests.Fixtures;

namespace Pleiad.Wire.Tests.Accuracy;

/// <summary>What the servers' own ids prove of one request; times in milliseconds.</summary>
internal sealed record Truth(string Client, string Uri, double T1, double T2, int Queries, double T3)
{
    /// <summary>By client and URI, which numbers the requests.</summary>
    public static Dictionary<(string Client, string Uri), Truth> Of(string capture)
    {
        var text = Encoding.UTF8.GetString(TestCaptures.Unpacked(capture + ".truth.tsv.xz"));
        return text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split('\t'))
            .Select(cells => new Truth(cells[1], cells[2], Number(cells[4]), Number(cells[6]), int.Parse(cells[7], CultureInfo.InvariantCulture), Number(cells[8])))
            .ToDictionary(truth => (truth.Client, truth.Uri));
    }

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);
}

/// <summary>How many of some answers were right, with the Wilson 95 % interval of the share.</summary>
internal sealed record Score(int Right, int Wrong, int Open)
{
    public double ShareRight => Right / (double)Math.Max(1, Right + Wrong);

    public double ShareAnswered => (Right + Wrong) / (double)Math.Max(1, Right + Wrong + Open);

    public override string ToString()
    {
        var (low, high) = Wilson(Right, Right + Wrong);
        return string.Create(CultureInfo.InvariantCulture, $"right {Right}, wrong {Wrong}, open {Open}: {ShareRight:P2} of the answered right ({low:P2} to {high:P2}), {ShareAnswered:P1} answered");
    }

    public static (double Low, double High) Wilson(int right, int of)
    {
        const double Z = 1.959964;
        if (of == 0)
        {
            return (0, 1);
        }

        var share = right / (double)of;
        var middle = share + (Z * Z / (2 * of));
        var half = Z * Math.Sqrt((share * (1 - share) / of) + (Z * Z / (4.0 * of * of)));
        var scale = 1 + (Z * Z / of);
        return ((middle - half) / scale, (middle + half) / scale);
    }
}
