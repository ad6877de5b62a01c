using Pleiad.Gateway.Dispatch;

namespace Pleiad.Gateway.Front;

/// <summary>The services there are. Owned by the gateway, implemented by the server; asked on every request, so both members must return at once.</summary>
public interface IServiceDirectory
{
    /// <summary>The dispatcher of a service.</summary>
    /// <param name="service">A name as a client gave it, in lower case; it may be any text.</param>
    /// <returns>Null when there is no such service.</returns>
    IDispatcher? Find(string service);

    /// <summary>Why the service may have no free slot, for the text of an error: for example how its last start failed.</summary>
    /// <returns>A sentence, or null when nothing is known to be wrong.</returns>
    string? WhyUnavailable(string service);
}
