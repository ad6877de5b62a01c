using System.CommandLine;
using System.Globalization;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Load.Agents;
using Pleiad.Load.Results;
using Pleiad.Load.Running;
using Pleiad.Load.Scenarios;
using Pleiad.Load.Trust;

namespace Pleiad.Cli.Load;

/// <summary><c>load run</c>.</summary>
internal sealed class LoadRunCommand : PleiadCommand
{
    private const long ScenarioBytesMax = 1 << 20;
    private const long DataBytesMax = 64 << 20;
    private static readonly TimeSpan UntilDefault = TimeSpan.FromMinutes(15);

    private readonly Argument<string> _scenario = new("scenario") { Description = "Scenario file; '-' reads stdin; a path such as /index.html stands for a scenario of that one page." };
    private readonly Option<string?> _target = Given.Text("--target", "URL", "What is loaded: scheme, host and port, for example http://127.0.0.1:8080.");
    private readonly Option<string?> _rate = Given.Text("--rate", "R", "Sessions that arrive per second instead of the scenario's load, for example 20 or 90/min.", text => LoadGiven.Rate(text) is not null, "give a number per second, or one followed by /s, /min or /h");
    private readonly Option<string?> _users = Given.Text("--users", "N", "Users at once instead of the scenario's load.", text => LoadGiven.Number(text, 1, 10_000_000) is not null, "give a whole number from 1 to 10000000");
    private readonly Option<string?> _duration = Given.Text("--duration", "D", "Length of the run, for example 2m; with --until the longest.", text => Duration.TryParse(text, out var value) && value > TimeSpan.Zero, Duration.Rule);
    private readonly Option<string?> _warmUp = Given.Text("--warmup", "D", "Time at the beginning left out of the figures; found automatically under a steady load unless given.", text => Duration.TryParse(text, out _), Duration.Rule);
    private readonly Option<string?> _until = Given.Text("--until", "RULE", "End when a figure is known well enough, for example 'p95±5%' or 'login.mean+-2%'.");
    private readonly Option<string[]> _thresholds = new("--threshold") { Description = "What has to be kept, for example 'p95<500ms', 'login.p99<1s', 'errors<1%', 'requests>100/s'; may be given several times.", HelpName = "RULE" };
    private readonly Option<string?> _seed = Given.Text("--seed", "N", "Seed of all chance (1 unless given).", text => ulong.TryParse(text, CultureInfo.InvariantCulture, out _), "give a whole number of 0 or more");
    private readonly Option<int> _workers = Given.Number("--workers", 1, 1, 64, "Threads that make the load");
    private readonly Option<int> _connections = Given.Number("--connections-max", 10_000, 1, 1_000_000, "Most connections of one worker");
    private readonly Option<string?> _think = Given.Text("--think-scale", "X", "What think times are multiplied by (1 unless given), for example 0.1 for users ten times as quick.", text => LoadGiven.Factor(text) is not null, "give a number from 0 to 1000");
    private readonly Option<bool> _http2 = new("--http2") { Description = "Speak HTTP/2." };
    private readonly Option<bool> _insecure = new("--insecure") { Description = "Take any certificate." };
    private readonly Option<string?> _engine = Given.Choice("--client", "WHICH", "own: the generator's own HTTP/1.1 where it can be used; system: the runtime's client for everything.", "own", "system");
    private readonly Option<string?> _idHeader = Given.Text("--id-header", "NAME", "Header that carries each request's own id.", text => text.Length is > 0 and <= 100 && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'), "give the name of a header such as X-Request-Id");
    private readonly Option<string?> _csv = Given.Text("--csv", "FILE", "Write a line for every request.");
    private readonly Option<string?> _html = Given.Text("--html", "FILE", "Write a report with charts.");
    private readonly Option<string?> _out = Given.Text("--out", "FILE", "Write the result as JSON, for 'load compare'.");
    private readonly Option<string?> _control = Given.Text("--control", "URL", "Listen here for changes of the rate while it runs, for example http://127.0.0.1:7076.", text => LoadGiven.Url(text) is not null, "give an address such as http://127.0.0.1:7076");
    private readonly Option<string[]> _agents = new("--agent") { Description = "Address of an agent that takes a share of the load; may be given several times.", HelpName = "URL" };
    private readonly Option<bool> _accept = new("--even-if-saturated") { Description = "Only mark a run in which the generator was the bottleneck." };

    public LoadRunCommand(Terminal terminal)
        : base(
            terminal, "run", "Load a site as its users would, and say how long they waited.",
            "pleiad load run samples/examination/examination.yaml --target http://127.0.0.1:8080", "pleiad load run / --target http://127.0.0.1:7080 --rate 200 --duration 1m --threshold 'p95<50ms' --html report.html",
            "pleiad load run shop.yaml --target https://shop.test --users 50 --until 'p95±5%' --out monday.json")
    {
        _target.Required = true;
        Add(_scenario);
        foreach (var option in (Option[])[_target, _rate, _users, _duration, _warmUp, _until, _thresholds, _seed, _think, _workers, _connections, _http2, _insecure, _engine, _idHeader, _csv, _html, _out, _control, Connection.TokenFile, _agents, _accept])
        {
            Add(option);
        }
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var scenario = await ReadAsync(given.GetValue(_scenario)!, cancellation);
        var thresholds = scenario.Thresholds.Concat(given.GetValue(_thresholds) ?? []).ToList();
        RequireThresholds(scenario, given.GetValue(_thresholds) ?? []);
        var target = LoadGiven.Url(given.GetValue(_target)!) ?? throw new InvalidInputException("--target", new InputProblem("address", given.GetValue(_target), "is no address", "give one such as http://127.0.0.1:8080"));
        if (target.Query.Length + target.Fragment.Length + target.UserInfo.Length > 0)
        {
            throw new InvalidInputException("--target", new InputProblem("address", given.GetValue(_target), "has more than scheme, host, port and path", "put a query into the pages' urls and a name and password into their headers"));
        }

        // What cannot be written is said before the run, not after it.
        foreach (var option in (Option<string?>[])[_html, _out])
        {
            if (given.GetValue(option) is { } file)
            {
                LoadGiven.RequireWritable(option.Name, file);
            }
        }

        var warmUp = Time(given.GetValue(_warmUp));
        await using var run = given.GetValue(_agents) is { Length: > 0 } agents
            ? await StartOnAgentsAsync(given, scenario, target, agents, cancellation)
            : await StartHereAsync(given, scenario, target, cancellation);
        await using var control = given.GetValue(_control) is { } address
            ? await LoadEndpoints.StartAsync(LoadGiven.Url(address)!, Connection.Token(Terminal, given.GetValue(Connection.TokenFile)), run, Terminal.Time, cancellation)
            : null;
        if (control is not null)
        {
            Terminal.Note($"control: {control.Address}");
        }

        var json = given.GetValue(Given.Json);
        var ending = run.ResultAsync(new ConclusionOptions { WarmUp = warmUp, Thresholds = thresholds, AcceptsSaturation = given.GetValue(_accept) });
        var interrupted = await LoadView.FollowAsync(Terminal, run, ending, quiet: json, cancellation);
        var result = await ending;
        if (json)
        {
            Terminal.Out.WriteLine(result.ToJson());
        }
        else
        {
            LoadTables.Show(Terminal, result);
        }

        await WriteFilesAsync(given, result, CancellationToken.None);
        return interrupted ? ExitCode.Interrupted
            : result.Trust == Trustworthiness.Refused ? ExitCode.Refused
            : !result.AreThresholdsMet ? ExitCode.Missed
            : result.Total.Failed == result.Total.Requests ? ExitCode.Failed
            : ExitCode.Done;
    }

    private async Task<Scenario> ReadAsync(string file, CancellationToken cancellation)
    {
        if (file.StartsWith('/') && !File.Exists(file))
        {
            return ScenarioDocument.OfUrl(file);
        }

        var text = await InputFile.ReadTextAsync(Terminal, "scenario", file, ScenarioBytesMax, cancellation);
        var directory = file == "-" ? "." : Path.GetDirectoryName(Path.GetFullPath(file))!;
        return ScenarioDocument.Read(text, file == "-" ? "stdin" : Path.GetFileName(file), name =>
        {
            var path = Path.Combine(directory, name);
            return new FileInfo(path).Length <= DataBytesMax ? File.ReadAllText(path) : throw new IOException($"give at most {ByteSize.Format(DataBytesMax)}");
        });
    }

    private static void RequireThresholds(Scenario scenario, string[] thresholds)
    {
        var wrong = thresholds.Select(text => (Text: text, Problem: ConclusionOptions.ProblemOf(text, scenario.PageNames))).Where(each => each.Problem is not null)
            .Select(each => new InputProblem("rule", each.Text, each.Problem!.Value.Reason, each.Problem.Value.Remedy)).ToList();
        if (wrong.Count > 0)
        {
            throw new InvalidInputException("--threshold", wrong);
        }
    }

    private LoadPlan PlanOf(ParseResult given, Scenario scenario, out double? level)
    {
        var (rate, users) = (given.GetValue(_rate) is { } r ? LoadGiven.Rate(r) : null, given.GetValue(_users) is { } u ? LoadGiven.Number(u, 1, 10_000_000) : null);
        if (rate is not null && users is not null)
        {
            throw new InvalidInputException("--users", new InputProblem("users", given.GetValue(_users), "stands beside --rate", "give --rate for an open load or --users for a closed one"));
        }

        level = rate ?? users;
        var duration = Time(given.GetValue(_duration)) ?? (given.GetValue(_until) is null ? scenario.Load.Duration : UntilDefault);
        return level is null ? scenario.Load with { Duration = duration } : scenario.Load.WithLevel(users is null ? LoadKind.Open : LoadKind.Closed, level.Value, duration);
    }

    private async Task<ILoadRun> StartHereAsync(ParseResult given, Scenario scenario, Uri target, CancellationToken cancellation) =>
        await LoadRun.StartAsync(scenario, PlanOf(given, scenario, out _), new LoadOptions
        {
            Target = target,
            Seed = Seed(given),
            Workers = given.GetValue(_workers),
            ThinkScale = Think(given),
            ConnectionsMax = given.GetValue(_connections),
            Http2 = given.GetValue(_http2),
            AcceptsAnyCertificate = given.GetValue(_insecure),
            Engine = given.GetValue(_engine) == "system" ? HttpEngine.System : HttpEngine.Auto,
            RequestIdHeader = given.GetValue(_idHeader),
            RequestLogFile = given.GetValue(_csv),
        }, given.GetValue(_until), Terminal.Time, cancellation);

    private async Task<ILoadRun> StartOnAgentsAsync(ParseResult given, Scenario scenario, Uri target, string[] agents, CancellationToken cancellation)
    {
        foreach (var option in (Option<string?>[])[_csv, _until])
        {
            if (given.GetValue(option) is { } value)
            {
                throw new InvalidInputException(option.Name, new InputProblem("value", value, "stands beside --agent", "leave one of them out"));
            }
        }

        var plan = PlanOf(given, scenario, out var level);
        var addresses = agents.Select(agent => LoadGiven.Url(agent) ?? throw new InvalidInputException("--agent", new InputProblem("address", agent, "is no address", "give one such as http://10.0.0.2:7075"))).ToList();
        try
        {
            return await DistributedRun.StartAsync(scenario, new AgentRequest
            {
                Scenario = scenario.Source,
                Files = scenario.Files,
                Target = target,
                Seed = Seed(given),
                Level = level,
                Kind = level is null ? null : plan.Kind,
                DurationSeconds = plan.Duration.TotalSeconds,
                Share = 0,
                Shares = addresses.Count,
                ThinkScale = Think(given),
                Workers = given.GetValue(_workers),
                Http2 = given.GetValue(_http2),
                AcceptsAnyCertificate = given.GetValue(_insecure),
                RequestIdHeader = given.GetValue(_idHeader),
                ConnectionsMax = given.GetValue(_connections),
            }, addresses, Connection.Token(Terminal, given.GetValue(Connection.TokenFile)), Terminal.Time, cancellation);
        }
        catch (AgentException error)
        {
            throw new CommandFailedException(error.Message);
        }
    }

    private async Task WriteFilesAsync(ParseResult given, RunResult result, CancellationToken cancellation)
    {
        if (given.GetValue(_html) is { } html)
        {
            await LoadGiven.WriteAsync("--html", html, HtmlReport.Write(result), cancellation);
            Terminal.Note($"report: {html}");
        }

        if (given.GetValue(_out) is { } file)
        {
            await LoadGiven.WriteAsync("--out", file, result.ToJson(), cancellation);
            Terminal.Note($"result: {file}");
        }
    }

    private ulong Seed(ParseResult given) => given.GetValue(_seed) is { } text ? ulong.Parse(text, CultureInfo.InvariantCulture) : 1;

    private double Think(ParseResult given) => given.GetValue(_think) is { } text ? LoadGiven.Factor(text) ?? 1 : 1;

    private static TimeSpan? Time(string? text) => text is not null && Duration.TryParse(text, out var value) ? value : null;
}
