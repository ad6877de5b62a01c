using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Pleiad.Client.Contract;
using Pleiad.Core.Settings;

namespace Pleiad.Server.Api;

/// <summary><c>/api/v1/settings</c>: the system-wide defaults.</summary>
internal static class SettingEndpoints
{
    internal static void Map(RouteGroupBuilder api, ApiContext context)
    {
        var settings = api.MapGroup("/settings").WithTags("settings");
        settings.MapGet("", () => Results.Json<IReadOnlyList<SettingInfo>>([.. SettingKey.All.Select(key => Info(context, key))], ContractJson.Readable.IReadOnlyListSettingInfo))
            .WithName("listSettings").Produces<IReadOnlyList<SettingInfo>>();
        settings.MapPut("/{key}", async (string key, SettingChange change, CancellationToken cancellation) =>
        {
            var setting = SettingKey.Find(key);
            await context.Fleets.SetAsync(setting, setting.Parse(change.Value ?? ""), cancellation);
            return Results.Json(Info(context, setting), ContractJson.Readable.SettingInfo);
        }).WithName("setSetting").Produces<SettingInfo>().Produces<ApiProblem>(400);
    }

    private static SettingInfo Info(ApiContext context, SettingKey key) =>
        new(key.Key, key.Term, context.Fleets.Settings[key], key.Unit, key.Default, key.Min, key.Max, key.Meaning);
}
