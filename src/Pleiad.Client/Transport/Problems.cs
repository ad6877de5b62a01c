using System.Net;
using System.Text.Json;
using Pleiad.Client.Contract;

namespace Pleiad.Client.Transport;

/// <summary>Turns an answer that is no success into a <see cref="PleiadApiException"/>, whatever its body is.</summary>
internal static class Problems
{
    /// <summary>Longest error body read, in bytes.</summary>
    private const int BodyMax = 1 << 20;

    public static async Task<PleiadApiException> OfAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        try
        {
            await answer.Content.LoadIntoBufferAsync(BodyMax, cancellation);
            var body = await answer.Content.ReadAsByteArrayAsync(cancellation);
            if (JsonSerializer.Deserialize(body, ContractJson.Default.ApiProblem) is { } problem && (problem.Title ?? problem.Detail) is not null)
            {
                return new PleiadApiException(answer.StatusCode, problem);
            }
        }
        catch (Exception error) when (error is JsonException or HttpRequestException)
        {
            return Unexplained(answer, error);
        }

        return Unexplained(answer, null);
    }

    /// <summary>The answer is no JSON of this API: something else listens at the address, or it is of another version.</summary>
    public static PleiadApiException NotOurs(HttpResponseMessage answer, Exception error) =>
        Made(answer.StatusCode, $"{Where(answer)} answered, but not as a Pleiad of this version does ({error.Message}); give the address of the API with --server", "notPleiad", error);

    private static PleiadApiException Unexplained(HttpResponseMessage answer, Exception? error) => answer.StatusCode switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
            Made(answer.StatusCode, $"{Where(answer)} does not accept the token; give the server's own with --token-file or PLEIAD_TOKEN", "unauthorized", error),
        _ => Made(answer.StatusCode, $"{Where(answer)} answered {(int)answer.StatusCode} {answer.ReasonPhrase} without a reason; see the server's log, and check that a Pleiad listens there", null, error),
    };

    private static PleiadApiException Made(HttpStatusCode status, string detail, string? code, Exception? error) =>
        new(status, new ApiProblem(null, (int)status, detail, code, null), error);

    private static string Where(HttpResponseMessage answer) => answer.RequestMessage?.RequestUri?.GetLeftPart(UriPartial.Authority) ?? "the server";
}
