using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace Pleiad.Gateway.Front;

/// <summary>An error of the gateway's own, as RFC 9457 problem details. The one place where outcomes become HTTP.</summary>
internal sealed record GatewayProblem
{
    private GatewayProblem(int status, string reason, string title, string detail)
    {
        Status = status;
        Reason = reason;
        Title = title;
        Detail = detail;
    }

    public string Type => $"urn:pleiad:gateway:{Reason}";

    public string Title { get; }

    public int Status { get; }

    public string Detail { get; }

    /// <summary>For programs: <c>no-service</c>, <c>queue-full</c>, <c>deadline-passed</c>, <c>closed</c>, <c>machine-failed</c>, <c>answer-timeout</c>,
    /// <c>bad-request</c>.</summary>
    public string Reason { get; }

    public string? Service { get; init; }

    public string? Machine { get; init; }

    [JsonPropertyName("queue.limit")]
    public int? QueueLimit { get; init; }

    [JsonPropertyName("queue.deadlineMs")]
    public long? QueueDeadlineMs { get; init; }

    public long? WaitedMs { get; init; }

    public int? Attempts { get; init; }

    /// <summary>Whole seconds after which another try makes sense.</summary>
    [JsonIgnore]
    public int? RetryAfterSeconds { get; init; }

    public static GatewayProblem NoService(string name) => new(
        StatusCodes.Status404NotFound,
        "no-service",
        "No such service",
        name.Length == 0
            ? "The request names no service: send it to /<service>/… or with Host: <service>.<domain>."
            : $"There is no service '{Shorten(name)}'. Requests go to /<service>/… or carry Host: <service>.<domain>.")
    {
        Service = name.Length == 0 ? null : Shorten(name),
    };

    public static GatewayProblem QueueFull(string service, int limit, string? why) => new(
        StatusCodes.Status503ServiceUnavailable,
        "queue-full",
        "Queue full",
        $"{limit} requests (queue.limit) already wait for a slot of service '{service}'.{Because(why)}")
    {
        Service = service,
        QueueLimit = limit,
        RetryAfterSeconds = 1,
    };

    public static GatewayProblem DeadlinePassed(string service, TimeSpan deadline, TimeSpan waited, string? why) => new(
        StatusCodes.Status504GatewayTimeout,
        "deadline-passed",
        "No slot in time",
        $"No slot of service '{service}' became free within {deadline.TotalMilliseconds:F0} ms (queue.deadline).{Because(why)}")
    {
        Service = service,
        QueueDeadlineMs = (long)deadline.TotalMilliseconds,
        WaitedMs = (long)waited.TotalMilliseconds,
    };

    public static GatewayProblem Closed(string service) => new(
        StatusCodes.Status503ServiceUnavailable, "closed", "Service ends", $"Service '{service}' is being removed, or the server is ending.")
    {
        Service = service,
        RetryAfterSeconds = 1,
    };

    public static GatewayProblem MachineFailed(string service, string machine, int attempts, string detail) => new(
        StatusCodes.Status502BadGateway, "machine-failed", "Machine failed", detail)
    {
        Service = service,
        Machine = machine,
        Attempts = attempts,
    };

    public static GatewayProblem AnswerTimedOut(string service, string machine, TimeSpan limit) => new(
        StatusCodes.Status504GatewayTimeout, "answer-timeout", "No answer in time", $"Machine {machine} made no progress for {limit.TotalMilliseconds:F0} ms.")
    {
        Service = service,
        Machine = machine,
    };

    public static GatewayProblem BadRequest(string service, int status, string detail) => new(status, "bad-request", "Bad request", detail)
    {
        Service = service,
    };

    /// <summary>Answers with it; when an answer has begun already, nothing can be said any more.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        if (response.HasStarted)
        {
            return;
        }

        response.Clear();
        response.StatusCode = Status;
        response.Headers.CacheControl = "no-store";
        if (RetryAfterSeconds is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (Machine is not null)
        {
            response.Headers[ForwardAttempt.MachineHeader] = Machine;
        }

        var body = JsonSerializer.SerializeToUtf8Bytes(this, GatewayJson.Readable.GatewayProblem);
        response.ContentType = "application/problem+json";
        response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(body, context.RequestAborted);
        }
    }

    private static string Because(string? why) => why is null ? "" : " " + why;

    private static string Shorten(string name) => name.Length <= 80 ? name : name[..80] + "…";
}

/// <summary>How the gateway's own answers are written.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GatewayProblem))]
internal sealed partial class GatewayJson : JsonSerializerContext
{
    /// <summary>With quotes and signs as they are, for people read them in terminals; right for <c>application/json</c>, not for JSON inside HTML.</summary>
    public static GatewayJson Readable => field ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
