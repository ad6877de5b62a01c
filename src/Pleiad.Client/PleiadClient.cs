using Pleiad.Client.Contract;
using Pleiad.Client.Transport;

namespace Pleiad.Client;

/// <summary>
/// Client of Pleiad's API, version 1. Calls that may be repeated are, a bounded number of times; see <see cref="PleiadClientOptions"/>. Safe for use from many threads.
/// Every call may throw <see cref="PleiadUnreachableException"/> when no server answers and <see cref="PleiadApiException"/> when it refuses.
/// </summary>
public sealed partial class PleiadClient : IDisposable
{
    /// <summary>Longest time the API holds an answer back.</summary>
    private static readonly TimeSpan HeldMax = TimeSpan.FromSeconds(30);

    private readonly HttpClient _http;
    private readonly bool _owned;
    private readonly ApiTransport _api;

    /// <summary>A client with connections of its own.</summary>
    /// <param name="server">Address of the API, for example <c>http://127.0.0.1:7070</c>.</param>
    /// <param name="token">Bearer token, or null for none.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public PleiadClient(Uri server, string? token = null, PleiadClientOptions? options = null, TimeProvider? time = null)
        : this(OwnHttp(server), server, token, options, time) => _owned = true;

    /// <summary>A client over the caller's connections; the caller keeps <paramref name="http"/>, whose own timeout must be at least as long as the options'.</summary>
    /// <param name="http">Has the API's address as its base address.</param>
    /// <param name="token">Bearer token, or null for none.</param>
    /// <param name="options">Limits; null for the defaults.</param>
    /// <param name="time">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException"><paramref name="http"/> has no base address.</exception>
    public PleiadClient(HttpClient http, string? token = null, PleiadClientOptions? options = null, TimeProvider? time = null)
        : this(http, http.BaseAddress ?? throw new ArgumentException("has no base address; set it to the API's address", nameof(http)), token, options, time)
    {
    }

    private PleiadClient(HttpClient http, Uri server, string? token, PleiadClientOptions? options, TimeProvider? time)
    {
        _http = http;
        Server = server;
        _api = new ApiTransport(http, server, token, options ?? new PleiadClientOptions(), time ?? TimeProvider.System);
    }

    /// <summary>Address of the API.</summary>
    public Uri Server { get; }

    /// <summary>The server and what its host offers.</summary>
    public Task<ServerInfo> GetServerAsync(CancellationToken cancellation) =>
        _api.ReadAsync(ApiCall.Get(new ApiPath("server")), ContractJson.Default.ServerInfo, cancellation);

    /// <summary>Whether the server says that it is well; false when it answers and says otherwise.</summary>
    public async Task<bool> IsHealthyAsync(CancellationToken cancellation)
    {
        try
        {
            using var answer = await _api.SendAsync(new ApiCall(HttpMethod.Get, "healthz") { Repeatable = false }, cancellation);
            return true;
        }
        catch (PleiadApiException)
        {
            return false;
        }
    }

    /// <summary>The settings in force.</summary>
    public Task<IReadOnlyList<SettingInfo>> ListSettingsAsync(CancellationToken cancellation) =>
        _api.ReadAsync(ApiCall.Get(new ApiPath("settings")), ContractJson.Default.IReadOnlyListSettingInfo, cancellation);

    /// <summary>Changes a setting.</summary>
    /// <param name="key">Its name in system_params, for example <c>free_count</c>.</param>
    /// <param name="value">A number, or for times also a number with a unit.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <returns>The setting as it is now.</returns>
    public Task<SettingInfo> SetSettingAsync(string key, string value, CancellationToken cancellation) =>
        _api.ReadAsync(
            ApiCall.Put(new ApiPath("settings", key), () => JsonBody.Of(new SettingChange(value), ContractJson.Default.SettingChange)), ContractJson.Default.SettingInfo, cancellation);

    /// <summary>The images of the server's host.</summary>
    public Task<IReadOnlyList<ImageInfo>> ListImagesAsync(CancellationToken cancellation) =>
        _api.ReadAsync(ApiCall.Get(new ApiPath("images")), ContractJson.Default.IReadOnlyListImageInfo, cancellation);

    /// <summary>Closes connections that the client made itself.</summary>
    public void Dispose()
    {
        if (_owned)
        {
            _http.Dispose();
        }
    }

    private static HttpClient OwnHttp(Uri server) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = !server.IsLoopback,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    })
    {
        // Each call has its own limit; see PleiadClientOptions.Timeout.
        Timeout = Timeout.InfiniteTimeSpan,
    };
}
