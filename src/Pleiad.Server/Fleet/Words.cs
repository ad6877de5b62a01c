namespace Pleiad.Server.Fleet;

/// <summary>Names of states and kinds as the API and the tables write them: camelCase.</summary>
internal static class Words
{
    internal static string Of<T>(T value)
        where T : struct, Enum
    {
        var name = value.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }
}
