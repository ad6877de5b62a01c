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
        var table = new TextTable(
            new("Name"), new("Image", Spare: 4), new("Ready", true), new("Starting", true, Spare: 1), new("Min", true, Spare: 2), new("Max", true, Spare: 2), new("Slots", true, Spare: 3), new("In flight", true),
            new("Waiting", true), new("Problem", Wraps: true));
        foreach (var service in services)
        {
            table.Add(
                service.Name, service.Image, Figures.Whole(service.Ready), Figures.Whole(service.Starting), Figures.Whole(service.MachinesMin), Figures.Whole(service.MachinesMax),
                Figures.Whole(service.Slots), Figures.Whole(service.InFlight), Figures.Whole(service.Waiting + service.JobsWaiting), service.Problem);
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
        ("plan", service.Plan),
        ("problem", service.Problem));
}
