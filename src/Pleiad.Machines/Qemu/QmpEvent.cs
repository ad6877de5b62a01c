using System.Text.Json;

namespace Pleiad.Machines.Qemu;

/// <summary>Something QEMU says unasked, for example <c>SHUTDOWN</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Data">Its data; undefined when it has none.</param>
internal readonly record struct QmpEvent(string Name, JsonElement Data);
