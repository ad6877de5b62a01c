using Microsoft.Extensions.Logging;

namespace Pleiad.Server.Hosting;

/// <summary>One running Pleiad: API, gateway, dispatcher, monitor and the host's machines in this process.</summary>
public sealed class PleiadServer : IAsyncDisposable
{
    /// <summary>Address of the API with its real port.</summary>
    public Uri Api { get; } = new("http://127.0.0.1");

    /// <summary>Address of the gateway with its real port.</summary>
    public Uri Gateway { get; } = new("http://127.0.0.1");

    /// <summary>Completes only with an error that the server cannot work on after, for example a lost lease.</summary>
    public Task Broken { get; } = Task.CompletedTask;

    /// <summary>Starts a server; when this returns, API and gateway answer.</summary>
    /// <param name="options">How it runs.</param>
    /// <param name="logging">Adds the caller's log sinks.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends the start; whatever was begun is undone.</param>
    /// <exception cref="Core.Documents.InvalidInputException">An option cannot be used: a port in use, a data directory in use.</exception>
    /// <exception cref="State.StateException">The store cannot be used.</exception>
    public static Task<PleiadServer> StartAsync(PleiadServerOptions options, Action<ILoggingBuilder> logging, TimeProvider time, CancellationToken cancellation) =>
        throw new NotSupportedException();

    /// <summary>Stops in order: no new work, drained within the limit, machines ended (or kept), jobs put back, the lease given back.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
