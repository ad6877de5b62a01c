namespace Pleiad.State;

/// <summary>Opens a store by its address.</summary>
public static class StateStores
{
    /// <summary>Opens <c>sqlite:FILE</c> or <c>postgres://user@host/database</c>; makes no tables yet (<see cref="IStateStore.MigrateAsync"/>).</summary>
    /// <param name="address">The address as the user gave it.</param>
    /// <exception cref="Core.Documents.InvalidInputException">The address has neither form.</exception>
    public static IStateStore Open(string address) => throw new StateException(address);
}
