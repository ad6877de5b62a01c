using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Pleiad.TestKit;
using Pleiad.Wire.Association;
using Pleiad.Wire.Captures;
using Pleiad.Wire.Reports;
using Pleiad.Wire.Schemes;
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
        File.ReadAllText(directory.File("report.json")).ShouldNotContain("\\u00", Case.Sensitive, "people read it");
        var page = File.ReadAllText(directory.File("report.html"));
        page.ShouldContain("<svg");
        page.ShouldNotContain("http-equiv");
        page.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal).ShouldNotContain("src=");
    }

    [Theory]
    [InlineData("ajp-c4")]
    [InlineData("http-c16")]
    public void Exchanges_that_are_used_again_tell_the_same(string capture)
    {
        using var directory = new TempDirectory("wire");
        string[] Lines(string name, AssemblerOptions batches)
        {
            CaptureAnalysis.Run(TestCaptures.PathOf(capture + ".pcapng.xz"), new AnalysisOptions { OutputDirectory = directory.File(name), Batches = batches }, CancellationToken.None);
            // Client, start, method, URI, class, status, T1 and T2, which need no learning here.
            return [.. File.ReadLines(Path.Combine(directory.File(name), "requests.csv")).Select(line => string.Join(',', line.Split(',').Take(8))).Order(StringComparer.Ordinal)];
        }

        // In one batch nothing is used twice; in small ones nearly everything is, many times.
        var once = Lines("once", new AssemblerOptions { FirstBatchExchanges = 1_000_000 });
        Lines("again", new AssemblerOptions { FirstBatchExchanges = 4_000, BatchExchanges = 300 }).ShouldBe(once);
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
    public void Tiers_that_are_called_at_the_same_time_have_each_its_own_time()
    {
        const int Requests = 200;
        var frames = new FrameWriter();
        void Talk(int port, bool fromClient, string text) => frames.On(port).Data(fromClient, System.Text.Encoding.ASCII.GetBytes(text));
        for (var request = 0; request < Requests; request++)
        {
            Talk(80, true, $"GET /page?n={request} HTTP/1.1\r\n\r\n");
            Talk(8081, true, $"GET /cart/{request} HTTP/1.1\r\n\r\n");
            Talk(8082, true, $"GET /stock/{request} HTTP/1.1\r\n\r\n");
            Talk(8081, false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            Talk(8082, false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            Talk(80, false, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }

        using var directory = new TempDirectory("wire");
        var scheme = SchemeDocument.Parse("tiers:\n- { name: web, port: 80, calls: [cart, stock] }\n- { name: cart, port: 8081, calls: [] }\n- { name: stock, port: 8082, calls: [] }");
        var report = CaptureAnalysis.Run(new MemoryStream(frames.ToCapture()), "x", new AnalysisOptions { Scheme = scheme, OutputDirectory = directory.Path }, CancellationToken.None);

        // A frame each millisecond: web from 0 to 5, cart from 1 to 3, stock from 2 to 4, so that the two together are from 1 to 4.
        report.Attribution.Attributed.ShouldBe(Requests);
        report.Tiers.Select(tier => tier.OwnMs.Count).ShouldBe([Requests, Requests, Requests]);
        report.Tiers.Select(tier => Math.Round(tier.OwnMs.Mean, 6)).ShouldBe([2, 2, 2]);
        report.Tiers.Select(tier => Math.Round(tier.OwnMeanWithoutLinksMs, 6)).ShouldBe([2, 2, 2]);
        report.Warnings.ShouldBeEmpty();
        report.Classes[0].Tiers.Select(tier => tier.Tier).ShouldBe(["web", "cart", "stock"]);
        var lines = File.ReadAllLines(directory.File("requests.csv"));
        lines[0].ShouldEndWith(",cart_ms,cart_own_ms,stock_ms,stock_own_ms");
        lines[1].Split(',')[6..12].ShouldBe(["5", "3", "", "2", "3", ""]);
        lines[1].ShouldEndWith(",2,2,2,2");
    }

    [Fact]
    public void A_call_of_no_request_is_in_the_database_without_one()
    {
        const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        var frames = new FrameWriter();
        frames.On(80).Client("GET /page HTTP/1.1\r\n\r\n").On(8081).Client("GET /cart/1 HTTP/1.1\r\n\r\n").Server(Answer).On(80).Server(Answer);
        frames.On(8081).Client("GET /alive HTTP/1.1\r\n\r\n").Server(Answer);
        using var directory = new TempDirectory("wire");
        var scheme = SchemeDocument.Parse("tiers:\n- { name: web, port: 80 }\n- { name: cart, port: 8081 }");
        CaptureAnalysis.Run(new MemoryStream(frames.ToCapture()), "x", new AnalysisOptions { Scheme = scheme, OutputDirectory = directory.Path }, CancellationToken.None);

        Scalar(directory.File("requests.db"), "SELECT count(*) FROM call WHERE request = 1 AND text = 'GET /cart/1'").ShouldBe(1);
        Scalar(directory.File("requests.db"), "SELECT count(*) FROM call WHERE request IS NULL AND text = 'GET /alive'").ShouldBe(1);
        Scalar(directory.File("requests.db"), "SELECT count(*) FROM call").ShouldBe(2);
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

    [Fact]
    public void What_is_no_capture_is_named_with_what_it_is()
    {
        using var directory = new TempDirectory("wire");
        File.WriteAllText(directory.File("notes.txt"), "root:x:0:0");

        Should.Throw<CaptureException>(() => CaptureAnalysis.Run(directory.File("notes.txt"), new AnalysisOptions(), CancellationToken.None)).Message.ShouldStartWith("notes.txt: begins with");
        Should.Throw<CaptureException>(() => CaptureAnalysis.Run(directory.Path, new AnalysisOptions(), CancellationToken.None)).Message.ShouldContain("is a directory");
    }

    [Fact]
    public void A_directory_that_cannot_be_written_to_is_what_is_blamed()
    {
        using var directory = new TempDirectory("wire");
        File.WriteAllText(directory.File("taken"), "");

        var refused = Should.Throw<CaptureException>(() => CaptureAnalysis.Run(TestCaptures.PathOf("edge-cases.pcapng.xz"), new AnalysisOptions { OutputDirectory = directory.File("taken") }, CancellationToken.None));

        refused.Reason.ShouldBe(CaptureFault.CannotWrite);
        refused.Message.ShouldStartWith(directory.File("taken"));
    }

    [Fact]
    public void Requests_without_answers_and_tiers_that_are_none_are_said()
    {
        var unanswered = CaptureAnalysis.Run(new MemoryStream(new FrameWriter().Open().Client("GET / HTTP/1.1\r\n\r\n").ToCapture()), "x", new AnalysisOptions(), CancellationToken.None);
        var misnamed = CaptureAnalysis.Run(TestCaptures.PathOf("edge-cases.pcapng.xz"), new AnalysisOptions { Utilization = new Dictionary<string, double> { ["ap"] = 0.5 } }, CancellationToken.None);

        unanswered.Warnings.ShouldContain(warning => warning.Contains("no request was seen with its whole answer", StringComparison.Ordinal));
        misnamed.Warnings.ShouldContain(warning => warning.Contains("'ap', which is no tier", StringComparison.Ordinal));
    }

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
