namespace Pleiad.Machines.Processes;

/// <summary>A short-lived program failed.</summary>
internal sealed class ProgramException(string message) : IOException(message);

/// <summary>Runs short-lived programs such as <c>ip</c> that must succeed.</summary>
internal static class Programs
{
    private const string AlsoIn = "/usr/sbin:/sbin:/usr/local/sbin";

    /// <summary>Looks for a program in PATH and the system directories, which an ordinary user's PATH may lack.</summary>
    /// <returns>Its absolute path, or null.</returns>
    public static string? Find(string name) =>
        ToolProcess.Find(name, $"{Environment.GetEnvironmentVariable("PATH")}:{AlsoIn}") is { } path && Path.IsPathRooted(path) ? path : null;

    /// <summary>Runs a program to its end.</summary>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments; no shell sees them.</param>
    /// <param name="input">Its standard input.</param>
    /// <param name="timeMax">It is killed after that.</param>
    /// <param name="cancellation">Kills it, too.</param>
    /// <returns>What it wrote.</returns>
    /// <exception cref="ProgramException">It ended with another status than 0, or took too long.</exception>
    public static async Task<string> RunAsync(string path, IReadOnlyList<string> arguments, string input, TimeSpan timeMax, CancellationToken cancellation)
    {
        var what = $"{Path.GetFileName(path)} {string.Join(' ', arguments)}".Trim();
        try
        {
            var result = await ToolProcess.RunAsync(path, arguments, Path.GetTempPath(), timeMax, TimeProvider.System, cancellation, input);
            return result.ExitCode == 0 ? result.Output : throw new ProgramException($"{what} ended with status {result.ExitCode}: {result.Output.Trim()}");
        }
        catch (TimeoutException)
        {
            throw new ProgramException($"{what} did not end within {timeMax.TotalSeconds:0.###} s");
        }
    }
}
