using Microsoft.Extensions.Logging;
using Pleiad.Machines.Isolation;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>What every driver of a host uses.</summary>
internal sealed record HostContext(
    MachineHostOptions Options,
    MachineFiles Files,
    MachineMark Mark,
    IMachineNetwork Network,
    Homes Homes,
    QemuProgram Qemu,
    string Accelerator,
    Launcher Launcher,
    ProcessWatch Watch,
    SemaphoreSlim Starts,
    TimeProvider Time,
    ILogger Log,
    Action<MachineDriver> Ended);
