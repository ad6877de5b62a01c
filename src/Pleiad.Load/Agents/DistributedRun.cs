using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Pleiad.Load.Results;
using Pleiad.Load.Running;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Agents;

/// <summary>An agent failed or is not what it should be.</summary>
public sealed class AgentException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>One run on several agents: each has its share of the same arrivals, and their records are added up.</summary>
public sealed class DistributedRun : ILoadRun
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan TellLimit = TimeSpan.FromSeconds(5);

    private readonly Scenario _scenario;
    private readonly LoadPlan _plan;
    private readonly Uri _target;
    private readonly List<(Uri Address, HttpClient Client)> _agents;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _given = new();
    private readonly Task<RunRecord> _end;
    private double _factor = 1;

    private DistributedRun(Scenario scenario, LoadPlan plan, Uri target, List<(Uri, HttpClient)> agents, TimeProvider time)
    {
        (_scenario, _plan, _target, _agents, _time) = (scenario, plan, target, agents, time);
        _end = FollowAsync();
    }

    /// <inheritdoc/>
    public RunProgress Progress { get; private set; } = new();

    /// <summary>Begins a run on all agents.</summary>
    /// <param name="scenario">What users do.</param>
    /// <param name="request">What each agent is asked; its share is filled in.</param>
    /// <param name="agents">Their addresses.</param>
    /// <param name="token">What they want to be told, or null.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Gives up the beginning.</param>
    /// <exception cref="AgentException">An agent refused or is not there; those that had begun were stopped.</exception>
    public static async Task<DistributedRun> StartAsync(Scenario scenario, AgentRequest request, IReadOnlyList<Uri> agents, string? token, TimeProvider time, CancellationToken cancellation)
    {
        var (_, plan, options) = request.ToRun();
        var clients = agents.Select(address => (address, Client(address, token))).ToList();
        var begun = clients.Select(async (agent, index) =>
        {
            try
            {
                using var answer = await agent.Item2.PostAsJsonAsync("run", request with { Share = index, Shares = clients.Count }, LoadJson.Default.AgentRequest, cancellation);
                if (!answer.IsSuccessStatusCode)
                {
                    throw new AgentException(answer.StatusCode == HttpStatusCode.Unauthorized
                        ? $"agent {agent.address} wants another token; give its own with --token-file"
                        : $"agent {agent.address} refused ({(int)answer.StatusCode}): {await answer.Content.ReadAsStringAsync(cancellation)}");
                }
            }
            catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                throw new AgentException($"agent {agent.address} is not reachable ({error.Message})", error);
            }
        }).ToList();
        try
        {
            await Task.WhenAll(begun);
        }
        catch
        {
            await Task.WhenAll(clients.Where((_, index) => begun[index].IsCompletedSuccessfully).Select(agent => TellAsync(agent.Item2, "stop")));
            clients.ForEach(agent => agent.Item2.Dispose());
            throw;
        }

        return new DistributedRun(scenario, plan, options.Target, clients, time);
    }

    /// <inheritdoc/>
    public double Factor => Volatile.Read(ref _factor);

    /// <inheritdoc/>
    public void SetFactor(double factor)
    {
        Volatile.Write(ref _factor, factor);
        _ = Task.WhenAll(_agents.Select(agent => TellAsync(agent.Client, "factor", new FactorRequest(factor))));
    }

    /// <inheritdoc/>
    public void Stop() => _ = Task.WhenAll(_agents.Select(agent => TellAsync(agent.Client, "stop")));

    /// <inheritdoc/>
    public async Task<RunResult> ResultAsync(ConclusionOptions options) => RunResult.Conclude(await _end, options);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_end.IsCompleted)
        {
            await Task.WhenAll(_agents.Select(agent => TellAsync(agent.Client, "stop")));
            await _given.CancelAsync();
        }

        await ((Task)_end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _agents.ForEach(agent => agent.Client.Dispose());
        _given.Dispose();
    }

    private static HttpClient Client(Uri address, string? token)
    {
        var client = new HttpClient { BaseAddress = new Uri(address, "/api/v1/load/"), Timeout = CallLimit };
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>A word that an agent may miss: its run ends by itself.</summary>
    private static async Task TellAsync(HttpClient client, string what, FactorRequest? body = null)
    {
        using var content = body is null ? null : JsonContent.Create(body, LoadJson.Default.FactorRequest);
        using var limit = new CancellationTokenSource(TellLimit);
        await ((Task)client.PostAsync(what, content, limit.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<RunRecord> FollowAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(Look, _time, _given.Token);
                var all = await Task.WhenAll(_agents.Select(ProgressAsync));
                Progress = Sum(all);
                if (all.All(progress => progress.IsOver))
                {
                    break;
                }
            }

            return RunRecord.Merge(await Task.WhenAll(_agents.Select(RecordAsync)));
        }
        catch (AgentException)
        {
            // Without one of them there is no result: the others have nothing left to do.
            await Task.WhenAll(_agents.Select(agent => TellAsync(agent.Client, "stop")));
            throw;
        }
    }

    private async Task<RunProgress> ProgressAsync((Uri Address, HttpClient Client) agent)
    {
        try
        {
            return await agent.Client.GetFromJsonAsync("progress", LoadJson.Default.RunProgress, _given.Token) ?? throw new AgentException($"agent {agent.Address} says nothing of its run");
        }
        catch (Exception error) when (IsLoss(error))
        {
            throw new AgentException($"agent {agent.Address} was lost during the run ({error.Message}); its share of the load is missing, so there is no result", error);
        }
    }

    private async Task<RunRecord> RecordAsync((Uri Address, HttpClient Client) agent)
    {
        try
        {
            using var answer = await agent.Client.GetAsync("record", _given.Token);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                throw new AgentException($"agent {agent.Address} has no record of its run ({(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(_given.Token)})");
            }

            var record = await answer.Content.ReadFromJsonAsync(LoadJson.Default.AgentRecord, _given.Token) ?? throw new InvalidDataException("is empty");
            return record.ToRecord(_scenario, _plan, _target, agent.Address.ToString());
        }
        catch (Exception error) when (error is InvalidDataException || IsLoss(error))
        {
            throw new AgentException($"agent {agent.Address} sent no record of its run ({error.Message})", error);
        }
    }

    /// <summary>It is not there, says what nobody understands, or nothing within <see cref="CallLimit"/>.</summary>
    private bool IsLoss(Exception error) =>
        error is HttpRequestException or IOException or System.Text.Json.JsonException || (error is OperationCanceledException && !_given.IsCancellationRequested);

    private RunProgress Sum(RunProgress[] all)
    {
        var rate = all.Sum(each => each.RequestsPerSecond);
        return new RunProgress
        {
            Seconds = all.Max(each => each.Seconds),
            DurationSeconds = all.Max(each => each.DurationSeconds),
            Factor = Factor,
            Level = all.Max(each => each.Level),
            RequestsPerSecond = rate,
            FailedShare = rate == 0 ? 0 : all.Sum(each => each.FailedShare * each.RequestsPerSecond) / rate,
            P50Ms = Worst(all, each => each.P50Ms),
            P95Ms = Worst(all, each => each.P95Ms),
            P99Ms = Worst(all, each => each.P99Ms),
            LagP99Ms = Worst(all, each => each.LagP99Ms),
            CpuShare = all.Max(each => each.CpuShare),
            InFlight = all.Sum(each => each.InFlight),
            Requests = all.Sum(each => each.Requests),
            Failed = all.Sum(each => each.Failed),
            IsOver = all.All(each => each.IsOver),
        };
    }

    /// <summary>Of quantiles the worst agent's is shown while it runs; the result has the merged ones.</summary>
    private static double Worst(RunProgress[] all, Func<RunProgress, double> figure) => all.Select(figure).Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).Max();
}
