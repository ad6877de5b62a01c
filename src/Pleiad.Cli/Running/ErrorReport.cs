using System.Net;
using Pleiad.Cli.Models;
using Pleiad.Client;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;
using Pleiad.Load.Agents;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.State;
using Pleiad.Wire.Captures;

namespace Pleiad.Cli.Running;

/// <summary>What an exception means for the user: lines for standard error and an exit code. The one place that decides both.</summary>
internal static class ErrorReport
{
    public static ExitCode Write(Terminal terminal, Exception error)
    {
        var (code, lines) = Describe(error);
        foreach (var line in lines)
        {
            terminal.Error.WriteLine($"pleiad: {OneLine(line)}");
        }

        if (terminal.IsDebugging)
        {
            terminal.Error.WriteLine(error);
        }

        return code;
    }

    private static (ExitCode Code, IEnumerable<string> Lines) Describe(Exception error) => error switch
    {
        InvalidInputException invalid => (ExitCode.WrongInput, invalid.Problems.Select(problem => problem.Key == invalid.Subject ? $"{problem}" : $"{invalid.Subject}: {problem}")),
        PleiadUnreachableException unreachable => (ExitCode.Unreachable, [$"{unreachable.Message} with --server or PLEIAD_SERVER"]),
        PleiadApiException { Problem.Problems: { Count: > 0 } problems } refused => (CodeOf(refused), problems.Select(Line)),
        PleiadApiException refused => (CodeOf(refused), [refused.Message]),
        ImageBuildException { Failure: ImageBuildFailure.ToolsMissing or ImageBuildFailure.GuestMissing } => (ExitCode.Missing, [error.Message]),
        ImageBuildException => (ExitCode.Failed, error.Message.Split('\n')),
        MachineHostException { Fault: MachineHostFault.BadOption } => (ExitCode.WrongInput, [error.Message]),
        MachineHostException => (ExitCode.Missing, [error.Message]),
        ModelRefusedException => (ExitCode.WrongInput, [error.Message]),
        ImageStoreException { Failure: ImageStoreFailure.NotFound or ImageStoreFailure.InUse } => (ExitCode.WrongInput, [error.Message]),
        ImageStoreException or StateException or CommandFailedException or AgentException => (ExitCode.Failed, [error.Message]),
        CaptureException { Reason: CaptureFault.CannotUnpack or CaptureFault.CannotCapture } => (ExitCode.Missing, [error.Message]),
        CaptureException => (ExitCode.WrongInput, [error.Message]),
        _ => (ExitCode.Failed, [$"unexpected {error.GetType().Name}: {error.Message}; PLEIAD_DEBUG=1 shows where"]),
    };

    private static ExitCode CodeOf(PleiadApiException refused) => refused.Status switch
    {
        HttpStatusCode.Conflict => refused.Problem.Code == "nameTaken" ? ExitCode.WrongInput : ExitCode.Failed,
        HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests => ExitCode.Failed,
        >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError => ExitCode.WrongInput,
        _ => ExitCode.Failed,
    };

    private static string Line(ApiInputProblem problem) => new InputProblem(problem.Key, problem.Value, problem.Reason, problem.Remedy, problem.Line).ToString();

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
