using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Pleiad.Server.Api;
using Pleiad.Server.Fleet;

namespace Pleiad.Server.Metrics;

/// <summary><c>/metrics</c> in Prometheus' text format 0.0.4, made from the same snapshots that the API shows.</summary>
internal static class PrometheusText
{
    internal static Func<IResult> Answer(ApiContext context) => () => Results.Text(Write(context), "text/plain; version=0.0.4; charset=utf-8");

    private static string Write(ApiContext context)
    {
        var text = new StringBuilder();
        var services = context.Fleets.All;
        var views = services.ToDictionary(service => service.Name, service => service.Fleet.Dispatcher.Observe());
        Family(text, "pleiad_machines", "gauge", "Machines by service and state.", services.SelectMany(service =>
            service.Fleet.Machines.GroupBy(machine => machine.Machine?.Snapshot.State ?? Machines.Hosting.MachineState.Reserved)
                .Select(group => ($"service=\"{service.Name}\",state=\"{Words.Of(group.Key)}\"", (double)group.Count()))));
        Family(text, "pleiad_slots", "gauge", "Slots of machines in service.", views.Select(view => (Service(view.Key), (double)view.Value.Machines.Where(machine => !machine.Draining).Sum(machine => machine.Slots))));
        Family(text, "pleiad_slots_in_use", "gauge", "Slots in use.", views.Select(view => (Service(view.Key), (double)view.Value.InFlight)));
        Family(text, "pleiad_queue_waiting", "gauge", "Requests and jobs that wait for a slot.", views.Select(view => (Service(view.Key), (double)view.Value.Waiting)));
        Family(text, "pleiad_dispatched_total", "counter", "Slots granted.", views.Select(view => (Service(view.Key), (double)view.Value.Granted)));
        Family(text, "pleiad_queue_full_total", "counter", "Requests refused because the queue was full.", views.Select(view => (Service(view.Key), (double)view.Value.QueueFull)));
        Family(text, "pleiad_deadline_passed_total", "counter", "Requests whose deadline passed in the queue.", views.Select(view => (Service(view.Key), (double)view.Value.DeadlinePassed)));
        var machines = services.SelectMany(service => service.Fleet.Machines.Select(machine => (service.Name, machine))).Where(one => one.machine.Machine is not null).ToList();
        Family(text, "pleiad_machine_cpu_share", "gauge", "Share of one host CPU.", machines.Select(one => (Machine(one.Name, one.machine), one.machine.Machine!.Snapshot.Usage.CpuShare)));
        Family(text, "pleiad_machine_resident_bytes", "gauge", "Resident memory on the host.", machines.Select(one => (Machine(one.Name, one.machine), (double)one.machine.Machine!.Snapshot.Usage.ResidentBytes)));
        return text.ToString();
    }

    private static string Service(string name) => $"service=\"{name}\"";

    private static string Machine(string service, FleetMachine machine) => $"service=\"{service}\",machine=\"{machine.Id}\"";

    private static void Family(StringBuilder text, string name, string type, string help, IEnumerable<(string Labels, double Value)> samples)
    {
        text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");
        foreach (var (labels, value) in samples)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {value}\n");
        }
    }
}
