using System.CommandLine;
using System.CommandLine.Help;
using System.Reflection;

namespace Pleiad.Cli.Running;

/// <summary>The program itself: its name, what holds for all commands, and its help.</summary>
internal sealed class ProgramCommand : Command
{
    public ProgramCommand(Terminal terminal)
        : base("pleiad", "Pleiad runs services in lightweight virtual machines and scales them machine by machine.")
    {
        var help = new HelpOption { Recursive = true };
        help.Action = new HelpWithExamples((HelpAction)help.Action!, terminal);
        Add(help);
        Add(Version);
        Add(Given.Json);
    }

    public static Option<bool> Version { get; } = new("--version") { Description = "Show the version." };

    public static string VersionText { get; } =
        typeof(ProgramCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "unknown";

    public IReadOnlyList<string> Examples { get; } = ["pleiad demo", "pleiad up", "pleiad job submit --service primes --path '/primes?n=10000' --wait"];

    public static string Notes =>
        """
        Exit codes:
          0    done
          1    it was tried and failed
          2    wrong usage or input; nothing was changed
          3    something is missing on this machine (see 'pleiad doctor')
          4    the server is not reachable
          5    measured, and a threshold was missed (load)
          6    measured, but the generator was the bottleneck: refused (load)
          130  interrupted

        Environment:
          PLEIAD_SERVER  address of the server, PLEIAD_TOKEN  its token, PLEIAD_DATA  data directory
          NO_COLOR       no colours, PLEIAD_DEBUG=1  errors with everything known about them

        """;
}
