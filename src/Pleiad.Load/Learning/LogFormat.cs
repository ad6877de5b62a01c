using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Pleiad.Core.Documents;

namespace Pleiad.Load.Learning;

/// <summary>A line format of Apache (<c>%h %t "%r"</c>) or nginx (<c>$remote_addr [$time_local] "$request"</c>).</summary>
internal sealed partial class LogFormat
{
    public const string Common = "%h %l %u %t \"%r\" %>s %b";
    public const string Combined = Common + " \"%{Referer}i\" \"%{User-Agent}i\"";

    private static readonly Dictionary<string, string> Fields = new(StringComparer.Ordinal)
    {
        ["%h"] = "client", ["%a"] = "client", ["$remote_addr"] = "client", ["$http_x_forwarded_for"] = "client",
        ["%u"] = "user", ["$remote_user"] = "user", ["%{User-Agent}i"] = "agent", ["%{User-agent}i"] = "agent", ["%{user-agent}i"] = "agent", ["$http_user_agent"] = "agent",
        ["%t"] = "clock", ["$time_local"] = "local", ["$time_iso8601"] = "iso", ["$msec"] = "epoch", ["%{sec}t"] = "epoch", ["%{msec}t"] = "epochms", ["%{usec}t"] = "epochus",
        ["%r"] = "request", ["$request"] = "request", ["%m"] = "method", ["$request_method"] = "method", ["%U"] = "path", ["$request_uri"] = "path", ["$uri"] = "path", ["%q"] = "query",
        ["%s"] = "status", ["%>s"] = "status", ["$status"] = "status",
        ["%D"] = "us", ["%{us}T"] = "us", ["%{ms}T"] = "ms", ["%T"] = "s", ["%{s}T"] = "s", ["$request_time"] = "s",
    };

    private readonly Regex _line;
    private readonly string[] _fields;

    /// <summary>nginx writes a line when the answer is sent, Apache when the request came.</summary>
    private readonly bool _logsEnds;

    private LogFormat(Regex line, string[] fields, bool logsEnds) => (_line, _fields, _logsEnds) = (line, fields, logsEnds);

    public bool HasDurations => _fields.Any(each => each is "us" or "ms" or "s");

    public double ResolutionSeconds => _fields.Any(each => each is "epochms" or "epochus" || (each is "epoch" && _logsEnds)) ? 0.001 : 1;

    /// <exception cref="InvalidInputException">It does not say who asked, when, and for what.</exception>
    public static LogFormat Parse(string format)
    {
        var pattern = new StringBuilder("^");
        var fields = new List<string>();
        var at = 0;
        foreach (Match token in Token().Matches(format))
        {
            pattern.Append(Regex.Escape(format[at..token.Index]));
            at = token.Index + token.Length;
            if (token.Value == "%%")
            {
                pattern.Append('%');
                continue;
            }

            var field = Fields.GetValueOrDefault(token.Value) ?? Fields.GetValueOrDefault(token.Value.Replace(">", "", StringComparison.Ordinal)) ?? "";
            var next = at < format.Length ? format[at] : ' ';
            var text = field == "clock" ? @"\[(?:[^\]]*)\]" : next == '"' ? @"(?:[^""\\]|\\.)*" : next == ']' ? @"[^\]]*" : @"\S*";
            pattern.Append(CultureInfo.InvariantCulture, $"({text})");
            fields.Add(field);
        }

        pattern.Append(Regex.Escape(format[at..]));
        var has = fields.ToHashSet();
        if (!has.Contains("client") || !(has.Overlaps(["clock", "local", "iso", "epoch", "epochms", "epochus"])) || !(has.Contains("request") || has.Contains("path")))
        {
            throw new InvalidInputException("--format", new InputProblem("format", format, "does not say who asked, when, and for what", "give common, combined or such as '%h %l %u %t \"%r\" %>s %b %D' or '$remote_addr [$time_local] \"$request\" $status $request_time'"));
        }

        return new LogFormat(new Regex(pattern.ToString(), RegexOptions.Compiled | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1)), [.. fields], format.Contains('$', StringComparison.Ordinal));
    }

    /// <summary>A line's request; null when the line is of another format or has no usable request.</summary>
    public LogEntry? Read(string line)
    {
        var match = _line.Match(line);
        if (!match.Success)
        {
            return null;
        }

        var (client, method, target, status, moment, seconds) = ("", "GET", "", 0, double.NaN, 0.0);
        for (var i = 0; i < _fields.Length; i++)
        {
            var text = match.Groups[i + 1].Value;
            switch (_fields[i])
            {
                case "client" or "agent":
                    client += "|" + text;
                    break;
                case "user":
                    client += text == "-" ? "" : "|" + text;
                    break;
                case "request":
                    var words = text.Split(' ');
                    if (words.Length < 2)
                    {
                        return null;
                    }

                    (method, target) = (words[0], words[1]);
                    break;
                case "method":
                    method = text;
                    break;
                case "path":
                    target = text + target;
                    break;
                case "query":
                    target += text;
                    break;
                case "status":
                    status = int.TryParse(text, CultureInfo.InvariantCulture, out var code) ? code : 0;
                    break;
                case "clock" or "local":
                    moment = double.IsNaN(moment) ? Clock(text.Trim('[', ']')) : moment;
                    break;
                case "iso":
                    moment = double.IsNaN(moment) && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var iso) ? iso.ToUnixTimeMilliseconds() / 1e3 : moment;
                    break;
                case "epoch" or "epochms" or "epochus":
                    moment = double.TryParse(text, CultureInfo.InvariantCulture, out var epoch) ? epoch / (_fields[i] == "epoch" ? 1 : _fields[i] == "epochms" ? 1e3 : 1e6) : moment;
                    break;
                case "us" or "ms" or "s":
                    seconds = double.TryParse(text, CultureInfo.InvariantCulture, out var duration) ? duration / (_fields[i] == "us" ? 1e6 : _fields[i] == "ms" ? 1e3 : 1) : 0;
                    break;
            }
        }

        return double.IsNaN(moment) || !target.StartsWith('/') || method.Length is 0 or > 32 || !method.All(char.IsAsciiLetterUpper)
            ? null
            : new LogEntry(client, _logsEnds ? moment - seconds : moment, seconds, method, target, status);
    }

    /// <summary>The moment of <c>10/Oct/2000:13:55:36 -0700</c>; NaN when it is none.</summary>
    private static double Clock(string text) =>
        DateTimeOffset.TryParseExact(text, "dd/MMM/yyyy:HH:mm:ss zzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment) ? moment.ToUnixTimeSeconds() : double.NaN;

    [GeneratedRegex(@"%%|%[<>]?(?:\{[^}]*\})?[a-zA-Z]|\$[a-z0-9_]+")]
    private static partial Regex Token();
}
