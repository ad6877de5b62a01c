using System.Globalization;
using Pleiad.Core.Documents;
using Pleiad.Distributions;
using Pleiad.Distributions.Random;
using Pleiad.Load.Learning;
using Pleiad.Load.Scenarios;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Learning;

/// <summary>A log is generated from a known behaviour; what is learned from it has to be that behaviour.</summary>
public sealed class LearnerTests
{
    private const int Sessions = 3000;
    private const double Rate = 0.5;
    private static readonly LogNormal HomeThink = LogNormal.FromMoments(8, 0.5);
    private static readonly Exponential ItemThink = new(20);

    [Fact]
    public void A_scenario_learned_from_a_log_has_the_probabilities_and_think_times_it_was_generated_with()
    {
        var learned = Learner.FromLog(Nginx(), new LearnOptions { Format = "$remote_addr [$time_local] \"$request\" $status $request_time $msec" });

        var scenario = ScenarioDocument.Read(learned.Yaml, "learned.yaml", name => learned.Files[name]);
        scenario.PageNames.ShouldBe(["home", "items-x", "post-cart"], ignoreOrder: true);
        var (home, item, cart) = (Page("home"), Page("items-x"), Page("post-cart"));

        // Shares of a binomial count, within 5 standard deviations (false alarm below 1e-6); the seed is fixed.
        Near(Probability(home, item), 0.7, Sessions);
        Near(Probability(item, item), 0.4, Sessions * 1.4);
        Near(Probability(item, cart), 0.2, Sessions * 1.4);
        scenario.Classes[0].Transitions[cart]!.ExitProbability.ShouldBe(1, 1e-6);

        // Means within 5 standard errors, and the whole distribution by its distance.
        var think = scenario.Classes[0].Transitions[home]!.Steps.Single(step => step.Page == item).Think!;
        think.Mean.ShouldBe(HomeThink.Mean, 5 * Math.Sqrt(HomeThink.Variance / (0.7 * Sessions)));
        think.Name.ShouldBe("lognormal");
        var again = scenario.Classes[0].Transitions[item]!.Steps.Single(step => step.Page == item).Think!;
        again.Mean.ShouldBe(ItemThink.Mean, 5 * ItemThink.Mean / Math.Sqrt(0.4 * 1.4 * Sessions));
        for (var p = 0.05; p < 1; p += 0.05)
        {
            think.Cumulative(HomeThink.Quantile(p)).ShouldBe(p, 0.05);
            again.Cumulative(ItemThink.Quantile(p)).ShouldBe(p, 0.05);
        }

        // Poisson arrivals of the log's rate.
        scenario.Load.Arrivals.Name.ShouldBe("poisson");
        scenario.Load.Steps[0].From.ShouldBe(Rate, 5 * Rate / Math.Sqrt(Sessions));
        learned.Replay.ShouldAllBe(figure => figure.IsReproduced);
        learned.Files["items-x.csv"].ShouldContain("/items/");

        int Page(string name) => scenario.PageNames.ToList().IndexOf(name);
        double Probability(int from, int to) => scenario.Classes[0].Transitions[from]!.Steps.Single(step => step.Page == to).Probability;
        static void Near(double seen, double expected, double count) => seen.ShouldBe(expected, 5 * Math.Sqrt(expected * (1 - expected) / count));
    }

    [Fact]
    public void Whole_seconds_keep_the_mean_think_time()
    {
        var lines = Requests().Select(each => (each.Begin, Line: string.Create(CultureInfo.InvariantCulture, $"{each.Client} - - [{Clock(each.Begin)}] \"{each.Method} {each.Target} HTTP/1.1\" 200 512 \"-\" \"Browser, 1.0\""))).OrderBy(each => Math.Floor(each.Begin)).Select(each => each.Line);
        var learned = Learner.FromLog(lines, new LearnOptions());

        var scenario = ScenarioDocument.Read(learned.Yaml, "learned.yaml", name => learned.Files[name]);
        var (home, item) = (scenario.PageNames.ToList().IndexOf("home"), scenario.PageNames.ToList().IndexOf("items-x"));
        scenario.Classes[0].Transitions[home]!.Steps.Single(step => step.Page == item).Think!.Mean.ShouldBe(HomeThink.Mean + 0.05, 0.5);
        learned.Notes.ShouldContain(note => note.Contains("whole seconds"));
        learned.Notes.ShouldContain(note => note.Contains("does not say how long"));
    }

