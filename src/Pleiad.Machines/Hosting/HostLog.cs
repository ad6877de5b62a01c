using Microsoft.Extensions.Logging;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;

namespace Pleiad.Machines.Hosting;

/// <summary>What the hosting part logs; event ids 1100–1199.</summary>
internal static partial class HostLog
{
    [LoggerMessage(1100, LogLevel.Information, "Host open: QEMU {Version}, accelerator {Accelerator} ({AcceleratorReason}), network {Network} ({NetworkReason})")]
    public static partial void Opened(this ILogger log, string version, string accelerator, string acceleratorReason, NetworkMode network, string networkReason);

    [LoggerMessage(1101, LogLevel.Information, "Machine {Machine} of {Service} starts at {Address}: {Reason}")]
    public static partial void Starting(this ILogger log, MachineId machine, string service, string address, string reason);

    [LoggerMessage(1102, LogLevel.Information, "Machine {Machine} is ready after {Milliseconds} ms ({Way})")]
    public static partial void Ready(this ILogger log, MachineId machine, double milliseconds, StartMode way);

    [LoggerMessage(1103, LogLevel.Information, "Machine {Machine} is gone")]
    public static partial void Gone(this ILogger log, MachineId machine);

    [LoggerMessage(1104, LogLevel.Warning, "Machine {Machine} failed ({Failure}): {Detail}")]
    public static partial void Failed(this ILogger log, MachineId machine, MachineFailure failure, string detail);

    [LoggerMessage(1105, LogLevel.Information, "Machine {Machine} of an earlier run adopted at {Address}")]
    public static partial void Adopted(this ILogger log, MachineId machine, string address);

    [LoggerMessage(1106, LogLevel.Information, "Removed what an earlier run left: {What}")]
    public static partial void Removed(this ILogger log, string what);

    [LoggerMessage(1107, LogLevel.Debug, "Machine {Machine} did not end by {Way}: {Why}")]
    public static partial void DidNotEnd(this ILogger log, MachineId machine, string way, string why);

    [LoggerMessage(1108, LogLevel.Error, "Something of machine {Machine} is left: {What}")]
    public static partial void Left(this ILogger log, MachineId machine, string what);

    [LoggerMessage(1109, LogLevel.Error, "The driver of machine {Machine} failed")]
    public static partial void DriverFailed(this ILogger log, MachineId machine, Exception exception);

    [LoggerMessage(1110, LogLevel.Error, "A listener to changes of machine {Machine} failed")]
    public static partial void ListenerFailed(this ILogger log, MachineId machine, Exception exception);

    [LoggerMessage(1111, LogLevel.Warning, "The log of machine {Machine} cannot be bounded: {Why}")]
    public static partial void LogUnbounded(this ILogger log, MachineId machine, string why);

    [LoggerMessage(1113, LogLevel.Information, "{Kind} of image {Image}: {Reason}")]
    public static partial void Noticed(this ILogger log, HostNoticeKind kind, string image, string reason);

    [LoggerMessage(1114, LogLevel.Error, "The pool of image {Image} failed")]
    public static partial void PoolFailed(this ILogger log, string image, Exception exception);

    [LoggerMessage(1115, LogLevel.Warning, "Machine {Machine} does not take the time: {Why}")]
    public static partial void ClockNotSet(this ILogger log, MachineId machine, string why);

    [LoggerMessage(1118, LogLevel.Information, "Clones of image {Image} share less memory than they could, each QEMU is started by itself: {Why}")]
    public static partial void NotForked(this ILogger log, string image, string why);

    [LoggerMessage(1117, LogLevel.Warning, "The clock of {Machine} may be wrong by {Milliseconds:0} ms: the host is too busy to tell it the time more quickly")]
    public static partial void ClockInexact(this ILogger log, MachineId machine, double milliseconds);

    [LoggerMessage(1112, LogLevel.Error, "Something of the machines' network or isolation is left: {Why}")]
    public static partial void NetworkLeft(this ILogger log, string why);

    [LoggerMessage(1190, LogLevel.Information, "Machines are not shut in by {Protection}: {Detail}; remedy: {Remedy}")]
    public static partial void Unprotected(this ILogger log, string protection, string detail, string remedy);
}
