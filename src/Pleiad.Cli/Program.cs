using Pleiad.Cli.Completion;
using Pleiad.Cli.Demo;
using Pleiad.Cli.Doctor;
using Pleiad.Cli.Events;
using Pleiad.Cli.Images;
using Pleiad.Cli.Jobs;
using Pleiad.Cli.Load;
using Pleiad.Cli.Machines;
using Pleiad.Cli.Models;
using Pleiad.Cli.Predict;
using Pleiad.Cli.Running;
using Pleiad.Cli.Services;
using Pleiad.Cli.Settings;
using Pleiad.Cli.Up;
using Pleiad.Cli.Wire;

namespace Pleiad.Cli;

/// <summary>The <c>pleiad</c> program: all its commands.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        using var signals = new Signals();
        return await CommandLine.RunAsync(args, Terminal.OfProcess(), signals.Interrupted);
    }

    public static ProgramCommand Commands(Terminal terminal) => new(terminal)
    {
        new DemoCommand(terminal),
        new UpCommand(terminal),
        new DoctorCommand(terminal),
        new Noun("image", "What machines boot from, on this machine.")
        {
            new ImageBuildCommand(terminal),
            new ImageImportCommand(terminal),
            new ImageCheckCommand(terminal),
            new ImageListCommand(terminal),
            new ImageShowCommand(terminal),
            new ImageRemoveCommand(terminal),
        },
        Connection.AddTo(new Noun("service", "What runs: image, slots, how many machines.")
        {
            new ServiceApplyCommand(terminal),
            new ServiceListCommand(terminal),
            new ServiceShowCommand(terminal),
            new ServiceRemoveCommand(terminal),
        }),
        Connection.AddTo(new Noun("job", "Durable work for a service.")
        {
            new JobSubmitCommand(terminal),
            new JobListCommand(terminal),
            new JobShowCommand(terminal),
            new JobResultCommand(terminal),
            new JobCancelCommand(terminal),
        }),
        Connection.AddTo(new Noun("machine", "The virtual machines.")
        {
            new MachineListCommand(terminal),
            new MachineShowCommand(terminal),
            new MachineLogCommand(terminal),
            new MachineKillCommand(terminal),
        }),
        new Noun("wire", "Measure from the traffic between tiers.")
        {
            new WireAnalyzeCommand(terminal),
            new WireCaptureCommand(terminal),
        },
        Connection.AddTo(new EventsCommand(terminal)),
        Connection.AddTo(new SettingsCommand(terminal) { new SettingsSetCommand(terminal) }),
        new Noun("model", "Queueing models: what a system will do, computed or simulated.")
        {
            new ModelSolveCommand(terminal),
            new ModelFitCommand(terminal),
            new ModelImportCommand(terminal),
        },
        new PredictCommand(terminal),
        new Noun("load", "Load a site as its users would.")
        {
            new LoadRunCommand(terminal),
            new LoadLearnCommand(terminal),
            new LoadCompareCommand(terminal),
            new LoadAgentCommand(terminal),
        },
        new CompletionCommand(terminal),
        new CompleteCommand(terminal),
    };
}
