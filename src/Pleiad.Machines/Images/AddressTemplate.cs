namespace Pleiad.Machines.Images;

/// <summary>The kernel command line an image wants, with places for the address its machine gets.</summary>
public static class AddressTemplate
{
    /// <summary>What the unikernel guest of this project reads; the default of <see cref="ImageManifest.Address"/> for <see cref="ImageKind.Unikernel"/>.</summary>
    public const string Default = "ip={ip}/{prefix} gw={gateway} port={port}";

    /// <summary>What the init of the Linux machines reads; the default for the other kinds. Linux itself reads an <c>ip=</c> of another form.</summary>
    public const string LinuxDefault = "pleiad.ip={ip}/{prefix} pleiad.gw={gateway} pleiad.port={port}";

    /// <summary>Says in place of a template that the guest asks for its address by DHCP; its command line has nothing of it then.</summary>
    public const string Dhcp = "dhcp";

    /// <summary>Longest template, in characters: kernels read command lines of at most 2 KiB.</summary>
    public const int LengthMax = 1500;

    /// <summary>The template of a kind of image that gives none.</summary>
    public static string DefaultOf(ImageKind kind) => kind == ImageKind.Unikernel ? Default : LinuxDefault;

    /// <summary>The words that are replaced, each between braces.</summary>
    public static readonly IReadOnlyList<string> Placeholders = ["ip", "prefix", "gateway", "netmask", "mac", "port"];

    /// <summary>Whether the guest asks for its address by DHCP.</summary>
    public static bool IsDhcp(string template) => template == Dhcp;

    /// <summary>Writes the command line of one machine.</summary>
    /// <param name="template">A template without problems.</param>
    /// <param name="valueOf">The value of each of <see cref="Placeholders"/>.</param>
    /// <exception cref="FormatException">The template is not well formed.</exception>
    public static string Expand(string template, Func<string, string> valueOf) =>
        string.Concat(Parts(template).Select(part => part switch
        {
            { Problem: { } problem } => throw new FormatException($"'{template}' {problem}"),
            { Placeholder: { } word } => valueOf(word),
            _ => part.Text,
        }));

    /// <summary>What is wrong with a template; nothing when it can be used.</summary>
    internal static IEnumerable<string> Problems(string template)
    {
        if (IsDhcp(template))
        {
            return [];
        }

        if (template.Length > LengthMax)
        {
            return [$"has {template.Length} characters of at most {LengthMax}"];
        }

        if (template.Any(char.IsControl))
        {
            return ["has a line break or another control character"];
        }

        var parts = Parts(template).ToList();
        var problems = parts.Where(part => part.Problem is not null).Select(part => part.Problem!).Distinct().ToList();
        if (!parts.Exists(part => part.Placeholder == "ip"))
        {
            problems.Add("has no {ip}, so its machine would not know its address");
        }

        return problems;
    }

    private static IEnumerable<(string Text, string? Placeholder, string? Problem)> Parts(string template)
    {
        for (var at = 0; at < template.Length;)
        {
            var brace = template.AsSpan(at).IndexOfAny('{', '}');
            if (brace != 0)
            {
                var length = brace < 0 ? template.Length - at : brace;
                yield return (template.Substring(at, length), null, null);
                at += length;
                continue;
            }

            var close = template[at] == '{' ? template.IndexOf('}', at) : -1;
            if (close < 0)
            {
                yield return ("", null, $"has a '{template[at]}' without its other brace");
                at++;
                continue;
            }

            var word = template[(at + 1)..close];
            yield return Placeholders.Contains(word) ? ("", word, null) : ("", null, $"has the unknown placeholder {{{word}}}");
            at = close + 1;
        }
    }
}
