using System.Diagnostics;

namespace Pleiad.Machines.Hosting;

/// <summary>A short-lived program failed.</summary>
internal sealed class ProgramException(string message) : IOException(message);

/// <summary>Runs short-lived programs such as <c>ip</c>.</summary>
internal static class Programs
{
    private static readonly string[] AlsoIn = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

    /// <summary>Looks for a program in PATH and the system directories, which an ordinary user's PATH may lack.</summary>
    /// <returns>Its absolute path, or null.</returns>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Concat(AlsoIn)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(path => Path.IsPathRooted(path) && File.Exists(path));

    /// <summary>Runs a program to its end.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments; no shell sees them.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="timeMax">It is killed after that.</param>
    /// <param name="cancellation">Kills it, too.</param>
    /// <returns>Its standard output.</returns>
    /// <exception cref="ProgramException">It ended with another status than 0, or took too long.</exception>
    public static async Task<string> RunAsync(string path, IReadOnlyList<string> arguments, string input, TimeSpan timeMax, CancellationToken cancellation)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(path, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true },
        };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeMax);
        process.Start();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await FeedAsync(process.StandardInput, input);
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0
                ? await output
                : throw new ProgramException($"{Describe(path, arguments)} ended with status {process.ExitCode}: {(await errors).Trim()}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ProgramException($"{Describe(path, arguments)} did not end within {timeMax.TotalSeconds:0.###} s");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    private static async Task FeedAsync(StreamWriter writer, string input)
    {
        await using (writer)
        {
            try
            {
                await writer.WriteAsync(input);
            }
            catch (IOException)
            {
                // It ended without reading; its exit status and errors tell more.
                return;
            }
        }
    }

    private static string Describe(string path, IReadOnlyList<string> arguments) => $"{Path.GetFileName(path)} {string.Join(' ', arguments)}".Trim();
}
