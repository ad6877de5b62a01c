namespace Pleiad.Machines.Isolation;

/// <summary>One way in which machines' processes are shut in.</summary>
/// <param name="Name">In a word or two, for example <c>user</c>.</param>
/// <param name="Holds">Whether it is in force on this host.</param>
/// <param name="Detail">What it does here, or why it cannot be.</param>
/// <param name="Remedy">What brings it into force; null when it is.</param>
public sealed record Protection(string Name, bool Holds, string Detail, string? Remedy);
