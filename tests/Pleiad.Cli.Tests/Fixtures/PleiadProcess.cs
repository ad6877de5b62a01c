using System.Diagnostics;

namespace Pleiad.Cli.Tests.Fixtures;

/// <summary>The real program in a process of its own.</summary>
internal static class PleiadProcess
{
    /// <summary>The program, built beside the tests.</summary>
    public static string Path { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "pleiad");

    public static Process Start(Uri server, params string[] args)
    {
        var start = new ProcessStartInfo(Path, args) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PLEIAD_SERVER"] = server.ToString();
        return Process.Start(start) ?? throw new InvalidOperationException($"{Path} could not be started");
    }
}
