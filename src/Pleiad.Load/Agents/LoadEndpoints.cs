using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Documents;
using Pleiad.Load.Results;
using Pleiad.Load.Running;
using HttpResults = Microsoft.AspNetCore.Http.Results;

namespace Pleiad.Load.Agents;

/// <summary>
/// The HTTP interface of a generator: an agent takes runs from a coordinator; a run of one's own can be watched and steered by it. Everything below <c>/api/v1/load</c>; with a token each
/// request needs it.
/// </summary>
public sealed class LoadEndpoints : IAsyncDisposable
{
    private const long BodyBytesMax = 256L << 20;

    /// <summary>A coordinator asks twice a second; one that has not for so long is gone, and nobody wants its load any more.</summary>
    private static readonly TimeSpan PatienceDefault = TimeSpan.FromMinutes(1);

    private readonly WebApplication _application;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _time;
    private readonly Lock _turn = new();
    private readonly ILoadRun? _watched;
    private LoadRun? _own;
    private bool _isStarting;
    private long _asked;
    private Task _watching = Task.CompletedTask;

    private LoadEndpoints(WebApplication application, ILoadRun? watched, TimeSpan patience, TimeProvider time) => (_application, _watched, _patience, _time) = (application, watched, patience, time);

    /// <summary>Where it listens.</summary>
    public Uri Address => new(_application.Urls.First());

    /// <summary>Listens.</summary>
    /// <param name="listen">Address such as <c>http://127.0.0.1:7075</c>; port 0 takes any.</param>
    /// <param name="token">What callers must know; null lets anyone in, for loopback only.</param>
    /// <param name="run">The run that is watched and steered; null makes an agent, which takes runs.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Gives up the beginning.</param>
    /// <exception cref="InvalidInputException">The address is not of this machine alone and there is no token, or cannot be listened on.</exception>
    public static Task<LoadEndpoints> StartAsync(Uri listen, string? token, ILoadRun? run, TimeProvider time, CancellationToken cancellation) =>
        StartAsync(listen, token, run, PatienceDefault, time, cancellation);

    /// <inheritdoc cref="StartAsync(Uri, string?, ILoadRun?, TimeProvider, CancellationToken)"/>
    internal static async Task<LoadEndpoints> StartAsync(Uri listen, string? token, ILoadRun? run, TimeSpan patience, TimeProvider time, CancellationToken cancellation)
    {
        var option = run is null ? "--listen" : "--control";
        if (token is null && !listen.IsLoopback)
        {
            throw new InvalidInputException(option, new InputProblem("address", listen.ToString(), "is open to others", "give a token too (--token-file), or an address such as http://127.0.0.1:7075"));
        }

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(listen.ToString());
        builder.WebHost.ConfigureKestrel(options => options.Limits.MaxRequestBodySize = BodyBytesMax);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.TypeInfoResolverChain.Insert(0, LoadJson.Default);
            options.SerializerOptions.Encoder = LoadJson.Readable.Options.Encoder;
        });
        var application = builder.Build();
        if (token is not null)
        {
            var wanted = Encoding.UTF8.GetBytes($"Bearer {token}");
            application.Use(async (context, next) =>
            {
                if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString()), wanted))
                {
                    await next(context);
                }
                else
                {
                    context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                }
            });
        }

        var endpoints = new LoadEndpoints(application, run, patience, time);
        endpoints.Map(application.MapGroup("/api/v1/load"), isAgent: run is null);
        try
        {
            await application.StartAsync(cancellation);
        }
        catch (IOException error)
        {
            await application.DisposeAsync();
            throw new InvalidInputException(option, new InputProblem("address", listen.ToString(), $"cannot be listened on ({error.Message})", "give a free port"), error);
        }

        return endpoints;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _application.DisposeAsync();
        if (_own is { } own)
        {
            await own.DisposeAsync();
        }

        await _watching;
    }

    private ILoadRun? Run => _watched ?? _own;

    private void Map(RouteGroupBuilder api, bool isAgent)
    {
        api.MapGet("/progress", () =>
        {
            Volatile.Write(ref _asked, _time.GetTimestamp());
            return Run is { } run ? HttpResults.Json(run.Progress, LoadJson.Default.RunProgress) : HttpResults.NotFound();
        });
        api.MapPost("/factor", (FactorRequest request) =>
        {
            if (Run is not { } run)
            {
                return HttpResults.NotFound();
            }

            if (!double.IsFinite(request.Factor) || request.Factor is < 0 or > 1e6)
            {
                return HttpResults.Problem("give a factor from 0 to 1000000", statusCode: StatusCodes.Status400BadRequest);
            }

            run.SetFactor(request.Factor);
            return HttpResults.NoContent();
        });
        api.MapPost("/stop", () =>
        {
            Run?.Stop();
            return Run is null ? HttpResults.NotFound() : HttpResults.NoContent();
        });
        if (isAgent)
        {
            api.MapPost("/run", StartRunAsync);
            api.MapGet("/record", RecordAsync);
        }
    }

    private async Task<IResult> StartRunAsync(AgentRequest request, CancellationToken cancellation)
    {
        lock (_turn)
        {
            if (_isStarting || _own is { Progress.IsOver: false })
            {
                return HttpResults.Problem("a run is under way here; stop it first", statusCode: StatusCodes.Status409Conflict);
            }

            _isStarting = true;
        }

        try
        {
            var (scenario, plan, options) = request.ToRun();
            if (_own is { } last)
            {
                await last.DisposeAsync();
                await _watching;
            }

            _own = await LoadRun.StartAsync(scenario, plan, options, null, _time, cancellation);
            Volatile.Write(ref _asked, _time.GetTimestamp());
            _watching = WatchAsync(_own);
            return HttpResults.NoContent();
        }
        catch (Exception error) when (error is InvalidInputException or ArgumentException)
        {
            return HttpResults.Problem(error.Message, statusCode: StatusCodes.Status400BadRequest);
        }
        finally
        {
            lock (_turn)
            {
                _isStarting = false;
            }
        }
    }

    /// <summary>Stops a run that nobody asks for any more.</summary>
    private async Task WatchAsync(LoadRun run)
    {
        using var timer = new PeriodicTimer(_patience / 4, _time);
        var end = Task.WhenAny(run.RecordAsync());
        while (await Task.WhenAny(end, timer.WaitForNextTickAsync().AsTask()) != end)
        {
            if (_time.GetElapsedTime(Volatile.Read(ref _asked)) > _patience)
            {
                run.Stop();
            }
        }
    }

    private async Task<IResult> RecordAsync()
    {
        if (_own is not { } run)
        {
            return HttpResults.NotFound();
        }

        if (!run.Progress.IsOver)
        {
            return HttpResults.StatusCode(StatusCodes.Status202Accepted);
        }

        try
        {
            return HttpResults.Json(AgentRecord.Of(await run.RecordAsync()), LoadJson.Default.AgentRecord);
        }
        catch (Exception error)
        {
            // The edge of the agent: why the run broke is for whoever asked for it.
            return HttpResults.Problem(error.Message, statusCode: StatusCodes.Status500InternalServerError);
        }
    }

    /// <summary>Signals are the program's own business.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
