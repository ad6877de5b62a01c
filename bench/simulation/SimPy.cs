using System.Diagnostics;
using System.Globalization;

namespace Pleiad.Bench.Simulation;

/// <summary>SimPy in a Python process, which measures its own CPU time.</summary>
internal sealed class SimPy
{
    // The distribution packages SimPy for its own Python.
    private static readonly string Python = File.Exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

    private readonly string _script;

    private SimPy(string script) => _script = script;

    public static SimPy? Find()
    {
        using var probe = Process.Start(new ProcessStartInfo(Python, ["-c", "import simpy"]) { RedirectStandardError = true })!;
        probe.StandardError.ReadToEnd();
        probe.WaitForExit();
        return probe.ExitCode == 0 ? new SimPy(Path.Combine(AppContext.BaseDirectory, "simpy_models.py")) : null;
    }

    public (long Events, double Seconds) Run(string model, int seed, CancellationToken cancellation)
    {
        using var process = Process.Start(new ProcessStartInfo(Python, [_script, model, $"{seed}"]) { RedirectStandardOutput = true })!;
        using var end = cancellation.Register(process.Kill);
        var words = process.StandardOutput.ReadToEnd().Split(' ', StringSplitOptions.TrimEntries);
        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        return (long.Parse(words[0], CultureInfo.InvariantCulture), double.Parse(words[1], CultureInfo.InvariantCulture));
    }
}

/// <summary>CPU time of this thread's work, which is the process's: nothing else runs here.</summary>
internal static class Clock
{
    public static (long Events, double Seconds) Of(Func<long> work)
    {
        using var process = Process.GetCurrentProcess();
        var before = process.TotalProcessorTime;
        var events = work();
        process.Refresh();
        return (events, (process.TotalProcessorTime - before).TotalSeconds);
    }
}
