using Pleiad.Core.Documents;

namespace Pleiad.State;

/// <summary>The forms of an address of a database, and how to refuse one without showing its password.</summary>
internal static class StateAddress
{
    public const string Subject = "state";

    public const string SqlitePrefix = "sqlite:";

    public const string SqliteForm = SqlitePrefix + "FILE";

    public const string PostgresForm = "postgres://user:password@host:port/database";

    /// <summary>The refusal of an address.</summary>
    public static InvalidInputException Refuse(string address, string reason) =>
        new(Subject, new InputProblem("address", WithoutSecrets(address), reason, $"give {SqliteForm} or {PostgresForm}"));

    /// <summary>What of the address certainly holds no password: of one with another form nobody knows where it stands.</summary>
    private static string WithoutSecrets(string address)
    {
        var colon = address.IndexOf(':', StringComparison.Ordinal);
        return address.StartsWith(SqlitePrefix, StringComparison.Ordinal) ? address
            : colon >= 0 ? address[..(colon + 1)] + "***"
            : address.Split('?', 2)[0];
    }
}
