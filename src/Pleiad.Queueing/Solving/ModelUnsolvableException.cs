namespace Pleiad.Queueing.Solving;

/// <summary>Why a model has no answer.</summary>
public enum UnsolvableReason
{
    /// <summary>A station gets more work than it can do; its queue grows without end.</summary>
    Unstable,

    /// <summary>Customers block each other in a circle.</summary>
    Deadlock,

    /// <summary>Customers who are turned away come back at once, so that no time passes.</summary>
    Standstill,

    /// <summary>The method asked for does not cover the model.</summary>
    MethodDoesNotApply,
}

/// <summary>A model has no steady state, or not by the method asked for. The message names the station and the remedy.</summary>
public sealed class ModelUnsolvableException(UnsolvableReason reason, string? station, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public UnsolvableReason Reason { get; } = reason;

    /// <summary>The station it is about, or null.</summary>
    public string? Station { get; } = station;
}
