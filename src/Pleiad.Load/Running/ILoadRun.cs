using Pleiad.Load.Results;

namespace Pleiad.Load.Running;

/// <summary>A run under way, in this process or on agents.</summary>
public interface ILoadRun : IAsyncDisposable
{
    /// <summary>What it does now.</summary>
    RunProgress Progress { get; }

    /// <summary>What the planned load is multiplied by now; 1 until it was changed.</summary>
    double Factor { get; }

    /// <summary>Multiplies the planned load by a factor from now on.</summary>
    /// <param name="factor">0 or more; 1 is the plan.</param>
    void SetFactor(double factor);

    /// <summary>Begins nothing new; requests under way are waited for.</summary>
    void Stop();

    /// <summary>Waits for the end and draws the conclusions.</summary>
    Task<RunResult> ResultAsync(ConclusionOptions options);
}
