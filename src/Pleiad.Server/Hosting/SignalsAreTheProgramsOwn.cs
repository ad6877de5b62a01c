using Microsoft.Extensions.Hosting;

namespace Pleiad.Server.Hosting;

/// <summary>A server is a part of a program. The host's own lifetime would keep SIGTERM and Ctrl-C from ending that program, without ending it itself.</summary>
internal sealed class SignalsAreTheProgramsOwn : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
