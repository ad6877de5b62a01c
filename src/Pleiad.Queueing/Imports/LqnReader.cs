using System.Globalization;
using System.Text;
using Pleiad.Queueing.Documents;

namespace Pleiad.Queueing.Imports;

/// <summary>Reads the text form (.lqn): sections G, P, T, E and A.</summary>
internal sealed class LqnReader
{
    private readonly LqnModel _model = new();
    private readonly List<DocumentProblem> _problems = [];
    private readonly Dictionary<string, string> _starts = [];
    private readonly Dictionary<string, (LqnActivities Activities, int Line)> _activities = [];
    private readonly StringBuilder _order = new();
    private string _task = "";

    public static LqnModel Read(string text, string subject)
    {
        var reader = new LqnReader();
        reader.Lines(text);
        reader.Activities();
        return reader._problems.Count > 0 ? throw new DocumentException(subject, reader._problems) : reader._model;
    }

    private void Lines(string text)
    {
        var section = ' ';
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Split('#')[0].Trim();
            if (line.Length == 0 || line == "-1")
            {
                section = line == "-1" ? ' ' : section;
                continue;
            }

            // What follows what begins with a colon and may go over several lines.
            if (section is 'A' or ':' && (section == ':' || line[0] == ':'))
            {
                section = ':';
                Order(line.TrimStart(':'), number);
                continue;
            }

            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (section == ' ')
            {
                section = words[0] is ['G' or 'P' or 'T' or 'E' or 'A' or 'R' or 'X', ..] ? words[0][0] : ' ';
                if (section == ' ')
                {
                    Problem(number, words[0], "begins no section", "sections begin with G, P, T, E or A");
                    return;
                }

                if (section == 'A')
                {
                    _task = words.Length > 1 ? words[1] : "";
                    _activities[_task] = (new LqnActivities(_task), number);
                    _order.Clear();
                }

                // A general section may stand on one line.
                section = section == 'G' && words[^1] == "-1" ? ' ' : section;
                continue;
            }

            try
            {
                Line(section, words, number);
            }
            catch (Exception error) when (error is FormatException or IndexOutOfRangeException or OverflowException)
            {
                Problem(number, line, "is not understood", "write it as the layered queueing network format has it");
            }
        }
    }

    private void Line(char section, string[] words, int line)
    {
        switch (section)
        {
            case 'P' when words[0] == "p":
                var (servers, _, speed) = Options(words, 3, line);
                _model.Processors[words[1]] = new LqnProcessor(words[1], words[2] == "i" ? null : servers, words[2], speed);
                break;
            case 'T' when words[0] == "t":
                Task(words, line);
                break;
            case 'E':
                Entry(words, line);
                break;
            case 'A':
                Activity(words, line);
                break;
            case 'G' or 'R' or 'X':
                break;
            default:
                _model.NotUnderstood.Add($"line {line}: '{string.Join(' ', words)}' is left out");
                break;
        }
    }

    private void Task(string[] words, int line)
    {
        var end = Array.IndexOf(words, "-1");
        var processor = words[end + 1];
        var (threads, think, _) = Options(words, end + 2, line);
        var priority = words.Length > end + 2 && int.TryParse(words[end + 2], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var given) ? given : 0;
        _model.Tasks[words[1]] = new LqnTask(words[1], words[2] == "r", threads, think, processor, words[3..end], priority);
        foreach (var name in words[3..end])
        {
            _model.Entry(name);
        }
    }

    private void Entry(string[] words, int line)
    {
        switch (words[0])
        {
            case "s":
                var phases = Values(words, 2);
                _model.Entry(words[1]).DemandSeconds = phases.Sum();
                if (phases.Skip(1).Any(demand => demand > 0))
                {
                    _model.NotUnderstood.Add($"line {line}: the second phase of entry {words[1]} is done before it answers");
                }

                break;
            case "y":
                var calls = _model.Entry(words[1]).Calls;
                calls[words[2]] = calls.GetValueOrDefault(words[2]) + Values(words, 3).Sum();
                break;
            case "A":
                _starts[words[1]] = words[2];
                break;
            case "f":
                _model.Entry(words[1]).IsFixedCalls = Values(words, 2).Any(type => type == 1);
                break;
            case "a":
                _model.Entry(words[1]).OpenRate = Number(words[2]);
                break;
            case "c":
                _model.NotUnderstood.Add($"line {line}: the variation of entry {words[1]} is taken to be 1 (exponential)");
                break;
            case "z":
                _model.NotUnderstood.Add($"line {line}: the asynchronous call from {words[1]} to {words[2]} is left out");
                break;
            case "F":
                _model.Entry(words[1]).Forwards[words[2]] = Number(words[3]);
                break;
            default:
                _model.NotUnderstood.Add($"line {line}: '{string.Join(' ', words)}' is left out");
                break;
        }
    }

    private void Activity(string[] words, int line)
    {
        var activity = _activities[_task].Activities.Activity(words[1]);
        switch (words[0])
        {
            case "s":
                activity.DemandSeconds = Values(words, 2).Sum();
                break;
            case "f":
                activity.IsFixedCalls = Values(words, 2).Any(type => type == 1);
                break;
            case "y":
                activity.Calls[words[2]] = activity.Calls.GetValueOrDefault(words[2]) + Values(words, 3).Sum();
                break;
            default:
                _model.NotUnderstood.Add($"line {line}: '{string.Join(' ', words)}' is left out");
                break;
        }
    }

    /// <summary>A statement ends with a semicolon or the section; a bad one is told with the line where it ends.</summary>
    private void Order(string text, int line)
    {
        _order.Append(' ').Append(text);
        var all = _order.ToString();
        var isOpen = all.TrimEnd() is [.., not ';'] and var rest && (rest.EndsWith('>') || rest.EndsWith('&') || rest.EndsWith('+') || rest.EndsWith(',') || rest.EndsWith('*'));
        if (isOpen)
        {
            return;
        }

        _order.Clear();
        try
        {
            LqnPrecedenceReader.Text(_activities[_task].Activities, all);
        }
        catch (FormatException)
        {
            Problem(line, all.Trim(), "is not understood", "write it like 'a -> (0.3)b + (0.7)c; c & d -> e; e -> 2 * f, g; g[entry]'");
        }
    }

    private void Activities()
    {
        foreach (var (name, (activities, line)) in _activities)
        {
            foreach (var entry in _model.Tasks.TryGetValue(name, out var task) ? task.Entries.Where(_starts.ContainsKey) : [])
            {
                activities.Starts[entry] = _starts[entry];
            }

            activities.Spend(_model, line, _problems);
        }
    }

    /// <summary>What follows 'm' or 'i', what follows 'z', and what follows 'R'; anything else changes the answer and is told.</summary>
    private (int? Count, double Think, double Speed) Options(string[] words, int from, int line)
    {
        int? count = 1;
        var (think, speed) = (0.0, 1.0);
        for (var i = from; i < words.Length; i++)
        {
            switch (words[i])
            {
                case "m":
                    count = int.Parse(words[++i], CultureInfo.InvariantCulture);
                    break;
                case "i":
                    count = null;
                    break;
                case "z":
                    think = Number(words[++i]);
                    break;
                case "R":
                    speed = Number(words[++i]);
                    break;
                case "r":
                    if (Number(words[++i]) != 1)
                    {
                        _model.NotUnderstood.Add($"line {line}: the {words[i]} replicas of {words[1]} are left out: there is one");
                    }

                    break;
                case var word when double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out _):
                    // A priority, or the quantum of sharing.
                    break;
                default:
                    _model.NotUnderstood.Add($"line {line}: '{words[i]}' of {words[1]} is left out");
                    i++;
                    break;
            }
        }

        return speed > 0 ? (count, think, speed) : throw new FormatException("a speed of 0");
    }

    private static double[] Values(string[] words, int from) => [.. words.Skip(from).TakeWhile(word => word != "-1").Select(Number)];

    private static double Number(string word) => double.Parse(word, NumberStyles.Float, CultureInfo.InvariantCulture);

    private void Problem(int line, string value, string reason, string remedy) => _problems.Add(new DocumentProblem(line, "line", value, reason, remedy));
}
