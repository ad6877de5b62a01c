using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Machines;

/// <summary>Machines as people see them.</summary>
internal static class MachineTables
{
    public static TextTable List(IEnumerable<MachineInfo> machines, TimeProvider time)
    {
        var table = new TextTable(
            new("Id"), new("Service"), new("State"), new("Address", Spare: 2), new("In use", true), new("Slots", true), new("CPU", true), new("Host RAM", true, Spare: 1), new("Started in", true, Spare: 3),
            new("Contact", true, Spare: 4), new("Why", Wraps: true));
        foreach (var machine in machines)
        {
            table.Add(
                machine.Id, machine.Service, machine.State, $"{machine.Ip}:{machine.Port}", Figures.Whole(machine.Slots - machine.FreeSlots), Figures.Whole(machine.Slots),
                Figures.Share(machine.Cpu), Figures.Bytes(machine.RamBytes), $"{Figures.Milliseconds(machine.StartMs)} {machine.StartWay}".TrimEnd(), Figures.Ago(machine.LastContact, time.GetUtcNow()), machine.Reason);
        }

        return table;
    }

    public static void Show(Terminal terminal, MachineInfo machine) => terminal.Properties(
        ("id", machine.Id),
        ("service", machine.Service),
        ("image", machine.Image),
        ("state", machine.State),
        ("address", $"{machine.Ip}:{machine.Port}"),
        ("slots", $"{machine.Slots - machine.FreeSlots} of {machine.Slots} in use"),
        ("started", Figures.Moment(machine.Started, terminal.Time)),
        ("started in", $"{Figures.Milliseconds(machine.StartMs)} {(machine.StartWay is { } way ? $"({way})" : "")}".TrimEnd()),
        ("not quicker", machine.StartNote ?? ""),
        ("why", machine.Reason),
        ("last contact", Figures.Moment(machine.LastContact, terminal.Time)),
        ("CPU", $"{Figures.Share(machine.Cpu)} of a host CPU"),
        ("RAM", $"{Figures.Bytes(machine.RamBytes)} on the host"),
        ("guest CPU", Figures.Share(machine.GuestCpuBusy)),
        ("guest RAM", machine.GuestMemoryTotalBytes is null ? "" : $"{Figures.Bytes(machine.GuestMemoryUsedBytes)} of {Figures.Bytes(machine.GuestMemoryTotalBytes)}"),
        ("guest requests", Figures.Whole(machine.GuestRequests)),
        ("process", Figures.Whole(machine.ProcessId)),
        ("adopted", machine.Adopted ? "from an earlier run of Pleiad" : ""));
}
