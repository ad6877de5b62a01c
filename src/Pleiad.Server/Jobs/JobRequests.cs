using System.Net.Http.Headers;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;
using Pleiad.Core.Identity;
using Pleiad.State;

namespace Pleiad.Server.Jobs;

/// <summary>Reads submissions.</summary>
internal static class JobRequests
{
    private const int BodyBytesMax = 8 << 20;
    private const int NameLengthMax = 200;
    private const int PathLengthMax = 2_000;

    /// <summary>A job as it is to be kept.</summary>
    /// <exception cref="InvalidInputException">With every problem found.</exception>
    internal static JobRecord Read(JobRequest request, DateTimeOffset now)
    {
        var problems = new List<InputProblem>();
        void Check(bool holds, string key, string? value, string reason, string remedy)
        {
            if (!holds)
            {
                problems.Add(new InputProblem(key, value, reason, remedy));
            }
        }

        var id = JobId.New(now);
        var method = request.Method ?? (request.Body is null ? "GET" : "POST");
        var name = request.Name ?? $"job-{id.Value.ToString("n")[^12..]}";
        Check(Names.IsValid(request.Service), "service", request.Service, "is no name of a service", $"give {Names.Rule}");
        Check(
            request.Path is { Length: > 0 and <= PathLengthMax } path && path[0] == '/' && !path.StartsWith("//", StringComparison.Ordinal) && path.All(c => c is > ' ' and < (char)127 and not '#'),
            "path", request.Path, "is no target of a request", $"give a path that begins with one '/', at most {PathLengthMax} ASCII characters, others percent-encoded");
        Check(method.Length <= 20 && method.All(char.IsAsciiLetterUpper), "method", method, "is no method", "give an HTTP method in capitals, for example GET or POST");
        Check(method is not "CONNECT" and not "TRACE", "method", method, "is not for jobs", "give GET, POST, PUT, PATCH or DELETE");
        Check(name.Length is > 0 and <= NameLengthMax && !name.Any(char.IsControl), "name", request.Name, "is no name of a job", $"give 1 to {NameLengthMax} characters");
        Check(!Guid.TryParse(name, out _), "name", request.Name, "looks like a job's id", "give another name");
        Check(request.Body is null or { Length: <= BodyBytesMax }, "body", $"{request.Body?.Length} bytes", "is too large", $"give at most {BodyBytesMax} bytes");
        Check(request.Body is null || method is not "GET" and not "HEAD", "body", $"{request.Body?.Length} bytes", $"is not for {method}", "leave it out, or give method POST");
        Check(request.ContentType is null || MediaTypeHeaderValue.TryParse(request.ContentType, out _), "contentType", request.ContentType, "is no media type", "give for example application/json");
        return problems.Count > 0
            ? throw new InvalidInputException("job " + name, problems)
            : new JobRecord(id, request.Service, name, method, request.Path!, now) { Body = request.Body, ContentType = request.ContentType };
    }
}
