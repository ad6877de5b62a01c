using System.Net;
using Pleiad.Core.Identity;
using Pleiad.State.Sql;

namespace Pleiad.State.Store;

internal sealed partial class SqlStateStore
{
    public Task ReportMachinesAsync(IReadOnlyList<MachineReport> reports, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(reports);
        return WriteAsync(
            new Call("keep the machines' reports") { Repeatable = true },
            async session =>
            {
                // In one order everywhere, so that two servers that report the same machines do not wait for each other in a circle.
                foreach (var report in reports.OrderBy(report => report.Id.Value, StringComparer.Ordinal))
                {
                    await ReportAsync(session, report);
                }

                return true;
            },
            cancellation);
    }

    public Task RemoveMachinesAsync(IReadOnlyList<MachineId> machines, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(machines);
        return WriteAsync(
            new Call("remove machines") { Repeatable = true },
            async session =>
            {
                foreach (var machine in machines.OrderBy(machine => machine.Value, StringComparer.Ordinal))
                {
                    await session.ExecuteAsync("delete from vmachine where id_vmachine = @machine", ("machine", machine));
                }

                return true;
            },
            cancellation);
    }

    public Task<IReadOnlyList<MachineReport>> ListMachinesAsync(CancellationToken cancellation) =>
        ReadAsync(
            "list the machines", session => session.QueryAsync(ReadMachine, "select * from vmachine order by started, id_vmachine"), cancellation);

    private static Task<int> ReportAsync(Session session, MachineReport report) => session.ExecuteAsync(
        """
        insert into vmachine (id_vmachine, id_ip, cpu, ram, free_count, last_connect, service, image, state, ip, port, started, reason)
        values (@id, (select id_ip from ip_pool where ip_pool.id_vmachine = @id), @cpu, @ram, @free_count, @last_connect,
            @service, @image, @state, @ip, @port, @started, @reason)
        on conflict (id_vmachine) do update set id_ip = excluded.id_ip, cpu = excluded.cpu, ram = excluded.ram, free_count = excluded.free_count,
            last_connect = excluded.last_connect, service = excluded.service, image = excluded.image, state = excluded.state,
            ip = excluded.ip, port = excluded.port, started = excluded.started, reason = excluded.reason
        """,
        ("id", report.Id),
        ("cpu", report.Cpu),
        ("ram", report.RamBytes),
        ("free_count", report.FreeCount),
        ("last_connect", report.LastConnect),
        ("service", report.Service),
        ("image", report.Image),
        ("state", report.State),
        ("ip", report.Ip.ToString()),
        ("port", report.Port),
        ("started", report.Started),
        ("reason", report.Reason));

    private static MachineReport ReadMachine(Row row) => new(
        new MachineId(row.Text("id_vmachine")),
        row.Text("service"),
        row.Text("image"),
        row.Text("state"),
        IPAddress.Parse(row.Text("ip")),
        (int)row.Whole("port"),
        row.Real("cpu"),
        row.Whole("ram"),
        (int)row.Whole("free_count"),
        row.TimeOrNull("last_connect"),
        row.Time("started"),
        row.Text("reason"));
}
