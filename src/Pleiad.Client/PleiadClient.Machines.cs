using Pleiad.Client.Contract;
using Pleiad.Client.Transport;

namespace Pleiad.Client;

public sealed partial class PleiadClient
{
    /// <summary>The machines that run or are on the way.</summary>
    public Task<IReadOnlyList<MachineInfo>> ListMachinesAsync(CancellationToken cancellation) =>
        _api.ReadAsync(ApiCall.Get(new ApiPath("machines")), ContractJson.Default.IReadOnlyListMachineInfo, cancellation);

    /// <summary>One machine; 404 when there is none.</summary>
    public Task<MachineInfo> GetMachineAsync(string id, CancellationToken cancellation) =>
        _api.ReadAsync(ApiCall.Get(new ApiPath("machines", id)), ContractJson.Default.MachineInfo, cancellation);

    /// <summary>Copies the serial log of a machine that runs or ran lately, oldest first; at most a few MiB.</summary>
    public Task CopyMachineLogAsync(string id, Stream destination, CancellationToken cancellation) =>
        _api.CopyAsync(ApiCall.Get(new ApiPath("machines", id, "log")), destination, cancellation);

    /// <summary>Ends a machine; the monitor replaces it when the service needs one.</summary>
    /// <returns>The machine as it was when its end was ordered.</returns>
    public Task<MachineInfo> EndMachineAsync(string id, CancellationToken cancellation) =>
        _api.ReadAsync(ApiCall.Delete(new ApiPath("machines", id)), ContractJson.Default.MachineInfo, cancellation);
}
