using System.Net;
using Pleiad.Client.Contract;
using Pleiad.Client.Transport;

namespace Pleiad.Client;

public sealed partial class PleiadClient
{
    /// <summary>All services by name.</summary>
    public Task<IReadOnlyList<ServiceInfo>> ListServicesAsync(CancellationToken cancellation) =>
        _api.ReadAsync(ApiCall.Get(new ApiPath("services")), ContractJson.Default.IReadOnlyListServiceInfo, cancellation);

    /// <summary>One service as it runs; 404 when there is none.</summary>
    public Task<ServiceInfo> GetServiceAsync(string name, CancellationToken cancellation) =>
        _api.ReadAsync(ApiCall.Get(new ApiPath("services", name)), ContractJson.Default.ServiceInfo, cancellation);

    /// <summary>Adds or changes a service.</summary>
    /// <param name="name">Its name, the same as in the document.</param>
    /// <param name="document">The text of service.yaml.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <returns>The service, and whether it is new.</returns>
    public async Task<AppliedService> ApplyServiceAsync(string name, string document, CancellationToken cancellation)
    {
        using var answer = await _api.SendAsync(ApiCall.Put(new ApiPath("services", name), () => JsonBody.Yaml(document)), cancellation);
        return new AppliedService(await ApiTransport.ReadBodyAsync(answer, ContractJson.Default.ServiceInfo, cancellation), answer.StatusCode == HttpStatusCode.Created);
    }

    /// <summary>Removes a service; its machines end and its jobs that are not done are cancelled. 404 when there is none.</summary>
    public async Task RemoveServiceAsync(string name, CancellationToken cancellation)
    {
        // Not repeated when it may have arrived: the second answer would be 404 and say that nothing was there.
        using var answer = await _api.SendAsync(ApiCall.Delete(new ApiPath("services", name)) with { Repeatable = false }, cancellation);
    }
}

/// <summary>A service after it was applied.</summary>
/// <param name="Service">As it runs now.</param>
/// <param name="Created">Whether it is new.</param>
public sealed record AppliedService(ServiceInfo Service, bool Created);
