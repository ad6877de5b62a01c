using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Pleiad.TestKit;

/// <summary>Runs and ends the programs that tests need around them.</summary>
public static partial class Programs
{
    /// <summary>Signal numbers of Linux.</summary>
    public const int SigInt = 2;

    /// <inheritdoc cref="SigInt"/>
    public const int SigQuit = 3;

    /// <inheritdoc cref="SigInt"/>
    public const int SigKill = 9;

    /// <summary>Whether this process is root.</summary>
    public static bool IsRoot => Environment.UserName == "root";

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it wrote to its output and error output.</returns>
    /// <exception cref="InvalidOperationException">It could not be started, failed, or took too long; with what it wrote.</exception>
    public static async Task<string> RunAsync(TimeSpan timeLimit, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{program} could not be started");
        using var limit = new CancellationTokenSource(timeLimit);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        var what = $"{program} {string.Join(' ', arguments)}";
        try
        {
            await Task.WhenAll(output, errors, process.WaitForExitAsync(CancellationToken.None)).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);

            // What it wrote ends with it, unless something that it started lives on.
            await Task.WhenAny(Task.WhenAll(output, errors), Task.Delay(TimeSpan.FromSeconds(10), CancellationToken.None));
            throw new InvalidOperationException($"{what} did not end within {timeLimit.TotalSeconds} s: {(output.IsCompleted ? await output : "")}{(errors.IsCompleted ? await errors : "")}");
        }

        var text = await output + await errors;
        return process.ExitCode == 0 ? text : throw new InvalidOperationException($"{what} ended with {process.ExitCode}: {text}");
    }

    /// <summary>Asks a process to end with one signal, kills it when it does not, and waits for its end.</summary>
    /// <param name="process">A process that this one started.</param>
    /// <param name="signal">What it is asked with.</param>
    /// <param name="grace">How long it may take.</param>
    /// <returns>False when it had to be killed.</returns>
    public static async Task<bool> EndAsync(Process process, int signal, TimeSpan grace)
    {
        if (process.HasExited)
        {
            return true;
        }

        _ = Kill(process.Id, signal);
        using var limit = new CancellationTokenSource(grace);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            _ = Kill(process.Id, SigKill);
            await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
