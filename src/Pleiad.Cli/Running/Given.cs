using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Pleiad.Core.Documents;

namespace Pleiad.Cli.Running;

/// <summary>Options that many commands share, and kinds of options whose errors name option, value and remedy.</summary>
internal static class Given
{
    /// <summary>On every command; stdout then holds nothing but JSON.</summary>
    public static readonly Option<bool> Json = new("--json") { Description = "Write JSON to stdout, and nothing else.", Recursive = true };

    /// <summary>A whole number within bounds.</summary>
    public static Option<int> Number(string name, int fallback, int min, int max, string description, params string[] aliases)
    {
        return new Option<int>(name, aliases)
        {
            Description = $"{description} ({min} to {max}, {fallback} unless given).",
            HelpName = "N",
            CustomParser = Parse,
            DefaultValueFactory = _ => fallback,
        };

        int Parse(ArgumentResult result)
        {
            var text = result.Tokens.Count > 0 ? result.Tokens[^1].Value : "";
            if (int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= min && value <= max)
            {
                return value;
            }

            result.AddError(new InputProblem(name, text, "is not possible", $"give a whole number from {min} to {max}").ToString());
            return fallback;
        }
    }

    /// <summary>A text that keeps a rule.</summary>
    public static Option<string?> Text(string name, string helpName, string description, Func<string, bool>? accepts = null, string rule = "", params string[] aliases)
    {
        var option = new Option<string?>(name, aliases) { Description = description, HelpName = helpName };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token, ..] && accepts?.Invoke(token.Value) == false)
            {
                result.AddError(new InputProblem(name, token.Value, "is not possible", rule).ToString());
            }
        });
        return option;
    }

    /// <summary>One of some words, which complete.</summary>
    public static Option<string?> Choice(string name, string helpName, string description, params string[] allowed)
    {
        var option = Text(name, helpName, description, allowed.Contains, $"give one of {string.Join(", ", allowed)}");
        option.CompletionSources.Add(allowed);
        return option;
    }

    /// <summary>The data directory, for commands that work on this machine's data.</summary>
    public static Option<string?> Data() =>
        Text("--data", "DIR", "Data directory (env PLEIAD_DATA; /var/lib/pleiad for root, ~/.local/share/pleiad for others).");
}
