namespace Pleiad.Gateway.Transport;

/// <summary>What went wrong between the gateway and a machine.</summary>
public enum MachineFault
{
    /// <summary>No connection could be opened; nothing was sent.</summary>
    Unreachable,

    /// <summary>The connection ended before the answer did.</summary>
    Closed,

    /// <summary>What came is not HTTP/1.1, or larger than allowed.</summary>
    Malformed,
}

/// <summary>A machine did not answer as HTTP/1.1 wants it.</summary>
public sealed class MachineException : IOException
{
    /// <summary>A failure with its kind.</summary>
    /// <param name="fault">The kind.</param>
    /// <param name="message">A sentence that names the machine's address.</param>
    /// <param name="innerException">What brought it to light, if anything did.</param>
    public MachineException(MachineFault fault, string message, Exception? innerException = null)
        : base(message, innerException) => Fault = fault;

    /// <summary>The kind.</summary>
    public MachineFault Fault { get; }
}
