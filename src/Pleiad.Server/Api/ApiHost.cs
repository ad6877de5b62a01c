using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Pleiad.Client.Contract;

namespace Pleiad.Server.Api;

/// <summary>The API's routes, one line each; every noun has a file of its own.</summary>
internal static class ApiHost
{
    internal static void AddApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ContractJson.Default);
            json.SerializerOptions.Encoder = ContractJson.Readable.Options.Encoder;
        });
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddExceptionHandler<ApiErrors>();
        services.AddProblemDetails();
        services.AddOpenApi("v1");
    }

    internal static void UseApi(this WebApplication app, ApiContext context)
    {
        context.Stopping = app.Lifetime.ApplicationStopping;
        app.UseExceptionHandler();
        app.UseStatusCodePages(ApiErrors.WriteStatusAsync);
        app.Use(new ApiAccess(context.Options).CheckAsync);

        app.MapGet("/healthz", () => Results.Text("ok\n")).ExcludeFromDescription();
        app.MapGet("/metrics", Metrics.PrometheusText.Answer(context)).ExcludeFromDescription();
        app.MapOpenApi("/openapi/{documentName}.json");

        var api = app.MapGroup("/api/v1");
        ServerEndpoints.Map(api, context);
        ServiceEndpoints.Map(api, context);
        ImageEndpoints.Map(api, context);
        JobEndpoints.Map(api, context);
        MachineEndpoints.Map(api, context);
        EventEndpoints.Map(api, context);
        SettingEndpoints.Map(api, context);
    }
}
