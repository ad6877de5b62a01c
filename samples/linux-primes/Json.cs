using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.WebUtilities;

namespace LinuxPrimes;

internal sealed record PrimesAnswer(int N, int Primes);

internal sealed record IdentityAnswer(string? Address, string Random, long UnixNanoseconds);

internal sealed record HealthAnswer(
    string Service, long UptimeMs, long Requests, int Active, int Connections, long BusyMs, double CpuBusy, long MemoryUsedBytes, long MemoryTotalBytes, string Image);

/// <summary>A refusal as RFC 9457 has it.</summary>
internal sealed record ProblemAnswer(string Type, string Title, int Status, string? Detail);

/// <summary>The same of a wrong parameter; a missing one has no value.</summary>
internal sealed record ParameterProblemAnswer(
    string Type, string Title, int Status, string? Detail, string Parameter, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Value, int Minimum, int Maximum);

internal sealed record WrongParameter(string Parameter, string? Value, int Minimum, int Maximum);

[JsonSerializable(typeof(PrimesAnswer))]
[JsonSerializable(typeof(IdentityAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(ProblemAnswer))]
[JsonSerializable(typeof(ParameterProblemAnswer))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
internal sealed partial class JsonForms : JsonSerializerContext;

internal static class Json
{
    public static Task AnswerAsync<T>(HttpContext context, T answer, JsonTypeInfo<T> form, string type = "application/json")
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(answer, form);
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        return context.Response.Body.WriteAsync(bytes).AsTask();
    }
}

internal static class Problem
{
    private const string MediaType = "application/problem+json";
    private const string NoType = "about:blank";

    public static Task AnswerAsync(HttpContext context, int status, string? detail)
    {
        context.Response.StatusCode = status;
        return Json.AnswerAsync(context, new ProblemAnswer(NoType, ReasonPhrases.GetReasonPhrase(status), status, detail), JsonForms.Default.ProblemAnswer, MediaType);
    }

    public static Task AnswerAsync(HttpContext context, string detail, WrongParameter wrong)
    {
        const int status = 400;
        context.Response.StatusCode = status;
        var answer = new ParameterProblemAnswer(NoType, ReasonPhrases.GetReasonPhrase(status), status, detail, wrong.Parameter, wrong.Value, wrong.Minimum, wrong.Maximum);
        return Json.AnswerAsync(context, answer, JsonForms.Default.ParameterProblemAnswer, MediaType);
    }
}
