using System.Globalization;
using Pleiad.Distributions.Random;
using Pleiad.Load.Learning;
using Pleiad.Load.Scenarios;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Learning;

/// <summary>A log of known kinds of users; the kinds learned from it have to be those.</summary>
public sealed class UserKindsTests
{
    private const int Sessions = 4000;
    private const double BuyerShare = 0.65;

    /// <summary>Standard deviations of a binomial share that are let pass: a false alarm below 1e-6, were the kinds in the log.</summary>
    private const double Deviations = 5;

    /// <summary>They are not: who came for one page and left – one session in eight – is told only by how often users of a kind leave there later on, which is known to 0.01.</summary>
    private const double Told = 0.06;

    /// <summary>
    /// Pages: 0 home, 1 news, 2 item, 3 cart; 4 leaves. Both kinds look at items and may begin there, so that their paths overlap; each page at which sessions begin is come back to, for
    /// else nothing at all would tell whose the sessions of one page are.
    /// </summary>
    private static readonly Kind Buyers = new([0.9, 0, 0.1, 0], [[0, 0, 0.85, 0, 0.15], [], [0.25, 0, 0.35, 0.2, 0.2], [0, 0, 0, 0, 1]], 20);
    private static readonly Kind Readers = new([0, 0.9, 0.1, 0], [[], [0, 0.7, 0.1, 0, 0.2], [0, 0.5, 0, 0, 0.5], []], 3);
    private static readonly string[] Targets = ["/", "/news", "/item", "/cart"];
    private static readonly string[] Names = ["home", "news", "item", "cart"];

    [Fact]
    public void Two_kinds_of_users_are_told_apart_and_have_the_probabilities_they_were_generated_with()
    {
        var learned = Learner.FromLog(Log(random => random.NextDouble() < BuyerShare ? Buyers : Readers), new LearnOptions { Format = "$remote_addr [$time_local] \"$request\" $status $request_time $msec" });

        var scenario = ScenarioDocument.Read(learned.Yaml, "learned.yaml", name => learned.Files[name]);
        scenario.Classes.Count.ShouldBe(2, string.Join('\n', learned.Notes));
        Near(scenario.Classes[0].Share, BuyerShare, Sessions);
        Compare(scenario, scenario.Classes[0], Buyers, BuyerShare * Sessions);
        Compare(scenario, scenario.Classes[1], Readers, (1 - BuyerShare) * Sessions);
        learned.Notes.ShouldContain(note => note.StartsWith("2 kinds of users", StringComparison.Ordinal));
        learned.Replay.ShouldAllBe(figure => figure.IsReproduced);
        ScenarioDocument.Read(Learner.FromLog(Log(random => random.NextDouble() < BuyerShare ? Buyers : Readers), new LearnOptions { Format = "$remote_addr [$time_local] \"$request\" $status $request_time $msec", KindsMax = 1 }).Yaml, "learned.yaml", _ => "").Classes.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(300)]
    [InlineData(Sessions)]
    public void Users_of_one_kind_are_not_told_apart(int sessions)
    {
        foreach (var kind in (Kind[])[Buyers, Readers])
        {
            var learned = Learner.FromLog(Log(_ => kind, sessions), new LearnOptions { Format = "$remote_addr [$time_local] \"$request\" $status $request_time $msec" });
            ScenarioDocument.Read(learned.Yaml, "learned.yaml", name => learned.Files[name]).Classes.ShouldHaveSingleItem();
            learned.Notes.ShouldNotContain(note => note.Contains("kinds of users"));
        }
    }

    private static void Compare(Scenario scenario, UserClass users, Kind kind, double sessions)
    {
        // How often each page is visited: of that many choices the shares are.
        var visits = new double[4];
        for (var round = 0; round < 200; round++)
        {
            visits = [.. Enumerable.Range(0, 4).Select(to => sessions * kind.Entry[to] + Enumerable.Range(0, 4).Sum(from => kind.Ways[from].Length == 0 ? 0 : visits[from] * kind.Ways[from][to]))];
        }

        for (var page = 0; page < 4; page++)
        {
            Near(Share(users.Entry, page), kind.Entry[page], sessions);
            if (kind.Ways[page].Length > 0)
            {
                var row = users.Transitions[Index(page)].ShouldNotBeNull();
                for (var to = 0; to < 4; to++)
                {
                    Near(Share(row, to), kind.Ways[page][to], visits[page]);
                    if (kind.Ways[page][to] * visits[page] > 500)
                    {
                        row.Steps.Single(step => step.Page == Index(to)).Think!.Mean.ShouldBe(kind.ThinkSeconds, Deviations * kind.ThinkSeconds / Math.Sqrt(kind.Ways[page][to] * visits[page]));
                    }
                }
            }
        }

        double Share(Row row, int to) => row.Steps.Where(step => step.Page == Index(to)).Sum(step => step.Probability);
        int Index(int page) => scenario.PageNames.ToList().IndexOf(Names[page]);
    }

    private static void Near(double seen, double expected, double count) => seen.ShouldBe(expected, Math.Max(Told, Deviations * Math.Sqrt(expected * (1 - expected) / count)));

    private static IEnumerable<string> Log(Func<RandomStream, Kind> choose, int sessions = Sessions)
    {
        var random = new RandomStream(31);
        var (lines, arrival) = (new List<(double End, string Line)>(), 1_767_225_600.0);
        for (var session = 0; session < sessions; session++)
        {
            arrival += random.NextExponential();
            var kind = choose(random);
            for (var (now, page) = (arrival, Draw(kind.Entry, random)); page is >= 0 and < 4; page = Draw(kind.Ways[page], random))
            {
                var end = now + 0.05;
                var clock = DateTimeOffset.FromUnixTimeMilliseconds((long)(end * 1000)).ToString("dd/MMM/yyyy:HH:mm:ss +0000", CultureInfo.InvariantCulture);
                lines.Add((end, string.Create(CultureInfo.InvariantCulture, $"10.{session / 62500}.{session / 250 % 250}.{session % 250} [{clock}] \"GET {Targets[page]} HTTP/1.1\" 200 0.050 {end:F3}")));
                now = end + (random.NextExponential() * kind.ThinkSeconds);
            }
        }

        return lines.OrderBy(each => each.End).Select(each => each.Line);
    }

    private static int Draw(double[] shares, RandomStream random)
    {
        var (u, at) = (random.NextDouble(), 0);
        while (at < shares.Length - 1 && u >= shares[at])
        {
            u -= shares[at++];
        }

        return at;
    }

    /// <param name="Entry">Probabilities of the first page.</param>
    /// <param name="Ways">Probabilities of the next page for each, the last one of leaving; empty where this kind never is.</param>
    /// <param name="ThinkSeconds">Mean think time.</param>
    private sealed record Kind(double[] Entry, double[][] Ways, double ThinkSeconds);
}
