using System.Net;
using Pleiad.Client.Contract;

namespace Pleiad.Client;

/// <summary>A call of the API did not succeed.</summary>
public abstract class PleiadClientException : Exception
{
    private protected PleiadClientException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The server refused the call.</summary>
public sealed class PleiadApiException : PleiadClientException
{
    /// <summary>Wraps a refusal.</summary>
    /// <param name="status">The answer's status.</param>
    /// <param name="problem">What the server said.</param>
    /// <param name="innerException">What brought it to light, if anything did.</param>
    public PleiadApiException(HttpStatusCode status, ApiProblem problem, Exception? innerException = null)
        : base(Say(problem) ?? $"the server answered {(int)status}", innerException)
    {
        Status = status;
        Problem = problem;
    }

    /// <summary>The answer's HTTP status.</summary>
    public HttpStatusCode Status { get; }

    /// <summary>What the server said, with every problem of the input.</summary>
    public ApiProblem Problem { get; }

    private static string? Say(ApiProblem problem) => problem is { Title: not null, Detail: not null } ? $"{problem.Title}; {problem.Detail}" : problem.Detail ?? problem.Title;
}

/// <summary>No server answers at the address; the message names it and says how to start one.</summary>
public sealed class PleiadUnreachableException : PleiadClientException
{
    /// <summary>Wraps a failed attempt to reach <paramref name="server"/>.</summary>
    /// <param name="server">The address tried.</param>
    /// <param name="what">What happened, for example <c>Connection refused</c>.</param>
    /// <param name="innerException">The transport's error.</param>
    public PleiadUnreachableException(Uri server, string what, Exception? innerException = null)
        : base($"no server answers at {server.GetLeftPart(UriPartial.Authority)} ({what}); start one with 'pleiad up', or give the address of one that runs", innerException) =>
        Server = server;

    /// <summary>The address tried.</summary>
    public Uri Server { get; }
}