    [Fact]
    public void Whole_seconds_leave_short_think_times_their_distribution()
    {
        var think = new Exponential(2);
        var (random, lines, now) = (new RandomStream(5), new List<string>(), 1_767_225_600.0);
        for (var session = 0; session < Sessions; session++)
        {
            now += 5 * random.NextExponential();
            foreach (var (moment, target) in (ReadOnlySpan<(double, string)>)[(now, "/"), (now + think.Sample(random), "/next")])
            {
                lines.Add(string.Create(CultureInfo.InvariantCulture, $"10.{session / 62500}.{session / 250 % 250}.{session % 250} - - [{Clock(moment)}] \"GET {target} HTTP/1.1\" 200 1"));
            }
        }

        var scenario = ScenarioDocument.Read(Learner.FromLog(lines, new LearnOptions()).Yaml, "learned.yaml", _ => "");
        var learned = scenario.Classes[0].Transitions[0]!.Steps.ShouldHaveSingleItem().Think!;
        for (var p = 0.05; p < 1; p += 0.05)
        {
            learned.Cumulative(think.Quantile(p)).ShouldBe(p, 0.035);
        }
    }

    [Fact]
    public void A_rate_that_changes_becomes_steps()
    {
        var random = new RandomStream(8);
        var (lines, now) = (new List<string>(), 0.0);
        for (var i = 0; i < 1000; i++)
        {
            now += random.NextExponential() / (now < 2000 ? 0.1 : 0.8);
            lines.Add(string.Create(CultureInfo.InvariantCulture, $"10.0.{i / 250}.{i % 250} - - [{Clock(now)}] \"GET / HTTP/1.1\" 200 1"));
        }

        var scenario = ScenarioDocument.Read(Learner.FromLog(lines, new LearnOptions()).Yaml, "learned.yaml", _ => "");
        scenario.Load.Steps.Count.ShouldBeGreaterThan(10);
        scenario.Load.Steps[2].From.ShouldBeInRange(0.02, 0.25);
        scenario.Load.Steps[^3].From.ShouldBeInRange(0.5, 1.2);
    }

    [Fact]
    public void A_har_gives_pages_with_their_bodies()
    {
        const string Har = """
            {"log":{"entries":[
            {"startedDateTime":"2026-01-01T10:00:00.000Z","time":100,"request":{"method":"GET","url":"http://shop.test/"},"response":{"status":200}},
            {"startedDateTime":"2026-01-01T10:00:00.200Z","time":10,"request":{"method":"GET","url":"http://shop.test/style.css"},"response":{"status":200}},
            {"startedDateTime":"2026-01-01T10:00:00.300Z","time":10,"request":{"method":"GET","url":"http://other.test/x"},"response":{"status":200}},
            {"startedDateTime":"2026-01-01T10:00:05.100Z","time":50,"request":{"method":"POST","url":"http://shop.test/cart","postData":{"mimeType":"application/json","text":"{\"id\": 7}"}},"response":{"status":201}}]}}
            """;
        var learned = Learner.FromHar(Har, new LearnOptions());
        var scenario = ScenarioDocument.Read(learned.Yaml, "learned.yaml", _ => "");

        scenario.PageNames.ShouldBe(["home", "post-cart"]);
        scenario.Pages[1].Body!.Source.ShouldBe("{\"id\": 7}");
        scenario.Pages[1].Headers.ShouldHaveSingleItem().Value.Source.ShouldBe("application/json");
        scenario.Classes[0].Transitions[0]!.Steps[0].Think!.Mean.ShouldBe(5, 0.001);
        Should.Throw<InvalidInputException>(() => Learner.FromHar("{}", new LearnOptions()));
    }

