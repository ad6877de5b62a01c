using Pleiad.Core.Identity;
using Pleiad.State.Sql;

namespace Pleiad.State.Store;

internal sealed partial class SqlStateStore
{
    private const string JobColumns =
        "seq, id_job, service, name, state, method, path, content_type, submitted, attempts, id_vmachine, sent, ended, status, result_type, error";

    private const string JobColumnsWithBodies = JobColumns + ", body, result";

    public Task<JobRecord?> GetJobAsync(JobId job, CancellationToken cancellation) =>
        ReadAsync($"read job {job}", session => JobAsync(session, job), cancellation);

    public Task<IReadOnlyList<JobRecord>> ListJobsAsync(JobQuery query, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.Limit);
        var filter = new Filter()
            .Where("service = @service", "service", query.Service)
            .Where("state = @state", "state", query.State)
            .Where("name = @name", "name", query.Name)

            // A job that was removed since leaves its place: the id still tells which were submitted before it.
            .Where("seq > coalesce((select seq from job where id_job = @after), (select max(seq) from job where id_job < @after), 0)", "after", query.After);
        return ReadAsync(
            "list jobs", session => session.QueryAsync(ReadJob, $"select {JobColumns} from job {filter} order by seq limit @limit", filter.Values(query.Limit)), cancellation);
    }

    public Task<IReadOnlyDictionary<string, int>> CountWaitingJobsAsync(CancellationToken cancellation) =>
        ReadAsync<IReadOnlyDictionary<string, int>>(
            "count waiting jobs",
            async session =>
            {
                var counts = await session.QueryAsync(
                    row => (Service: row.Text("service"), Count: row.Whole("n")), "select service, count(*) as n from job where state = 'waiting' group by service");
                return counts.ToDictionary(row => row.Service, row => (int)row.Count, StringComparer.Ordinal);
            },
            cancellation);

    private static Task<JobRecord?> JobAsync(Session session, JobId job) =>
        session.FirstAsync(ReadJobWithBodies, $"select {JobColumnsWithBodies} from job where id_job = @job", ("job", job));

    private static JobRecord ReadJobWithBodies(Row row) => ReadJob(row) with { Body = row.Bytes("body"), Result = row.Bytes("result") };

    private static JobRecord ReadJob(Row row) =>
        new(row.Job("id_job"), row.Text("service"), row.Text("name"), row.Text("method"), row.Text("path"), row.Time("submitted"))
        {
            ContentType = row.TextOrNull("content_type"),
            State = Enum.Parse<JobState>(row.Text("state"), ignoreCase: true),
            Attempts = (int)row.Whole("attempts"),
            Machine = row.MachineOrNull("id_vmachine"),
            Sent = row.TimeOrNull("sent"),
            Ended = row.TimeOrNull("ended"),
            Status = (int?)row.WholeOrNull("status"),
            ResultType = row.TextOrNull("result_type"),
            Error = row.TextOrNull("error"),
        };
}
