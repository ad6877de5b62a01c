using System.Globalization;
using System.Net.Http.Headers;
using Pleiad.Gateway.Dispatch;
using Pleiad.Gateway.Transport;
using Pleiad.State;

namespace Pleiad.Server.Jobs;

/// <summary>Sends one job to the machine whose slot it holds and reads the answer.</summary>
internal sealed class JobSender(MachineTransport transport, TimeProvider time)
{
    /// <summary>Largest answer that is kept, in bytes.</summary>
    internal const int ResultBytesMax = 8 << 20;

    /// <summary>Longest time a job may run in a machine.</summary>
    internal static readonly TimeSpan RunTimeMax = TimeSpan.FromHours(1);

    /// <summary>The service gets the path as it was submitted, with its dots and percent signs.</summary>
    private static readonly UriCreationOptions AsWritten = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>How it went: an outcome when the machine answered, else what went wrong on the way.</summary>
    /// <param name="Outcome">What the machine answered.</param>
    /// <param name="Error">What went wrong instead.</param>
    /// <param name="Sent">Whether a byte of it may have reached the machine.</param>
    internal sealed record Answer(JobOutcome? Outcome, string? Error, bool Sent = true);

    /// <summary>Sends the job.</summary>
    /// <exception cref="OperationCanceledException">The job was cancelled or the server ends.</exception>
    internal async Task<Answer> SendAsync(JobRecord job, ISlotLease lease, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(RunTimeMax, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        using var request = RequestFor(job, lease);
        try
        {
            using var response = await transport.For(lease).SendAsync(request, limit.Token);
            var body = await ReadAsync(response.Content, limit.Token);
            var status = (int)response.StatusCode;
            var type = response.Content.Headers.ContentType?.ToString();
            return body is null
                ? new Answer(new JobOutcome(JobState.Failed, status, null, null, $"the answer is larger than {ResultBytesMax} bytes; let the service answer with less"), null)
                : new Answer(new JobOutcome(
                    response.IsSuccessStatusCode ? JobState.Done : JobState.Failed, status, body, type, response.IsSuccessStatusCode ? null : $"the service answered {status}"), null);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Answer(new JobOutcome(JobState.Failed, null, null, null, $"no answer within {RunTimeMax.TotalHours:0} h"), null);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or ObjectDisposedException)
        {
            return new Answer(null, $"{lease.Machine} at {lease.Address}: {error.Message}", error is ObjectDisposedException || transport.WasSent(lease));
        }
    }

    private static HttpRequestMessage RequestFor(JobRecord job, ISlotLease lease)
    {
        var request = new HttpRequestMessage(new HttpMethod(job.Method), new Uri($"http://{lease.Address}{job.Path}", AsWritten));

        // Lets a service recognise a repetition: a job is run at least once.
        request.Headers.Add("Pleiad-Job", job.Id.ToString());
        request.Headers.Add("Pleiad-Attempt", job.Attempts.ToString(CultureInfo.InvariantCulture));
        if (job.Body is { } body)
        {
            request.Content = new ByteArrayContent(body);
            if (job.ContentType is { } type)
            {
                request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
            }
        }

        return request;
    }

    private static async Task<byte[]?> ReadAsync(HttpContent content, CancellationToken cancellation)
    {
        await using var stream = await content.ReadAsStreamAsync(cancellation);
        using var read = new MemoryStream();
        var buffer = new byte[16 << 10];
        for (int count; (count = await stream.ReadAsync(buffer, cancellation)) > 0;)
        {
            if (read.Length + count > ResultBytesMax)
            {
                return null;
            }

            read.Write(buffer, 0, count);
        }

        return read.ToArray();
    }
}
