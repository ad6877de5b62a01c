using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;
using Pleiad.State;

namespace Pleiad.Server.Api;

/// <summary>Turns errors into problem documents (RFC 9457), in this one place.</summary>
internal sealed partial class ApiErrors(ILogger<ApiErrors> logger) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        var problem = exception switch
        {
            InvalidInputException input => Of(StatusCodes.Status400BadRequest, "invalidInput", "The input cannot be used; nothing was changed", input.Message) with
            {
                Problems = [.. input.Problems.Select(one => new ApiInputProblem(one.Key, one.Value, one.Reason, one.Remedy, one.Line))],
            },
            BadHttpRequestException bad => Of(bad.StatusCode, "badRequest", "The request cannot be read", Inner(bad)),
            StateException state => Of(StatusCodes.Status503ServiceUnavailable, "stateUnavailable", "The state database cannot be used", state.Message),
            Machines.Images.ImageStoreException store => Of(StatusCodes.Status409Conflict, "imageStore", "The image store refuses", store.Message),
            _ => null,
        };
        if (problem is null)
        {
            LogUnexpected(httpContext.Request.Method, httpContext.Request.Path, exception);
            problem = Of(StatusCodes.Status500InternalServerError, "unexpected", "Unexpected error", "see the server's log; this is a defect of Pleiad");
        }

        await WriteAsync(httpContext, problem);
        return true;
    }

    /// <summary>A problem as an endpoint's result.</summary>
    internal static IResult Result(int status, string code, string title, string detail) =>
        Results.Json(Of(status, code, title, detail), ContractJson.Readable.ApiProblem, "application/problem+json", status);

    /// <summary>Nothing of that name.</summary>
    internal static IResult NotFound(string what, string name, string remedy) =>
        Result(StatusCodes.Status404NotFound, "notFound", $"There is no {what} '{name}'", remedy);

    /// <summary>Gives answers without a body, such as those of unknown routes, a problem document.</summary>
    internal static Task WriteStatusAsync(StatusCodeContext context)
    {
        var http = context.HttpContext;
        var detail = http.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => $"{http.Request.Path} is no resource of this API; see /openapi/v1.json",
            StatusCodes.Status405MethodNotAllowed => $"{http.Request.Method} is not for {http.Request.Path}; see /openapi/v1.json",
            StatusCodes.Status415UnsupportedMediaType => "give the body as application/json",
            _ => "see /openapi/v1.json",
        };
        return WriteAsync(http, Of(http.Response.StatusCode, "http", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(http.Response.StatusCode), detail));
    }

    internal static Task WriteAsync(HttpContext http, ApiProblem problem)
    {
        http.Response.StatusCode = problem.Status ?? StatusCodes.Status500InternalServerError;
        return http.Response.WriteAsJsonAsync(problem, ContractJson.Readable.ApiProblem, "application/problem+json", http.RequestAborted);
    }

    internal static ApiProblem Of(int status, string code, string title, string detail) => new(title, status, detail, code, null);

    private static string Inner(BadHttpRequestException error) => error.InnerException is { } inner ? $"{error.Message} {inner.Message}" : error.Message;

    [LoggerMessage(4300, LogLevel.Error, "{Method} {Path} failed unexpectedly")]
    private partial void LogUnexpected(string method, PathString path, Exception error);
}
