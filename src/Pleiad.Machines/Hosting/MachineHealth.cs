using System.Globalization;
using System.Net.Sockets;
using Pleiad.Core.Identity;
using Pleiad.Machines.Networks;

namespace Pleiad.Machines.Hosting;

/// <summary>Asks one machine for its health, within times.</summary>
internal sealed class MachineHealth : IDisposable
{
    /// <summary>
    /// Longest time of the first attempt to connect to a machine that starts. A first packet waits in the tap until the guest's driver runs and is then
    /// answered at once, so there is no need to try often; but one that came when the driver ran and the guest's stack did not yet is lost, and TCP repeats it
    /// only after a second. So attempts begin short and grow.
    /// </summary>
    public static readonly TimeSpan ConnectTimeMin = TimeSpan.FromMilliseconds(30);

    private static readonly TimeSpan ConnectTimeMax = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan FirstAnswerTimeMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CloseTimeMax = TimeSpan.FromSeconds(1);

    private readonly IMachineNetwork _network;
    private readonly MachineAddress _service;
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly HealthClient _client;
    private TimeSpan _connectTime;

    /// <summary>Health of a machine's service.</summary>
    /// <param name="network">Where it is.</param>
    /// <param name="service">Where it answers.</param>
    /// <param name="path">The health path.</param>
    /// <param name="connectTime">Longest time of the first attempt to connect; it grows with each.</param>
    /// <param name="time">Measures the times.</param>
    public MachineHealth(IMachineNetwork network, MachineAddress service, string path, TimeSpan connectTime, TimeProvider time)
    {
        (_network, _service, _path, _connectTime, _time) = (network, service, path, connectTime, time);
        _client = new HealthClient(ConnectAsync, service.ToString(), path);
    }

    /// <summary>Why there was no good answer, last.</summary>
    public string LastProblem { get; private set; } = "it has not answered";

    /// <summary>Asks within a time.</summary>
    /// <exception cref="IOException">No answer in that time, too.</exception>
    /// <exception cref="SocketException">The machine does not take connections.</exception>
    public async Task<HealthAnswer> AskAsync(TimeSpan timeMax, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(timeMax, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await _client.GetAsync(both.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"no answer from {_path} within {timeMax.TotalSeconds:0.###} s"), e);
        }
    }

    /// <summary>Asks until the answer is good; the caller bounds it.</summary>
    public async Task<HealthAnswer> FirstAnswerAsync(CancellationToken cancellation)
    {
        for (var pause = PauseMin; ; pause = pause * 2 < PauseMax ? pause * 2 : PauseMax)
        {
            try
            {
                var answer = await AskAsync(FirstAnswerTimeMax, cancellation);
                if (answer.IsGood)
                {
                    return answer;
                }

                LastProblem = string.Create(CultureInfo.InvariantCulture, $"it answers {_path} with status {answer.Status}");
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                LastProblem = e.Message;
            }

            await Task.Delay(pause, _time, cancellation);
        }
    }

    /// <summary>As <see cref="FirstAnswerAsync(CancellationToken)"/>, within a time.</summary>
    /// <exception cref="IOException">There was none; the message has the last problem.</exception>
    public async Task<HealthAnswer> FirstAnswerAsync(TimeSpan timeMax, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(timeMax, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await FirstAnswerAsync(both.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"no good answer within {timeMax.TotalSeconds:0.###} s: {LastProblem}"), e);
        }
    }

    /// <summary>Closes the connection and waits until the machine has closed it too, so that a saved machine has no half of one.</summary>
    public Task CloseAsync(CancellationToken cancellation) => _client.CloseAsync(CloseTimeMax, _time, cancellation);

    /// <summary>Breaks the connection off: the machine is told, and nothing waits for it.</summary>
    public void Reset() => _client.Reset();

    public void Dispose() => _client.Dispose();

    private async ValueTask<Stream> ConnectAsync(CancellationToken cancellation)
    {
        var timeNow = _connectTime;
        _connectTime = timeNow * 1.5 < ConnectTimeMax ? timeNow * 1.5 : timeNow > ConnectTimeMax ? timeNow : ConnectTimeMax;
        using var limit = new CancellationTokenSource(timeNow, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return new NetworkStream(await _network.ConnectAsync(_service, both.Token), ownsSocket: true);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException($"no connection to {_service} within {timeNow.TotalMilliseconds:0} ms", e);
        }
    }
}
