namespace Pleiad.Machines.Qemu;

/// <summary>What went wrong with QMP.</summary>
internal enum QmpFault
{
    /// <summary>QEMU ended or closed the connection.</summary>
    Closed,

    /// <summary>No answer within the time limit.</summary>
    TimedOut,

    /// <summary>What came is not QMP, or longer than a line may be.</summary>
    Garbled,

    /// <summary>QEMU refused the command.</summary>
    Refused,
}

/// <summary>A QMP command did not succeed.</summary>
internal sealed class QmpException(QmpFault fault, string message, Exception? inner = null) : IOException(message, inner)
{
    public QmpFault Fault { get; } = fault;
}
