using System.Diagnostics;

namespace Pleiad.Machines.Processes;

/// <summary>What a tool did.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Lines">The last lines of its output and error output, oldest first.</param>
internal sealed record ToolResult(int ExitCode, IReadOnlyList<string> Lines)
{
    public string Output => string.Join('\n', Lines);
}

/// <summary>Runs a tool to its end: bounded time, bounded output; one that does not end is killed with its children.</summary>
internal static class ToolProcess
{
    private const int LinesMax = 2_000;
    private const int LineLengthMax = 2_000;

    private static readonly TimeSpan KillWait = TimeSpan.FromSeconds(10);

    /// <summary>Runs a tool.</summary>
    /// <param name="file">A path or a name on the search path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="directory">Where it works, its temporary files too: one that is killed leaves them there.</param>
    /// <param name="limit">Longest time.</param>
    /// <param name="time">Measures the time.</param>
    /// <param name="cancellation">Ends the tool.</param>
    /// <param name="input">Its standard input.</param>
    /// <exception cref="TimeoutException">It took longer; it was killed.</exception>
    /// <exception cref="System.ComponentModel.Win32Exception">It cannot be started.</exception>
    public static async Task<ToolResult> RunAsync(
        string file, IEnumerable<string> arguments, string directory, TimeSpan limit, TimeProvider time, CancellationToken cancellation, string input = "")
    {
        var lines = new Queue<string>();
        using var process = new Process();
        process.StartInfo = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        process.StartInfo.Environment["LC_ALL"] = "C"; // messages are read
        process.StartInfo.Environment["TMPDIR"] = Path.GetFullPath(directory);
        process.StartInfo.Environment.Remove("MAKEFLAGS"); // those of a make that runs Pleiad are not for this one
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        using var expired = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(expired.Token, cancellation);
        try
        {
            await FeedAsync(process.StandardInput, input, either.Token);
            await process.WaitForExitAsync(either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(KillWait);
            cancellation.ThrowIfCancellationRequested();
            throw new TimeoutException($"{Path.GetFileName(file)} did not end within {limit.TotalSeconds:0.###} s and was ended");
        }

        lock (lines)
        {
            return new ToolResult(process.ExitCode, [.. lines]);
        }

        void Keep(string? line)
        {
            if (line is null)
            {
                return;
            }

            lock (lines)
            {
                lines.Enqueue(line.Length > LineLengthMax ? line[..LineLengthMax] : line);
                if (lines.Count > LinesMax)
                {
                    lines.Dequeue();
                }
            }
        }
    }

    private static async Task FeedAsync(StreamWriter writer, string input, CancellationToken cancellation)
    {
        try
        {
            await using (writer)
            {
                await writer.WriteAsync(input.AsMemory(), cancellation);
            }
        }
        catch (IOException)
        {
            // It ended without reading; its exit code and output tell more.
            return;
        }
    }

    /// <summary>Where a tool is on the search path, or null.</summary>
    public static string? Find(string tool, string? searchPath) =>
        (searchPath ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(directory => Path.Combine(directory, tool)).FirstOrDefault(File.Exists);
}
