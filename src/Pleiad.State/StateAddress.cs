using System.Text.RegularExpressions;
using Pleiad.Core.Documents;

namespace Pleiad.State;

/// <summary>The forms of an address of a database, and how to refuse one without showing its password.</summary>
internal static partial class StateAddress
{
    public const string Subject = "state";

    public const string SqliteForm = "sqlite:FILE";

    public const string PostgresForm = "postgres://user:password@host:port/database";

    /// <summary>The refusal of an address.</summary>
    public static InvalidInputException Refuse(string address, string reason) =>
        new(Subject, new InputProblem("address", WithoutSecrets(address), reason, $"give {SqliteForm} or {PostgresForm}"));

    /// <summary>The address without anything that could hold a password, even if it has no known form.</summary>
    private static string WithoutSecrets(string address) => Login().Replace(address.Split('?', 2)[0], "//***@");

    [GeneratedRegex("//.*@", RegexOptions.Singleline)]
    private static partial Regex Login();
}
