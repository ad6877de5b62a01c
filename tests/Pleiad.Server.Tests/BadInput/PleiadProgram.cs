using System.Diagnostics;
using Pleiad.Server.Tests.Running;

namespace Pleiad.Server.Tests.BadInput;

/// <summary>How a run of the program ended.</summary>
internal sealed record ProgramEnd(int ExitCode, string Output, string Errors);

/// <summary>The real program in a process of its own, as a user has it.</summary>
internal static class PleiadProgram
{
    /// <summary>Absolute path of the runtime's host, found without the PATH that a test changes.</summary>
    internal static string Dotnet { get; } = FindDotnet();

    /// <summary>The program, built beside the tests.</summary>
    internal static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "pleiad.dll");

    /// <summary>Runs it to its end.</summary>
    internal static async Task<ProgramEnd> RunAsync(IEnumerable<string> arguments, string? searchPath = null)
    {
        var start = new ProcessStartInfo(Dotnet, [Assembly, .. arguments]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        if (searchPath is not null)
        {
            start.Environment["PATH"] = searchPath;
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(TestServer.Limit);
        }
        catch (TimeoutException)
        {
            Signals.Send(process.Id, Signals.Terminate);
            throw new TimeoutException($"it did not end: {await output} {await errors}");
        }

        return new ProgramEnd(process.ExitCode, await output, await errors);
    }

    private static string FindDotnet()
    {
        var found = Environment.ProcessPath is { } own && Path.GetFileName(own) == "dotnet"
            ? own
            : (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "dotnet")).FirstOrDefault(File.Exists)
                ?? throw new InvalidOperationException("dotnet is not in PATH");
        return File.ResolveLinkTarget(found, returnFinalTarget: true)?.FullName ?? found;
    }
}
