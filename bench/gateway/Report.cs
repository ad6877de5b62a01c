using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Pleiad.Bench.Gateway;

/// <summary>One measured comparison; the ratio is ours by the peer's, both from this run.</summary>
internal sealed record Row(string What, string Unit, double? Ours, double? Peer, string PeerName, string? Note = null)
{
    /// <summary>Null without a peer, or when it has nothing to divide by.</summary>
    public double? Ratio => Peer > 0 ? Ours / Peer : null;
}

internal sealed class Report
{
    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public List<Row> Rows { get; } = [];

    public void Add(string what, string unit, double? ours, double? peer, string peerName, string? note = null) =>
        Rows.Add(new Row(what, unit, ours, peer, peerName, note));

    public string ToTable()
    {
        var text = new StringBuilder();
        text.AppendLine($"{"what",-52} {"unit",-22} {"pleiad",12} {"peer",12} {"ratio",7}  peer");
        foreach (var row in Rows)
        {
            text.AppendLine($"{row.What,-52} {row.Unit,-22} {Number(row.Ours),12} {Number(row.Peer),12} {Ratio(row.Ratio),7}  {row.PeerName}");
            if (row.Note is not null)
            {
                text.AppendLine($"    {row.Note}");
            }
        }

        return text.ToString();
    }

    private static string Number(double? value) => value?.ToString(value >= 1000 ? "N0" : "N2", CultureInfo.InvariantCulture) ?? "-";

    private static string Ratio(double? value) => value?.ToString("F2", CultureInfo.InvariantCulture) ?? "-";
}
