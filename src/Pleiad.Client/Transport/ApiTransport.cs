using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Pleiad.Client.Transport;

/// <summary>Sends calls, repeats those that may be repeated, and turns what goes wrong into the client's exceptions.</summary>
internal sealed class ApiTransport(HttpClient http, Uri server, string? token, PleiadClientOptions options, TimeProvider time)
{
    public async Task<T> ReadAsync<T>(ApiCall call, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        using var answer = await SendAsync(call, cancellation);
        return await ReadBodyAsync(answer, type, cancellation);
    }

    /// <summary>Reads a body that <see cref="SendAsync"/> has buffered.</summary>
    public static async Task<T> ReadBodyAsync<T>(HttpResponseMessage answer, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
            return await JsonSerializer.DeserializeAsync(body, type, cancellation) ?? throw new JsonException("the body is null");
        }
        catch (JsonException error)
        {
            throw Problems.NotOurs(answer, error);
        }
    }

    /// <summary>Copies an answer's body as it arrives; a pause of more than the options' timeout ends it.</summary>
    public async Task CopyAsync(ApiCall call, Stream destination, CancellationToken cancellation)
    {
        using var answer = await SendAsync(call with { Buffered = false }, cancellation);
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var buffer = new byte[64 * 1024];
        while (true)
        {
            int read;
            try
            {
                pause.CancelAfter(options.Timeout);
                read = await (await answer.Content.ReadAsStreamAsync(pause.Token)).ReadAsync(buffer, pause.Token);
            }
            catch (Exception error) when (error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                throw new PleiadUnreachableException(server, $"the connection broke in the middle of an answer: {Innermost(error)}", error);
            }

            if (read == 0)
            {
                return;
            }

            await destination.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
    }

    /// <summary>An answer of success.</summary>
    public async Task<HttpResponseMessage> SendAsync(ApiCall call, CancellationToken cancellation)
    {
        var limit = options.Timeout + call.Held;
        var retries = call.Patient ? options.FollowRetries : options.Retries;
        for (var attempt = 0; ; attempt++)
        {
            var last = attempt >= retries;
            TimeSpan? asked = null;
            try
            {
                var answer = await AttemptAsync(call, limit, cancellation);
                if (answer.IsSuccessStatusCode)
                {
                    return answer;
                }

                using (answer)
                {
                    if (last || !call.Repeatable || !IsPassing(answer.StatusCode))
                    {
                        throw await Problems.OfAsync(answer, cancellation);
                    }

                    asked = answer.Headers.RetryAfter?.Delta;
                }
            }
            catch (HttpRequestException error)
            {
                var mayRepeat = call.Repeatable || error.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError;
                if (last || !mayRepeat)
                {
                    throw new PleiadUnreachableException(server, Innermost(error), error);
                }
            }
            catch (OperationCanceledException error) when (!cancellation.IsCancellationRequested)
            {
                if (last || !call.Repeatable)
                {
                    throw new PleiadUnreachableException(server, $"no answer within {limit.TotalSeconds:0.#} s", error);
                }
            }

            await Task.Delay(DelayBefore(attempt, asked), time, cancellation);
        }
    }

    private async Task<HttpResponseMessage> AttemptAsync(ApiCall call, TimeSpan limit, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(call.Method, new Uri(server, call.Path)) { Content = call.Body?.Invoke() };
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        using var timeout = new CancellationTokenSource(limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        return await http.SendAsync(request, call.Buffered ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead, both.Token);
    }

    private TimeSpan DelayBefore(int attempt, TimeSpan? asked)
    {
        var own = options.RetryDelay * Math.Pow(2, Math.Min(attempt, 20));
        var delay = asked > own ? asked.Value : own;
        return delay < options.RetryDelayMax ? delay : options.RetryDelayMax;
    }

    /// <summary>Answers that a proxy or a server on its way up or down gives for a moment.</summary>
    private static bool IsPassing(HttpStatusCode status) =>
        status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private static string Innermost(Exception error)
    {
        while (error.InnerException is { } inner)
        {
            error = inner;
        }

        return error.Message;
    }
}
