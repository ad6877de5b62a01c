using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Machines.Images;
using Pleiad.Machines.Images.Linux;

namespace Pleiad.Cli.Images;

/// <summary>The options of <c>image build</c> that are for Linux images.</summary>
internal sealed class LinuxOptions
{
    private readonly Option<string?> _linux = Given.Text("--linux", "PATH", "A static program, or a directory that becomes the root of the file system: build a Linux image.");
    private readonly Option<string?> _disk = Given.Text("--disk", "FILE", "A raw or qcow2 disk whose file system becomes the root: build a Linux image with it.");
    private readonly Option<string?> _command = Given.Text("--command", "COMMAND", "The service's program in the machine and its arguments (/service unless given).", text => Words(text) is not null, "close its quotes");
    private readonly Option<string?> _kernel = Given.Text("--kernel", "KERNEL", "'debian' (unless given), 'trimmed' (compiled once: small and quick), or a vmlinux or vmlinuz with virtio built in.");
    private readonly Option<string?> _arguments = Given.Text("--arguments", "WORDS", "Further words of the kernel command line.");
    private readonly Option<string?> _user = Given.Text("--user", "UID[:GID]", "Number of the user, and the group, that the service runs as (1000 unless given; 0 is root).", text => User(text) is not null, "give one or two whole numbers, for example 33:33");
    private readonly Option<string?> _vcpus = Given.Text("--vcpus", "N", "Virtual processors (1 unless given).", IsVcpus, $"give a whole number from 1 to {ImageDocument.VcpusMax}");
    private readonly Option<string[]> _variables = new("--env") { Description = "A variable of the service's environment; may be given several times.", HelpName = "NAME=VALUE" };

    public LinuxOptions() => _variables.Validators.Add(CheckVariables);

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_linux, _disk, _command, _kernel, _arguments, _user, _vcpus, _variables])
        {
            command.Add(option);
        }
    }

    /// <summary>What is to be built, but for its name and the options that every image has; null when no Linux image is asked for.</summary>
    /// <exception cref="InvalidInputException">An option for Linux images is given without one.</exception>
    public LinuxBuildOrder? Order(ParseResult given)
    {
        var (source, disk) = (given.GetValue(_linux), given.GetValue(_disk));
        if (source is null && disk is null)
        {
            var problems = ((Option[])[_command, _kernel, _arguments, _user, _vcpus, _variables]).Where(option => given.GetResult(option) is { Implicit: false })
                .Select(option => new InputProblem(option.Name, null, "is for a Linux image", "give --linux or --disk too")).ToList();
            return problems.Count == 0 ? null : throw new InvalidInputException("image build", problems);
        }

        var order = new LinuxBuildOrder { Name = "", Source = source, Disk = disk, Arguments = given.GetValue(_arguments) ?? "", Environment = new ServiceEnvironment(Variables(given)) };
        order.Command = given.GetValue(_command) is { } command ? Words(command)! : order.Command;
        order.Kernel = given.GetValue(_kernel) ?? order.Kernel;
        order.User = given.GetValue(_user) is { } user ? User(user)!.Value : order.User;
        order.Vcpus = given.GetValue(_vcpus) is { } vcpus ? int.Parse(vcpus, CultureInfo.InvariantCulture) : order.Vcpus;
        return order;
    }

    /// <summary>Splits at blanks outside of single or double quotes; null when a quote is open at the end.</summary>
    internal static IReadOnlyList<string>? Words(string text)
    {
        var words = new List<string>();
        string? word = null;
        var quote = '\0';
        foreach (var c in text)
        {
            if (c == quote)
            {
                quote = '\0';
            }
            else if (quote == '\0' && c is '\'' or '"')
            {
                (quote, word) = (c, word ?? "");
            }
            else if (quote != '\0' || !char.IsWhiteSpace(c))
            {
                word += c;
            }
            else if (word is not null)
            {
                words.Add(word);
                word = null;
            }
        }

        if (word is not null)
        {
            words.Add(word);
        }

        return quote == '\0' && words.Count > 0 ? words : null;
    }

    private Dictionary<string, string> Variables(ParseResult given) =>
        (given.GetValue(_variables) ?? []).Select(text => text.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);

    private static void CheckVariables(OptionResult result)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var text in result.Tokens.Select(token => token.Value))
        {
            if (text.Split('=', 2) is not [{ Length: > 0 } name, { Length: > 0 }])
            {
                result.AddError(new InputProblem("--env", text, "is not possible", "give NAME=VALUE, neither of them empty").ToString());
            }
            else if (!seen.Add(name))
            {
                result.AddError(new InputProblem("--env", text, "is given twice", "give each variable once").ToString());
            }
        }
    }

    private static (uint User, uint Group)? User(string text) => text.Split(':') switch
    {
        [var one] when Number(one) is { } user => (user, user),
        [var one, var two] when Number(one) is { } user && Number(two) is { } group => (user, group),
        _ => null,
    };

    private static uint? Number(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number < uint.MaxValue ? number : null;

    private static bool IsVcpus(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= ImageDocument.VcpusMax;
}
