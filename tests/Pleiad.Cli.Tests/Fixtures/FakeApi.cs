using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Pleiad.Client.Contract;
using Pleiad.Core.Services;
using Pleiad.Core.Settings;

namespace Pleiad.Cli.Tests.Fixtures;

/// <summary>One call that the fake API got.</summary>
internal sealed record ApiCallSeen(string Method, string Target, string Body, string? Authorization, string? ContentType);

/// <summary>The API's contract over lists in memory, on a real socket: what is tested is everything up to the wire.</summary>
internal sealed class FakeApi : IAsyncDisposable
{
    private WebApplication? _app;
    private int _failures;

    public List<ServiceInfo> Services { get; } = [Samples.Primes, Samples.Echo];

    public List<ImageInfo> Images { get; } = [Samples.Image];

    public ConcurrentDictionary<string, JobInfo> Jobs { get; } = new([new(Samples.Done.Id, Samples.Done), new(Samples.Waiting.Id, Samples.Waiting), new(Samples.Failed.Id, Samples.Failed)]);

    public List<MachineInfo> Machines { get; set; } = [Samples.Machine, Samples.Starting];

    public ConcurrentQueue<EventInfo> Events { get; } = new(Enumerable.Range(1, 3).Select(id => Samples.Event(id)));

    public List<SettingInfo> Settings { get; } = [Samples.Slots];

    public string Log { get; set; } = "pleiad: ready\n";

    public ConcurrentQueue<ApiCallSeen> Calls { get; } = new();

    public Uri Address { get; private set; } = new("http://127.0.0.1:9");

    /// <summary>Makes the kept job of a request; waiting unless a test says otherwise.</summary>
    public Func<JobRequest, JobInfo> Accept { get; set; } = request => Samples.Waiting with
    {
        Id = Guid.NewGuid().ToString(), Service = request.Service, Name = request.Name ?? "job-1", Path = request.Path, Method = request.Method ?? "GET",
    };

    /// <summary>Called when a service is applied.</summary>
    public Action<ServiceSpec> Applied { get; set; } = _ => { };

    public static async Task<FakeApi> StartAsync()
    {
        var api = new FakeApi();
        await api.ListenAsync(0);
        return api;
    }

    /// <summary>The next so many calls are answered 503, after they were noted.</summary>
    public void FailNext(int calls) => _failures = calls;

    /// <summary>Stops listening; calls under way are cut.</summary>
    public async Task StopAsync()
    {
        if (_app is { } app)
        {
            _app = null;
            using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
            await app.StopAsync(limit.Token);
            await app.DisposeAsync();
        }
    }

    /// <summary>Listens again at the same address.</summary>
    public Task StartAgainAsync() => ListenAsync(Address.Port);

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task ListenAsync(int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{port}");
        builder.Services.AddRoutingCore();
        builder.Services.ConfigureHttpJsonOptions(options => options.SerializerOptions.TypeInfoResolverChain.Insert(0, ContractJson.Default));
        _app = builder.Build();
        _app.Use(NoteAsync);
        Map(_app);
        await _app.StartAsync();
        Address = new Uri(_app.Urls.First());
    }

    private async Task NoteAsync(HttpContext http, RequestDelegate next)
    {
        http.Request.EnableBuffering();
        using var reader = new StreamReader(http.Request.Body, leaveOpen: true);
        var body = await reader.ReadToEndAsync();
        http.Request.Body.Position = 0;
        Calls.Enqueue(new ApiCallSeen(http.Request.Method, http.Request.Path + http.Request.QueryString, body, http.Request.Headers.Authorization, http.Request.ContentType));
        if (Interlocked.Decrement(ref _failures) >= 0)
        {
            await Problem(503, "stateUnavailable", "The state database cannot be used", "look at it").ExecuteAsync(http);
            return;
        }

        await next(http);
    }

    private void Map(WebApplication app)
    {
        app.MapGet("/healthz", () => Results.Text("ok"));
        app.MapGet("/api/v1/server", () => Results.Json(
            new ServerInfo("0.1.0", Address.ToString(), "http://127.0.0.1:7080/", "sqlite", "/data", Samples.Now, "tcg", "kvm: no", "namespace", "privileges", "7.2", 249, 250), ContractJson.Default.ServerInfo));
        app.MapGet("/api/v1/images", () => Results.Json<IReadOnlyList<ImageInfo>>(Images, ContractJson.Default.IReadOnlyListImageInfo));
        app.MapGet("/api/v1/settings", () => Results.Json<IReadOnlyList<SettingInfo>>(Settings, ContractJson.Default.IReadOnlyListSettingInfo));
        app.MapPut("/api/v1/settings/{key}", (string key, SettingChange change) => Results.Json(
            Samples.Slots with { Key = key, Term = SettingKey.Find(key).Term, Unit = SettingKey.Find(key).Unit, Value = long.Parse(change.Value) }, ContractJson.Default.SettingInfo));
        MapServices(app);
        MapJobs(app);
        MapMachines(app);
        app.MapGet("/api/v1/events", EventsAsync);
    }

