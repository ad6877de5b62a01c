using System.Globalization;
using System.Xml;
using System.Xml.Linq;
using Pleiad.Queueing.Documents;

namespace Pleiad.Queueing.Imports;

/// <summary>Reads the XML form (.lqnx): processors, tasks, entries with phases or activities, synchronous calls, forwarding.</summary>
internal static class LqnxReader
{
    private static readonly string[] Known = ["solver-params", "processor", "plot-control", "run-control"];

    public static LqnModel Read(XElement root, string subject)
    {
        var model = new LqnModel();
        var problems = new List<DocumentProblem>();
        if (root.Name.LocalName != "lqn-model")
        {
            throw new DocumentException(subject, [new(1, root.Name.LocalName, null, "is no layered queueing network", "its root is lqn-model")]);
        }

        foreach (var other in root.Elements().Where(each => !Known.Contains(each.Name.LocalName)))
        {
            model.NotUnderstood.Add($"line {LineOf(other)}: {other.Name.LocalName} is left out");
        }

        foreach (var processor in root.Elements("processor"))
        {
            var scheduling = Text(processor, "scheduling") ?? "fcfs";
            model.Processors[Name(processor)] = new LqnProcessor(Name(processor), scheduling is "inf" ? null : Count(processor, "multiplicity"), scheduling, Number(processor, "speed-factor") is > 0 and var speed ? speed : 1);
            Replicas(model, processor);
            foreach (var task in processor.Elements("task").Concat(processor.Elements("group").SelectMany(group => group.Elements("task"))))
            {
                Task(model, task, Name(processor), problems);
            }
        }

        return problems.Count > 0 ? throw new DocumentException(subject, problems) : model;
    }

    private static void Task(LqnModel model, XElement task, string processor, List<DocumentProblem> problems)
    {
        var scheduling = Text(task, "scheduling") ?? "fcfs";
        var entries = task.Elements("entry").ToArray();
        model.Tasks[Name(task)] = new LqnTask(Name(task), scheduling == "ref", scheduling == "inf" ? null : Count(task, "multiplicity"), Number(task, "think-time"), processor, [.. entries.Select(Name)], (int)Number(task, "priority"));
        Replicas(model, task);
        foreach (var each in entries)
        {
            var entry = model.Entry(Name(each));
            entry.OpenRate = Number(each, "open-arrival-rate");
            foreach (var activity in each.Elements("entry-phase-activities").Elements("activity"))
            {
                if (Number(activity, "phase") > 1)
                {
                    model.NotUnderstood.Add($"line {LineOf(activity)}: the second phase of entry {entry.Name} is done before it answers");
                }

                entry.DemandSeconds += Number(activity, "host-demand-mean");
                entry.IsFixedCalls |= Text(activity, "call-order") == "DETERMINISTIC";
                Calls(model, activity, entry.Calls, $"entry {entry.Name}");
            }

            foreach (var forwarding in each.Elements("forwarding"))
            {
                entry.Forwards[Text(forwarding, "dest") ?? ""] = Text(forwarding, "prob") is null ? 1 : Number(forwarding, "prob");
            }
        }

        foreach (var list in task.Elements("task-activities"))
        {
            Activities(model, list, Name(task), problems);
        }

        if (entries.Length == 0)
        {
            problems.Add(new DocumentProblem(LineOf(task), Name(task), null, "has no entry", "give the task an entry"));
        }
    }

    private static void Activities(LqnModel model, XElement list, string task, List<DocumentProblem> problems)
    {
        var activities = new LqnActivities(task);
        foreach (var each in list.Elements("activity"))
        {
            var activity = activities.Activity(Name(each));
            activity.DemandSeconds = Number(each, "host-demand-mean");
            activity.IsFixedCalls = Text(each, "call-order") == "DETERMINISTIC";
            Calls(model, each, activity.Calls, $"activity {activity.Name}");
            if (Text(each, "bound-to-entry") is { } entry)
            {
                activities.Starts[entry] = activity.Name;
            }
        }

        activities.Precedences.AddRange(list.Elements("precedence").Where(each => each.Elements().Any(side => side.Name.LocalName.StartsWith("pre", StringComparison.Ordinal))).Select(LqnPrecedenceReader.Xml));
        activities.Replies.UnionWith(list.Elements("reply-entry").Elements("reply-activity").Select(Name));
        activities.Spend(model, LineOf(list), problems);
    }

    private static void Calls(LqnModel model, XElement activity, Dictionary<string, double> calls, string owner)
    {
        if (Number(activity, "host-demand-cvsq") is not (0 or 1))
        {
            model.NotUnderstood.Add($"line {LineOf(activity)}: the variation of {owner} is taken to be 1 (exponential)");
        }

        foreach (var call in activity.Elements())
        {
            if (call.Name.LocalName == "synch-call" && Text(call, "dest") is { } to)
            {
                calls[to] = calls.GetValueOrDefault(to) + Number(call, "calls-mean");
            }
            else if (!call.Name.LocalName.StartsWith("result", StringComparison.Ordinal))
            {
                model.NotUnderstood.Add($"line {LineOf(call)}: {call.Name.LocalName} of {owner} is left out");
            }
        }
    }

    private static void Replicas(LqnModel model, XElement element)
    {
        if (Text(element, "replication") is { } count && count != "1")
        {
            model.NotUnderstood.Add($"line {LineOf(element)}: the {count} replicas of {Name(element)} are left out: there is one");
        }
    }

    public static int LineOf(XElement element) => ((IXmlLineInfo)element).HasLineInfo() ? ((IXmlLineInfo)element).LineNumber : 1;

    private static string Name(XElement element) => Text(element, "name") ?? "unnamed";

    private static string? Text(XElement element, string attribute) => element.Attribute(attribute)?.Value;

    private static double Number(XElement element, string attribute) => double.TryParse(Text(element, attribute), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static int? Count(XElement element, string attribute) => Text(element, attribute) is null ? 1 : Number(element, attribute) is >= 1 and < 1e6 and var count ? (int)count : null;
}
