using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Services;

/// <summary>Services as people see them.</summary>
internal static class ServiceTables
{
    public static TextTable List(IEnumerable<ServiceInfo> services)
    {
        var table = new TextTable(
            new("Name"), new("Image"), new("Ready", true), new("Starting", true), new("Min", true), new("Max", true), new("Slots", true), new("In flight", true), new("Waiting", true), new("Problem", Wraps: true));
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
        ("work", $"{service.InFlight} in machines, {service.Waiting} waiting for a slot, {service.JobsWaiting} jobs waiting"),
        ("idleTimeout", Figures.Milliseconds(service.IdleTimeoutMs)),
        ("addressReservation", Figures.Milliseconds(service.AddressReservationMs)),
        ("hangTimeout", Figures.Milliseconds(service.HangTimeoutMs)),
        ("queue", $"at most {service.QueueLimit} requests, each at most {Figures.Milliseconds(service.QueueDeadlineMs)}"),
        ("plan", service.Plan),
        ("problem", service.Problem));
}
