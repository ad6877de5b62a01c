namespace Pleiad.Core.Identity;

/// <summary>Which addresses suit a machine that is to be ordered; whoever reserves one for it follows where he can.</summary>
/// <param name="First">Best, in any order: a machine there comes up quickest.</param>
/// <param name="Last">Only when no other is free: another machine would come up quickest there. May have those of <paramref name="First"/> too, which counts.</param>
public sealed record AddressWish(IReadOnlyList<MachineAddress> First, IReadOnlyList<MachineAddress> Last)
{
    /// <summary>Any will do.</summary>
    public static AddressWish None { get; } = new([], []);
}
