using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Pleiad.Core.Metrics;
using Pleiad.Core.Services;
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
        var changes = services.Select(service => (service.Name, Change: service.Fleet.ChangeSeen)).Where(one => one.Change is not null).ToList();
        Family(text, "pleiad_service_change_machines", "gauge", "Machines that take work while a service's machines are changed for others of another image; no series when there is no change.", changes.SelectMany(one =>
            new[] { ($"{Service(one.Name)},kind=\"new\"", (double)one.Change!.MachinesNew), ($"{Service(one.Name)},kind=\"former\"", one.Change.MachinesFormer) }));
        Family(text, "pleiad_service_change_stopped", "gauge", "1 when the change stopped because the new image does not start, else 0.", changes.Select(one => (Service(one.Name), one.Change!.Stopped ? 1.0 : 0)));
        Family(text, "pleiad_slots", "gauge", "Slots of machines in service.", views.Select(view => (Service(view.Key), (double)view.Value.Machines.Where(machine => !machine.Draining).Sum(machine => machine.Slots))));
        Family(text, "pleiad_slots_in_use", "gauge", "Slots in use.", views.Select(view => (Service(view.Key), (double)view.Value.InFlight)));
        Family(text, "pleiad_queue_waiting", "gauge", "Requests and jobs that wait for a slot.", views.Select(view => (Service(view.Key), (double)view.Value.Waiting)));
        Family(text, "pleiad_dispatched_total", "counter", "Slots granted.", views.Select(view => (Service(view.Key), (double)view.Value.Granted)));
        Family(text, "pleiad_queue_full_total", "counter", "Requests refused because the queue was full.", views.Select(view => (Service(view.Key), (double)view.Value.QueueFull)));
        Family(text, "pleiad_deadline_passed_total", "counter", "Requests whose deadline passed in the queue.", views.Select(view => (Service(view.Key), (double)view.Value.DeadlinePassed)));
        Histogram(text, "pleiad_gateway_request_duration_seconds", "Time of requests at the gateway, from the head of the request to the end of the answer.", context.Requests.Read([.. views.Keys])
            .Select(one => ($"{Service(one.Service)},code=\"{one.Code}\"", one.Durations)));
        Histogram(text, "pleiad_slot_wait_seconds", "Time that requests and jobs waited for the slot they were granted.", services.Select(service => (Service(service.Name), service.Fleet.Dispatcher.Waits)));
        Histogram(text, "pleiad_machine_start_seconds", "Time from the order of a machine to its first answer, by the way it started.", services.SelectMany(service =>
            service.Fleet.Starts.Select(start => ($"{Service(service.Name)},way=\"{ServiceDocument.WordOf(start.Key)}\"", start.Value))));
        var machines = services.SelectMany(service => service.Fleet.Machines.Select(machine => (service.Name, machine))).Where(one => one.machine.Machine is not null).ToList();
        Family(text, "pleiad_machine_cpu_share", "gauge", "Share of one host CPU.", machines.Select(one => (Machine(one.Name, one.machine), one.machine.Machine!.Snapshot.Usage.CpuShare)));
        Family(text, "pleiad_machine_resident_bytes", "gauge", "Resident memory on the host.", machines.Select(one => (Machine(one.Name, one.machine), (double)one.machine.Machine!.Snapshot.Usage.ResidentBytes)));
        return text.ToString();
    }

    private static string Service(string name) => $"service=\"{name}\"";

    private static string Machine(string service, FleetMachine machine) => $"service=\"{service}\",machine=\"{machine.Id}\"";

    private static void Histogram(StringBuilder text, string name, string help, IEnumerable<(string Labels, DurationHistogram Durations)> samples)
    {
        Head(text, name, "histogram", help);
        foreach (var (labels, durations) in samples)
        {
            var (cumulative, sum) = durations.Read();
            for (var bucket = 0; bucket < cumulative.Count; bucket++)
            {
                var bound = bucket < DurationHistogram.UpperBounds.Count ? DurationHistogram.UpperBounds[bucket].TotalSeconds.ToString(CultureInfo.InvariantCulture) : "+Inf";
                text.Append(CultureInfo.InvariantCulture, $"{name}_bucket{{{labels},le=\"{bound}\"}} {cumulative[bucket]}\n");
            }

            text.Append(CultureInfo.InvariantCulture, $"{name}_sum{{{labels}}} {sum.TotalSeconds}\n{name}_count{{{labels}}} {cumulative[^1]}\n");
        }
    }

    private static void Head(StringBuilder text, string name, string type, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    private static void Family(StringBuilder text, string name, string type, string help, IEnumerable<(string Labels, double Value)> samples)
    {
        Head(text, name, type, help);
        foreach (var (labels, value) in samples)
        {
            text.Append(CultureInfo.InvariantCulture, $"{name}{{{labels}}} {value}\n");
        }
    }
}
