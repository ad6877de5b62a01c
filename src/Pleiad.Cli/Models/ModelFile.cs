using System.CommandLine;
using Pleiad.Cli.Running;
using Pleiad.Core.Documents;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Imports;
using Pleiad.Queueing.Model;
using Pleiad.Queueing.Solving;

namespace Pleiad.Cli.Models;

/// <summary>Reading of models, and errors of the queueing library as the program reports them.</summary>
internal static class ModelFile
{
    private const long BytesMax = 16 << 20;

    public static Argument<string> Argument() => new("MODEL") { Description = "The model: a YAML or JSON file (docs/models.md), .jsimg or .jmva of JMT, .lqn or .lqnx; '-' reads stdin." };

    /// <summary>Reads a model; what was not understood of another program's is noted on standard error.</summary>
    public static async Task<QueueingModel> ReadAsync(Terminal terminal, string file, CancellationToken cancellation) => (await ImportAsync(terminal, file, cancellation)).Model;

    public static async Task<ImportedModel> ImportAsync(Terminal terminal, string file, CancellationToken cancellation)
    {
        var text = await InputFile.ReadTextAsync(terminal, "MODEL", file, BytesMax, cancellation);
        var subject = Subject(file);
        var imported = Guarded(() => ModelReader.Read(text, subject));
        foreach (var line in imported.NotUnderstood)
        {
            terminal.Note($"not understood: {line}");
        }

        return imported;
    }

    /// <summary>How messages name a file.</summary>
    private static string Subject(string file) => file == "-" ? "stdin" : Path.GetFileName(file);

    /// <summary>Writes a model to a file or stdout, as YAML or JSON.</summary>
    public static async Task WriteModelAsync(Terminal terminal, string? file, QueueingModel model, IReadOnlyList<string> remarks, bool isJson, CancellationToken cancellation)
    {
        var text = isJson ? ModelWriter.Json(model) + "\n" : ModelWriter.Yaml(model, remarks);
        if (file is null)
        {
            terminal.Out.Write(text);
            return;
        }

        try
        {
            await File.WriteAllTextAsync(file, text, cancellation);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException("model", new InputProblem("--out", file, $"cannot be written ({error.Message.TrimEnd('.')})", "give a file in a directory that you may write to"), error);
        }

        terminal.Note($"model written to {file}");
    }

    /// <summary>Calls the library; its refusals become the program's.</summary>
    /// <param name="call">The call.</param>
    /// <param name="file">The model's file, for refusals that do not name it; null where they do.</param>
    public static T Guarded<T>(Func<T> call, string? file = null)
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
            throw new ModelRefusedException($"{(file is null ? "" : $"{Subject(file)}: ")}{unsolvable.Message}", unsolvable);
        }
    }
}

/// <summary>A model has no answer: unstable, blocked, or not covered by the method asked for.</summary>
internal sealed class ModelRefusedException(string message, Exception innerException) : Exception(message, innerException);
