using System.Diagnostics;

namespace Pleiad.Cli.Doctor;

/// <summary>What a tool said.</summary>
/// <param name="Status">Its exit status; null when it did not end in time.</param>
/// <param name="Output">Its output and errors.</param>
internal sealed record ToolAnswer(int? Status, string Output);

/// <summary>Finds and runs tools for a check.</summary>
internal static class Tool
{
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(10);

    /// <summary>Where the tool is: in PATH, or in the system's directories, which PATH may lack for others than root.</summary>
    public static string? Find(string name) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin".Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);

    /// <summary>The command that installs Debian packages.</summary>
    public static string Install(params string[] packages) =>
        $"{(Environment.IsPrivilegedProcess ? "" : "sudo ")}apt-get install -y --no-install-recommends {string.Join(' ', packages)}";

    public static async Task<ToolAnswer> RunAsync(string path, IEnumerable<string> arguments, TimeProvider time, CancellationToken cancellation)
    {
        using var process = new Process { StartInfo = new ProcessStartInfo(path, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true } };
        using var limit = new CancellationTokenSource(TimeMax, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        process.Start();
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(both.Token);
            var errors = process.StandardError.ReadToEndAsync(both.Token);
            await process.WaitForExitAsync(both.Token);
            return new ToolAnswer(process.ExitCode, (await output + await errors).Trim());
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new ToolAnswer(null, $"did not end within {TimeMax.TotalSeconds:0} s");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