    [Fact]
    public void A_har_is_of_the_site_whose_document_came_first_however_much_came_from_elsewhere()
    {
        var entries = new List<string> { Entry("https://shop.test/", "text/html; charset=utf-8", 200) };
        entries.AddRange(Enumerable.Range(0, 9).Select(i => Entry($"https://cdn.test/{i}", "image/png", 200)));
        entries.AddRange(Enumerable.Range(0, 20).Select(_ => Entry("data:image/png;base64,AAAA", "image/png", 200)));
        entries.Add(Entry("https://shop.test/blocked", "", 0));
        entries.Add(Entry("https://shop.test/list", "text/html", 200));
        var learned = Learner.FromHar($"{{\"log\":{{\"entries\":[{string.Join(',', entries)}]}}}}", new LearnOptions());

        ScenarioDocument.Read(learned.Yaml, "learned.yaml", _ => "").PageNames.ShouldBe(["home", "list"], ignoreOrder: true);
        learned.Notes[0].ShouldBe("2 requests read of shop.test, 30 lines or requests left out; 2 are of pages, in 1 sessions of 2 pages");

        static string Entry(string url, string type, int status) =>
            $$$"""{"startedDateTime":"2026-01-01T10:00:00.000+02:00","time":1,"request":{"method":"GET","url":"{{{url}}}"},"response":{"status":{{{status}}},"content": {"mimeType":"{{{type}}}"} } }""";
    }

    [Theory]
    [InlineData("127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /a.html?x=1 HTTP/1.0\" 200 2326", null)]
    [InlineData("127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] \"GET /a.html?x=1 HTTP/1.0\" 200 2326 \"http://r/\" \"Mozilla/4 \\\"x\\\"\"", null)]
    [InlineData("971211336 127.0.0.1 GET /a.html ?x=1 1500", "%{sec}t %h %m %U %q %D")]
    public void Lines_of_the_usual_formats_are_read(string line, string? format)
    {
        var entry = LogReader.Lines([line], format).Entries.ShouldHaveSingleItem();
        (entry.Method, entry.Target, entry.Begin).ShouldBe(("GET", format is null ? "/a.html?x=1" : "/a.html?x=1", 971211336d));
    }

    [Fact]
    public void What_others_wrote_into_a_log_is_not_shown_as_it_is() =>
        Should.Throw<InvalidInputException>(() => LogReader.Lines(["\u001b[2Jrubbish\a"], null)).Message.ShouldContain("'\ufffd[2Jrubbish\ufffd'");

    [Fact]
    public void Lines_of_no_format_are_counted_and_a_log_of_nothing_else_is_refused()
    {
        LogReader.Lines(["rubbish", "1.1.1.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1", "\\x16\\x03"], null).LinesRefused.ShouldBe(2);
        Should.Throw<InvalidInputException>(() => LogReader.Lines(["rubbish"], null)).Message.ShouldContain("--format");
        Should.Throw<InvalidInputException>(() => LogFormat.Parse("%D %s")).Message.ShouldContain("who asked");
    }

    private static IEnumerable<string> Nginx() => Requests().OrderBy(each => each.End)
        .Select(each => string.Create(CultureInfo.InvariantCulture, $"{each.Client} [{Clock(each.End)}] \"{each.Method} {each.Target} HTTP/1.1\" 200 {each.End - each.Begin:F3} {each.End:F3}"));

    private static string Clock(double moment) => DateTimeOffset.FromUnixTimeMilliseconds((long)(moment * 1000)).ToString("dd/MMM/yyyy:HH:mm:ss +0000", CultureInfo.InvariantCulture);

    /// <summary>home → items/N (0.7) → items/N (0.4) | cart (0.2); answers take 50 ms.</summary>
    private static List<(string Client, string Method, string Target, double Begin, double End)> Requests()
    {
        var random = new RandomStream(2026);
        var (requests, arrival) = (new List<(string, string, string, double, double)>(), 1_767_225_600.0);
        for (var session = 0; session < Sessions; session++)
        {
            arrival += random.NextExponential() / Rate;
            var (now, page) = (arrival, 0);
            while (page >= 0)
            {
                var target = page switch { 0 => "/", 1 => $"/items/{random.NextIndex(500) + 1}?from=list", _ => "/cart" };
                requests.Add(($"10.{session / 62500}.{session / 250 % 250}.{session % 250}", page == 2 ? "POST" : "GET", target, now, now + 0.05));
                now += 0.05;
                var u = random.NextDouble();
                var next = page switch { 0 => u < 0.7 ? 1 : -1, 1 => u < 0.4 ? 1 : u < 0.6 ? 2 : -1, _ => -1 };
                now += page == 0 ? HomeThink.Sample(random) : ItemThink.Sample(random);
                page = next;
            }
        }

        return requests;
    }
}
