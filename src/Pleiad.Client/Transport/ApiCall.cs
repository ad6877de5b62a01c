namespace Pleiad.Client.Transport;

/// <summary>One call of the API.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path and query, relative to the server's address.</param>
internal sealed record ApiCall(HttpMethod Method, string Path)
{
    /// <summary>Makes the body, anew for each attempt.</summary>
    public Func<HttpContent>? Body { get; init; }

    /// <summary>Whether the call is repeated when it may have reached the server; one that cannot have reached it always may be.</summary>
    public bool Repeatable { get; init; } = true;

    /// <summary>Whether the call rides out a restart of the server.</summary>
    public bool Patient { get; init; }

    /// <summary>How long the server may hold the answer back.</summary>
    public TimeSpan Held { get; init; }

    /// <summary>Whether the answer's body is read, within the time limit, before the call is over.</summary>
    public bool Buffered { get; init; } = true;

    public static ApiCall Get(ApiPath path) => new(HttpMethod.Get, path.ToString());

    public static ApiCall Put(ApiPath path, Func<HttpContent> body) => new(HttpMethod.Put, path.ToString()) { Body = body };

    public static ApiCall Post(ApiPath path, Func<HttpContent>? body = null) => new(HttpMethod.Post, path.ToString()) { Body = body };

    public static ApiCall Delete(ApiPath path) => new(HttpMethod.Delete, path.ToString());
}
