using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Cloning;

/// <summary>QEMU's migration as the means to save and load the state of a machine whose memory is a file of its own.</summary>
internal static class Migration
{
    private const string Descriptor = "state";
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    /// <summary>Stops a machine and writes its state, without its memory, to a file.</summary>
    /// <exception cref="IOException">It could not; the message has QEMU's reason.</exception>
    public static async Task SaveAsync(QmpClient qmp, SafeFileHandle file, TimeProvider time, CancellationToken cancellation)
    {
        await qmp.ExecuteAsync("stop", null, AnswerTimeMax, cancellation);
        await LeaveMemoryOutAsync(qmp, cancellation);
        await qmp.PassAsync(Descriptor, file, AnswerTimeMax, cancellation);
        await qmp.ExecuteAsync("migrate", Uri, AnswerTimeMax, cancellation);
        await UntilAsync(
            async () =>
            {
                var answer = await qmp.ExecuteAsync("query-migrate", null, AnswerTimeMax, cancellation);
                return Text(answer, "status") switch
                {
                    "completed" => true,
                    "failed" or "cancelled" => throw new IOException($"the state could not be saved: {Text(answer, "error-desc") ?? "QEMU gives no reason"}"),
                    _ => false,
                };
            },
            "the state was not saved",
            time,
            cancellation);
    }

    /// <summary>Loads a state into a QEMU that waits for one; the machine is stopped afterwards.</summary>
    /// <exception cref="IOException">It could not.</exception>
    public static async Task LoadAsync(QmpClient qmp, SafeFileHandle state, TimeProvider time, CancellationToken cancellation)
    {
        await LeaveMemoryOutAsync(qmp, cancellation);
        await qmp.PassAsync(Descriptor, state, AnswerTimeMax, cancellation);
        await qmp.ExecuteAsync("migrate-incoming", Uri, AnswerTimeMax, cancellation);
        await UntilAsync(
            async () => Text(await qmp.ExecuteAsync("query-status", null, AnswerTimeMax, cancellation), "status") == "paused",
            "the state was not loaded",
            time,
            cancellation);
    }

    private static Task<JsonElement> LeaveMemoryOutAsync(QmpClient qmp, CancellationToken cancellation) => qmp.ExecuteAsync(
        "migrate-set-capabilities",
        json =>
        {
            json.WriteStartArray("capabilities");
            json.WriteStartObject();
            json.WriteString("capability", "x-ignore-shared");
            json.WriteBoolean("state", true);
            json.WriteEndObject();
            json.WriteEndArray();
        },
        AnswerTimeMax,
        cancellation);

    private static void Uri(Utf8JsonWriter json) => json.WriteString("uri", "fd:" + Descriptor);

    private static string? Text(JsonElement answer, string name) => answer.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static async Task UntilAsync(Func<Task<bool>> isDone, string problem, TimeProvider time, CancellationToken cancellation)
    {
        for (var began = time.GetTimestamp(); !await isDone();)
        {
            if (time.GetElapsedTime(began) > AnswerTimeMax)
            {
                throw new IOException($"{problem} within {AnswerTimeMax.TotalSeconds:0} s");
            }

            await Task.Delay(Pause, time, cancellation);
        }
    }
}
