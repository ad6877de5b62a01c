using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Documents;

/// <summary>Writes a model so that <see cref="ModelDocument"/> reads the same one back.</summary>
public static class ModelWriter
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly int DefaultServersMax = new Station { Name = "", Visits = [], Service = [], Uncertainty = [], Calls = [] }.ServersMax;

    /// <summary>As JSON.</summary>
    public static string Json(QueueingModel model) => Tree(model).ToJsonString(Indented);

    /// <summary>As YAML, a line for each property of a class or station.</summary>
    /// <param name="model">The model.</param>
    /// <param name="remarks">Lines for the top of the file.</param>
    public static string Yaml(QueueingModel model, IEnumerable<string> remarks)
    {
        var yaml = new StringBuilder();
        foreach (var remark in remarks)
        {
            yaml.Append("# ").Append(remark.ReplaceLineEndings(" ")).Append('\n');
        }

        foreach (var (key, value) in Tree(model))
        {
            if (value is not JsonArray list)
            {
                yaml.Append(CultureInfo.InvariantCulture, $"{key}: {Flow(value)}\n");
                continue;
            }

            yaml.Append(CultureInfo.InvariantCulture, $"{key}:\n");
            foreach (var item in list)
            {
                var dash = "  - ";
                foreach (var (name, part) in (JsonObject)item!)
                {
                    yaml.Append(CultureInfo.InvariantCulture, $"{dash}{name}: {Flow(part)}\n");
                    dash = "    ";
                }
            }
        }

        return yaml.ToString();
    }

    /// <summary>A distribution as a model file has it, in one line.</summary>
    public static string Text(Distribution distribution) => Flow(Times(distribution));

    /// <summary>An arrival process as a model file has it, in one line.</summary>
    public static string Text(ArrivalProcess arrivals) => Flow(Arriving(arrivals));

    private static JsonObject Tree(QueueingModel model)
    {
        var root = new JsonObject
        {
            ["name"] = model.Name,
            ["classes"] = new JsonArray([.. model.Classes.Select(Class)]),
            ["stations"] = new JsonArray([.. model.Stations.Select(station => Station(model, station))]),
        };
        var routed = model.Classes.Where(each => each.Routing is not null).ToList();
        if (routed.Count > 0)
        {
            root["routing"] = new JsonObject(routed.Select(each => KeyValuePair.Create<string, JsonNode?>(each.Name, RoutingOf(model, each.Routing!))));
        }

        return root;
    }

    private static JsonNode Class(CustomerClass each)
    {
        var node = new JsonObject { ["name"] = each.Name };
        if (each.Arrivals is PoissonArrivals poisson)
        {
            node["rate"] = poisson.RatePerSecond;
        }
        else if (each.Arrivals is { } arrivals)
        {
            node["arrivals"] = Arriving(arrivals);
        }
        else
        {
            node["population"] = each.Population;
            node["thinkTime"] = Times(each.ThinkTime);
        }

        if (each.Priority != 0)
        {
            node["priority"] = each.Priority;
        }

        if (each.Patience is { } patience)
        {
            node["timeout"] = Time(patience.TimeoutSeconds);
            node["retries"] = patience.Retries;
            node["backoff"] = Times(patience.Backoff);
            node["abandoned"] = patience.Drops ? "dropped" : "served";
        }

        return node;
    }

    private static JsonNode Station(QueueingModel model, Station station)
    {
        var node = new JsonObject { ["name"] = station.Name };
        if (!station.IsDelay)
        {
            node["servers"] = station.Servers;
        }

        node["discipline"] = station.Discipline switch { Discipline.LcfsPr => "lcfs-pr", Discipline.PriorityPr => "priority-pr", var other => other.ToString().ToLowerInvariant() };
        var visits = ByClass(model, c => model.Classes[c].Routing is null && station.Service[c] is not null ? station.Visits[c] : null);
        if (visits.Count > 0)
        {
            node["visits"] = visits;
        }

        node["service"] = ByClass(model, c => station.Service[c] is { } service ? Times(service) : null);
        if (station.Uncertainty.Any(u => u > 0))
        {
            node["uncertainty"] = ByClass(model, c => station.Uncertainty[c] > 0 ? Math.Round(station.Uncertainty[c], 6) : null);
        }

        if (station.HasCalls)
        {
            var calls = new JsonObject();
            foreach (var called in station.Calls.SelectMany(list => list).Select(call => call.Station).Distinct())
            {
                calls[model.Stations[called].Name] = ByClass(model, c => station.Calls[c].FirstOrDefault(call => call.Station == called) is { } call ? call.Mean : null);
            }

            node["calls"] = calls;
            if (station.Calls.SelectMany(list => list).Any(call => call.Geometric))
            {
                node["callCount"] = "geometric";
            }
        }

        Optional(node, station);
        return node;
    }

    private static void Optional(JsonObject node, Station station)
    {
        if (station.Threads is { } threads)
        {
            node[station.ThreadsPerServer ? "threadsPerServer" : "threads"] = threads;
        }

        if (station.Capacity is { } capacity)
        {
            node["capacity"] = capacity;
            node["full"] = station.WhenFull == WhenFull.Block ? "block" : "lose";
        }

        if (station.Speed is { } speed)
        {
            node["speed"] = Numbers(speed);
        }

        if (station.Cost != 1)
        {
            node["cost"] = station.Cost;
        }

        if (station.ServersMax != DefaultServersMax)
        {
            node["serversMax"] = station.ServersMax;
        }
    }

    private static JsonObject ByClass(QueueingModel model, Func<int, JsonNode?> value)
    {
        var node = new JsonObject();
        for (var c = 0; c < model.Classes.Count; c++)
        {
            if (value(c) is { } given)
            {
                node[model.Classes[c].Name] = given;
            }
        }

        return node;
    }

    private static JsonObject RoutingOf(QueueingModel model, Routing routing)
    {
        var node = new JsonObject { ["start"] = Row(routing.Start) };
        for (var k = 0; k < model.Stations.Count; k++)
        {
            node[model.Stations[k].Name] = Row(routing.Next[k]);
        }

        return node;

        JsonObject Row(IReadOnlyList<double> shares)
        {
            var row = new JsonObject();
            for (var k = 0; k < shares.Count; k++)
            {
                if (shares[k] > 0)
                {
                    row[model.Stations[k].Name] = shares[k];
                }
            }

            if (1 - shares.Sum() > 1e-9)
            {
                row["end"] = 1 - shares.Sum();
            }

            return row;
        }
    }

    private static JsonObject Arriving(ArrivalProcess arrivals) => arrivals switch
    {
        PoissonArrivals poisson => Named("poisson", poisson.RatePerSecond),
        RenewalArrivals renewal => Named("renewal", Times(renewal.Interval)),
        MarkovianArrivals map => Named("map", new JsonObject { ["d0"] = Rows(map.Silent), ["d1"] = Rows(map.Arriving) }),
        _ => throw new NotSupportedException($"arrivals of the kind {arrivals.Name} cannot be written"),
    };

    private static JsonArray Rows(IEnumerable<IReadOnlyList<double>> rows) => new([.. rows.Select(row => (JsonNode)Numbers(row))]);

    private static JsonNode Times(Distribution distribution) => distribution switch
    {
        Deterministic constant => Named("deterministic", Time(constant.Mean)),
        Exponential exponential => Named("exponential", Time(exponential.Mean)),
        Erlang erlang => Named("erlang", new JsonObject { ["mean"] = Time(erlang.Mean), ["phases"] = erlang.Phases }),
        HyperExponential hyper => Named("hyperexponential", new JsonObject { ["probabilities"] = Numbers(hyper.Probabilities), ["means"] = Numbers(hyper.Means) }),
        Gamma gamma => Named("gamma", new JsonObject { ["shape"] = gamma.Shape, ["scale"] = Time(gamma.Scale) }),
        LogNormal log => Named("lognormal", new JsonObject { ["mu"] = log.Mu, ["sigma"] = log.Sigma }),
        Weibull weibull => Named("weibull", new JsonObject { ["shape"] = weibull.Shape, ["scale"] = Time(weibull.Scale) }),
        Pareto pareto => Named("pareto", new JsonObject { ["shape"] = pareto.Shape, ["minimum"] = Time(pareto.Minimum) }),
        Uniform uniform => Named("uniform", Numbers([uniform.Min, uniform.Max])),
        PhaseType phases => Named("phaseType", new JsonObject { ["initial"] = Numbers(phases.Initial), ["rates"] = Rows(phases.Generator) }),
        Empirical empirical => Named("empirical", new JsonObject { ["quantiles"] = new JsonArray([.. empirical.Points.Select(point => (JsonNode)Numbers([point.Probability, point.Value]))]) }),
        _ => throw new NotSupportedException($"a distribution of the kind {distribution.Name} cannot be written"),
    };

    private static JsonObject Named(string name, JsonNode value) => new() { [name] = value };

    private static JsonArray Numbers(IEnumerable<double> numbers) => new([.. numbers.Select(number => (JsonNode)number)]);

    /// <summary>In seconds or milliseconds, so that the same number is read back.</summary>
    private static string Time(double seconds)
    {
        var milliseconds = string.Create(CultureInfo.InvariantCulture, $"{seconds * 1000:R}ms");
        return seconds is > 0 and < 1 && Quantity.TrySeconds(milliseconds, out var read) && read == seconds ? milliseconds : string.Create(CultureInfo.InvariantCulture, $"{seconds:R}s");
    }

    private static string Flow(JsonNode? node) => node switch
    {
        JsonObject map => map.Count == 0 ? "{}" : $"{{ {string.Join(", ", map.Select(entry => $"{Scalar(entry.Key)}: {Flow(entry.Value)}"))} }}",
        JsonArray list => $"[{string.Join(", ", list.Select(Flow))}]",
        JsonValue value when value.TryGetValue<string>(out var text) => Scalar(text),
        _ => node?.ToJsonString() ?? "null",
    };

    /// <summary>Plain where YAML reads a plain text as itself.</summary>
    private static string Scalar(string text) =>
        text.Length > 0 && (char.IsAsciiLetter(text[0]) || (char.IsAsciiDigit(text[0]) && char.IsAsciiLetter(text[^1]))) && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/') && text is not ("true" or "false" or "null" or "yes" or "no")
            ? text
            : JsonSerializer.Serialize(text, Indented);
}