    private void MapServices(WebApplication app)
    {
        app.MapGet("/api/v1/services", () => Results.Json<IReadOnlyList<ServiceInfo>>(Services, ContractJson.Default.IReadOnlyListServiceInfo));
        app.MapGet("/api/v1/services/{name}", (string name) => Services.Find(service => service.Name == name) is { } found ? Results.Json(found, ContractJson.Default.ServiceInfo) : NotFound("service", name));
        app.MapPut("/api/v1/services/{name}", async (string name, HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            var spec = ServiceDocument.Parse(await reader.ReadToEndAsync());
            var change = Services.Find(service => service.Name == name)?.Change;
            var isNew = Services.RemoveAll(service => service.Name == name) == 0;
            Services.Add(Samples.Primes with { Name = name, MachinesMin = spec.MachinesMin ?? 2, MachinesMax = spec.MachinesMax ?? 8, Change = change });
            Applied(spec);
            return Results.Json(Services[^1], ContractJson.Default.ServiceInfo, statusCode: isNew ? 201 : 200);
        });
        app.MapDelete("/api/v1/services/{name}", (string name) => Services.RemoveAll(service => service.Name == name) > 0 ? Results.NoContent() : NotFound("service", name));
    }

    private void MapJobs(WebApplication app)
    {
        app.MapPost("/api/v1/jobs", (JobRequest request) =>
        {
            if (request.Name is { } name && Jobs.Values.FirstOrDefault(kept => kept.Name == name && kept.Service == request.Service) is { } before)
            {
                return before.Path == request.Path
                    ? Results.Json(before, ContractJson.Default.JobInfo)
                    : Problem(409, "nameTaken", $"Service '{request.Service}' has another job named '{name}'", "give another name");
            }

            var job = Accept(request);
            Jobs[job.Id] = job;
            return Results.Json(job, ContractJson.Default.JobInfo, statusCode: 201);
        });
        app.MapGet("/api/v1/jobs", (string? service, string? state, string? name, string? after, int? limit) =>
        {
            var all = Jobs.Values.OrderBy(job => job.Id, StringComparer.Ordinal)
                .Where(job => (service ?? job.Service) == job.Service && (state ?? job.State) == job.State && (name ?? job.Name) == job.Name && string.CompareOrdinal(job.Id, after ?? "") > 0);
            var page = all.Take(limit ?? 100).Select(job => job with { Result = null }).ToList();
            return Results.Json(new JobPage(page, page.Count == (limit ?? 100) ? page[^1].Id : null), ContractJson.Default.JobPage);
        });
        app.MapGet("/api/v1/jobs/{id}", async (string id, int? waitMs, CancellationToken cancellation) =>
        {
            var until = Environment.TickCount64 + (waitMs ?? 0);
            while (Jobs.TryGetValue(id, out var job) && job.Ended is null && Environment.TickCount64 < until)
            {
                await Task.Delay(5, cancellation);
            }

            return Jobs.TryGetValue(id, out var now) ? Results.Json(now, ContractJson.Default.JobInfo) : NotFound("job", id);
        });
        app.MapGet("/api/v1/jobs/{id}/result", (string id) => Jobs.GetValueOrDefault(id) switch
        {
            null => NotFound("job", id),
            { State: "done" } job => Results.Bytes(System.Text.Encoding.Latin1.GetBytes(job.Result ?? ""), "application/octet-stream"),
            var job => Problem(409, "noResult", $"Job '{job.Name}' is {job.State}", job.Error ?? "wait until it is done"),
        });
        app.MapPost("/api/v1/jobs/{id}/cancel", (string id) =>
        {
            if (!Jobs.TryGetValue(id, out var job))
            {
                return NotFound("job", id);
            }

            Jobs[id] = job.Ended is null ? job with { State = "cancelled", Ended = Samples.Now } : job;
            return Results.Json(Jobs[id], ContractJson.Default.JobInfo);
        });
    }

    private void MapMachines(WebApplication app)
    {
        app.MapGet("/api/v1/machines", () => Results.Json<IReadOnlyList<MachineInfo>>(Machines, ContractJson.Default.IReadOnlyListMachineInfo));
        app.MapGet("/api/v1/machines/{id}", (string id) => Machines.Find(machine => machine.Id == id) is { } found ? Results.Json(found, ContractJson.Default.MachineInfo) : NotFound("machine", id));
        app.MapGet("/api/v1/machines/{id}/log", (string id) => Results.Text(Log));
        app.MapDelete("/api/v1/machines/{id}", (string id) =>
            Machines.Find(machine => machine.Id == id) is { } found ? Results.Json(found, ContractJson.Default.MachineInfo, statusCode: 202) : NotFound("machine", id));
    }

    private async Task<IResult> EventsAsync(long? after, int? limit, bool? newest, string? service, string? machine, string? kind, int? waitMs, CancellationToken cancellation)
    {
        var until = Environment.TickCount64 + (waitMs ?? 0);
        while (true)
        {
            var fit = Events.Where(one => one.Id > (after ?? 0) && (service ?? one.Service) == one.Service && (machine ?? one.Machine) == one.Machine && (kind ?? one.Kind) == one.Kind).ToList();
            IReadOnlyList<EventInfo> page = [.. newest == true ? fit.TakeLast(limit ?? 100) : fit.Take(limit ?? 100)];
            if (page.Count > 0 || Environment.TickCount64 >= until)
            {
                return Results.Json(new EventPage(page, page.Count > 0 ? page[^1].Id : after ?? 0), ContractJson.Default.EventPage);
            }

            await Task.Delay(5, cancellation);
        }
    }

    private static IResult NotFound(string what, string name) => Problem(404, "notFound", $"There is no {what} '{name}'", "see the list");

    private static IResult Problem(int status, string code, string title, string detail) =>
        Results.Json(new ApiProblem(title, status, detail, code, null), ContractJson.Default.ApiProblem, "application/problem+json", status);
}
