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

    public async Task<string> LineAsync(CancellationToken cancellation) =>
        await _process.StandardOutput.ReadLineAsync(CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromSeconds(20), cancellation) ?? throw new InvalidOperationException("A role of the bench ended early.");

    public async Task<string> AllAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var text = await _process.StandardOutput.ReadToEndAsync(CancellationToken.None).WaitAsync(limit, cancellation);
        await _process.WaitForExitAsync(CancellationToken.None).WaitAsync(limit, cancellation);
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
