using System.Diagnostics;

namespace Pleiad.Bench.Gateway;

/// <summary>A process that the bench started and ends.</summary>
internal sealed class Child : IAsyncDisposable
{
    private readonly Process _process;

    private Child(Process process) => _process = process;

    /// <summary>CPU time it used so far, all threads.</summary>
    public double CpuSeconds
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime.TotalSeconds;
        }
    }

    public static Task<Child> StartAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return Task.FromResult(new Child(Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.")));
    }

    public async Task<string> LineAsync() =>
        await _process.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)) ?? throw new InvalidOperationException("A role of the bench ended early.");

    public async Task<string> AllAsync(TimeSpan limit)
    {
        var text = await _process.StandardOutput.ReadToEndAsync().WaitAsync(limit);
        await _process.WaitForExitAsync().WaitAsync(limit);
        return text;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
        }

        _process.Dispose();
    }
}
