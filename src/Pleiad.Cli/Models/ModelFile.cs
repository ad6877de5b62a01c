using System.CommandLine;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Cli.Models;

/// <summary>Reading of models, and errors of the queueing library as the program reports them.</summary>
internal static class ModelFile
{
    private const long BytesMax = 16 << 20;

    public static Argument<string> Argument() => new("MODEL") { Description = "The model: a YAML or JSON file (docs/models.md), .jsimg of JMT, .lqn or .lqnx; '-' reads stdin." };

    public static async Task<QueueingModel> ReadAsync(Terminal terminal, string file, CancellationToken cancellation)
    {
        var text = await InputFile.ReadTextAsync(terminal, "MODEL", file, BytesMax, cancellation);
        var subject = file == "-" ? "stdin" : Path.GetFileName(file);
        return Guarded(() => ModelDocument.Parse(text, subject));
    }

    /// <summary>Calls the library; its refusals become the program's.</summary>
    public static T Guarded<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (DocumentException refused)
        {
            throw new InvalidInputException(refused.Subject, [.. refused.Problems.Select(problem => new InputProblem(problem.Path, problem.Value, problem.Reason, problem.Remedy, problem.Line))], refused);
        }
        catch (ModelUnsolvableException unsolvable)
        {
            throw new ModelRefusedException(unsolvable.Message, unsolvable);
        }
    }
}

/// <summary>A model has no answer: unstable, blocked, or not covered by the method asked for.</summary>
internal sealed class ModelRefusedException(string message, Exception innerException) : Exception(message, innerException);
