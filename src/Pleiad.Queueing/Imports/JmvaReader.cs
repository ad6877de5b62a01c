using System.Globalization;
using System.Xml.Linq;
using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Imports;

/// <summary>Reads models of JMT's analysis (.jmva): open and closed classes, delays, stations of one or several servers, and stations whose speed depends on their customers.</summary>
internal sealed class JmvaReader(XElement root, string subject)
{
    private readonly List<XElement> _classes = [.. root.Descendants("classes").Take(1).Elements().Where(each => each.Name.LocalName is "closedclass" or "openclass")];
    private readonly List<string> _notUnderstood = [];

    public ImportedModel Read()
    {
        if (root.Name.LocalName != "model" || _classes.Count == 0)
        {
            throw new DocumentException(subject, [new(1, root.Name.LocalName, null, "is no model of JMT's analysis", "its root is model, with parameters of classes and stations")]);
        }

        var stations = root.Descendants("stations").Take(1).Elements().ToArray();
        var model = new QueueingModel { Name = Path.GetFileNameWithoutExtension(subject), Classes = [.. _classes.Select(Class)], Stations = [.. stations.Select(Station)] };

        // The rules of model files hold here too.
        return new ImportedModel(ModelDocument.Parse(ModelWriter.Json(model), subject), _notUnderstood);
    }

    private CustomerClass Class(XElement each)
    {
        var isOpen = each.Name.LocalName == "openclass";
        var think = each.Attribute("thinktime") is null ? 0 : Number(each, "thinktime");
        return new CustomerClass
        {
            Name = Name(each),
            Arrivals = isOpen ? new PoissonArrivals(Number(each, "rate")) : null,
            Population = isOpen ? 0 : (int)Number(each, "population"),
            ThinkTime = think > 0 ? new Exponential(think) : new Deterministic(0),
        };
    }

    private Station Station(XElement station)
    {
        var kind = station.Name.LocalName;
        if (kind is not ("delaystation" or "listation" or "ldstation"))
        {
            throw Refuse(station, kind, "is a kind of station that is not read", "delaystation, listation and ldstation are");
        }

        // Of a station that depends on its customers: the time of a visit with 1, 2, … of them.
        var times = _classes.Select(each => Entry(station, "servicetimes", Name(each)).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(text => Parse(station, text)).ToArray()).ToArray();
        var visits = _classes.Select(each => Parse(station, Entry(station, "visits", Name(each)))).ToArray();
        double[][] speeds = [.. times.Where((time, c) => time is [> 0, ..] && visits[c] > 0).Select(time => time.Select(each => time[0] / each).ToArray())];
        if (kind == "ldstation" && speeds.Any(speed => speed.Zip(speeds[0]).Any(pair => Math.Abs(pair.First - pair.Second) > 1e-9 * pair.First)))
        {
            throw Refuse(station, Name(station), "has a speed that depends on the class", "give all classes times in one proportion");
        }

        var servers = station.Attribute("servers") is null ? 1 : (int)Number(station, "servers");
        return new Station
        {
            Name = Name(station),
            Servers = kind == "ldstation" ? 1 : servers,
            Discipline = kind == "delaystation" ? Discipline.Delay : Discipline.Ps,
            Visits = visits,
            Service = [.. times.Select((time, c) => visits[c] > 0 ? time is [> 0, ..] ? new Exponential(time[0]) : (Distribution)new Deterministic(0) : null)],
            Speed = kind == "ldstation" && speeds.Length > 0 ? speeds[0] : null,
            Uncertainty = new double[_classes.Count],
            Calls = [.. _classes.Select(_ => (IReadOnlyList<Call>)[])],
        };
    }

    private static string Entry(XElement station, string list, string @class) =>
        station.Elements(list).Elements().FirstOrDefault(each => (string?)each.Attribute("customerclass") == @class)?.Value ?? "0";

    private double Number(XElement element, string attribute) => Parse(element, (string?)element.Attribute(attribute) ?? "");

    private double Parse(XElement at, string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= 0 ? value : throw Refuse(at, Name(at), $"has '{text}' where a number of at least 0 is needed", "give the file as JMT wrote it");

    private static string Name(XElement element) => (string?)element.Attribute("name") ?? "";

    private DocumentException Refuse(XElement at, string path, string reason, string remedy) => new(subject, [new DocumentProblem(LqnxReader.LineOf(at), path, null, reason, remedy)]);
}
