using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Jobs;

/// <summary>Jobs as people see them.</summary>
internal static class JobTables
{
    public static TextTable List(IEnumerable<JobInfo> jobs)
    {
        var table = new TextTable(
            new("Name"), new("Service"), new("State"), new("Machine", Spare: 1), new("Waited", true), new("Ran", true), new("Status", true, Spare: 2), new("Id", Spare: 3),
            new("Error", Wraps: true));
        foreach (var job in jobs)
        {
            table.Add(
                job.Name, job.Service, job.State, job.Machine, Figures.Milliseconds(job.WaitedMs), Figures.Milliseconds(job.RanMs), Figures.Whole(job.Status), job.Id, job.Error);
        }

        return table;
    }

    public static void Show(Terminal terminal, JobInfo job) => terminal.Properties(
        ("id", job.Id),
        ("name", job.Name),
        ("service", job.Service),
        ("request", $"{job.Method} {job.Path}"),
        ("state", job.State),
        ("machine", job.Machine),
        ("attempts", Figures.Whole(job.Attempts)),
        ("submitted", Figures.Moment(job.Submitted, terminal.Time)),
        ("sent", Figures.Moment(job.Sent, terminal.Time)),
        ("ended", Figures.Moment(job.Ended, terminal.Time)),
        ("waited", Figures.Milliseconds(job.WaitedMs)),
        ("ran", Figures.Milliseconds(job.RanMs)),
        ("status", Figures.Whole(job.Status)),
        ("error", job.Error),
        ("result", job.Result?.TrimEnd()));
}
