using System.Text.Json;

namespace Pleiad.Machines.Hosting;

/// <summary>Reads what a guest says of itself.</summary>
internal static class GuestHealthReader
{
    /// <summary>Reads the body of a health answer.</summary>
    /// <returns>Null when it is something else than a guest's report: such a guest works all the same.</returns>
    public static GuestHealth? Read(ReadOnlyMemory<byte> body)
    {
        if (body.Length == 0 || body.Span[0] != (byte)'{')
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(body);
            return document.RootElement.TryGetProperty("uptimeMs", out _) && document.Deserialize(MachineJson.Default.GuestHealth) is { } health
                ? health with { CpuBusy = double.IsFinite(health.CpuBusy) ? Math.Clamp(health.CpuBusy, 0, 1) : 0 }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
