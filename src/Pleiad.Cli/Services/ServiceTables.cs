using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;

namespace Pleiad.Cli.Services;

/// <summary>Services as people see them.</summary>
internal static class ServiceTables
{
    public static TextTable List(IEnumerable<ServiceInfo> services)
    {
        // A change is rare: its column is there while there is one.
        var listed = services.ToList();
        var changing = listed.Exists(service => service.Change is not null);
        Column[] columns =
        [
            new("Name"), new("Image", Spare: 4), new("Ready", true), new("Starting", true, Spare: 1), new("Min", true, Spare: 2), new("Max", true, Spare: 2), new("Slots", true, Spare: 3), new("In flight", true),
            new("Waiting", true), .. changing ? [new Column("Changing")] : Array.Empty<Column>(), new("Problem", Wraps: true),
        ];
        var table = new TextTable(columns);
        foreach (var service in listed)
        {
            table.Add(
            [
                service.Name, service.Image, Figures.Whole(service.Ready), Figures.Whole(service.Starting), Figures.Whole(service.MachinesMin), Figures.Whole(service.MachinesMax),
                Figures.Whole(service.Slots), Figures.Whole(service.InFlight), Figures.Whole(service.Waiting + service.JobsWaiting), .. changing ? [Short(service.Change)] : Array.Empty<string?>(), service.Problem,
            ]);
        }

        return table;
    }

    public static void Show(Terminal terminal, ServiceInfo service) => terminal.Properties(
        ("name", service.Name),
        ("image", service.Image),
        ("slots", $"{service.Slots} a machine"),
        ("machines", $"{service.Ready} ready, {service.Starting} starting, {service.Draining} draining (from {service.MachinesMin} to {service.MachinesMax})"),
        ("start", $"{service.Start}, {service.SparesReady} of {service.Spares} spares ready"),
        ("work", $"{service.InFlight} in machines, {service.Waiting} waiting for a slot, {service.JobsWaiting} jobs waiting"),
        ("idleTimeout", Duration.Format(TimeSpan.FromMilliseconds(service.IdleTimeoutMs))),
        ("addressReservation", Duration.Format(TimeSpan.FromMilliseconds(service.AddressReservationMs))),
        ("hangTimeout", Duration.Format(TimeSpan.FromMilliseconds(service.HangTimeoutMs))),
        ("queue", $"at most {service.QueueLimit} requests, each at most {Duration.Format(TimeSpan.FromMilliseconds(service.QueueDeadlineMs))}"),
        ("changing", Long(service)),
        ("plan", service.Plan),
        ("problem", service.Problem));

    /// <summary>For example: 2 of 5 new.</summary>
    private static string? Short(ServiceChangeInfo? change) => change is null ? null : $"{change.MachinesNew} of {change.MachinesNew + change.MachinesFormer} new{(change.Stopped ? ", stopped" : "")}";

    private static string? Long(ServiceInfo service)
    {
        if (service.Change is not { } change)
        {
            return null;
        }

        var machines = change.MachinesNew + change.MachinesFormer;
        var from = change.FormerImage == service.Image ? $"an earlier {service.Image}" : change.FormerImage;
        return $"{(change.Stopped ? "stopped; " : "")}{change.MachinesNew} of {machines} {(machines == 1 ? "machine is" : "machines are")} of the new kind (from {from} to {service.Image})";
    }
}
