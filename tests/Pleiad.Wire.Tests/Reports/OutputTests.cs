using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pleiad.TestKit;
using Pleiad.Wire.Captures;
using Pleiad.Wire.Reports;
using Pleiad.Wire.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Reports;

public sealed class OutputTests
{
    [Fact]
    public void Every_file_of_an_analysis_holds_every_request()
    {
        using var directory = new TempDirectory("wire");
        var report = CaptureAnalysis.Run(TestCaptures.PathOf("vm-ajp-c4.pcapng.xz"), new AnalysisOptions { OutputDirectory = directory.Path, Utilization = new Dictionary<string, double> { ["app"] = 0.5 } }, CancellationToken.None);

        report.Requests.ShouldBe(969);
        report.Tiers.Select(tier => tier.Name).ShouldBe(["web", "app", "db"]);
        report.Tiers[1].UtilizationMeasured.ShouldBe(0.5);
        report.Attribution.Links[0].ByIdentity.ShouldBe(969);
        var lines = File.ReadAllLines(directory.File("requests.csv"));
        lines[0].ShouldStartWith("client,start,method,uri,class,status,T1_ms,T2_ms,T3_ms,H_ms,T_ms,D_ms,calls,posterior_T2,posterior_T3");
        lines.Length.ShouldBe(970);
        var cells = lines[1].Split(',');
        Number(cells[9]).ShouldBe(Number(cells[6]) - Number(cells[7]), 1e-5);
        Number(cells[10]).ShouldBe(Number(cells[7]) - Number(cells[8]), 1e-5);
        Scalar(directory.File("requests.db"), "SELECT count(*) FROM request").ShouldBe(969);
        Scalar(directory.File("requests.db"), "SELECT count(*) FROM call WHERE tier = 'db' AND kind = 'request'").ShouldBe(report.Tiers[2].Count);
        File.ReadLines(directory.File("spans.otlp.jsonl")).Count().ShouldBe(969);
        using var spans = JsonDocument.Parse(File.ReadLines(directory.File("spans.otlp.jsonl")).First());
        spans.RootElement.GetProperty("resourceSpans").GetArrayLength().ShouldBe(3);
        using var jaeger = JsonDocument.Parse(File.ReadAllText(directory.File("spans.jaeger.json")));
        jaeger.RootElement.GetProperty("data").GetArrayLength().ShouldBe(500);
        var again = JsonSerializer.Deserialize(File.ReadAllText(directory.File("report.json")), WireJson.Default.WireReport)!;
        again.Tiers[0].OwnMs.Mean.ShouldBe(report.Tiers[0].OwnMs.Mean);
        var page = File.ReadAllText(directory.File("report.html"));
        page.ShouldContain("<svg");
        page.ShouldNotContain("http-equiv");
        page.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal).ShouldNotContain("src=");
    }

    [Fact]
    public void A_capture_with_a_loss_says_so_and_leaves_open_what_it_cannot_know()
    {
        var whole = TestCaptures.Unpacked("vm-ajp-c4.pcapng.xz");
        var report = CaptureAnalysis.Run(new MemoryStream(whole[..(whole.Length / 2)]), "half", new AnalysisOptions(), CancellationToken.None);

        report.Capture.Damages.ShouldHaveSingleItem();
        report.Warnings.ShouldContain(warning => warning.Contains("damaged", StringComparison.Ordinal));
        report.Requests.ShouldBeInRange(300, 900);
    }

    [Fact]
    public void A_capture_without_a_known_protocol_is_reported_as_such()
    {
        var report = CaptureAnalysis.Run(new MemoryStream(new FrameWriter().Open().Client("hello there").ToCapture()), "x", new AnalysisOptions(), CancellationToken.None);

        report.Requests.ShouldBe(0);
        report.Warnings.ShouldContain(warning => warning.Contains("no exchange was recognised", StringComparison.Ordinal));
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Should.Throw<CaptureException>(() => CaptureAnalysis.Run("/nowhere/x.pcap", new AnalysisOptions(), CancellationToken.None)).Reason.ShouldBe(CaptureFault.Unreadable);

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);

    private static long Scalar(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }
}
