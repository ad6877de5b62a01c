using System.Globalization;
using Npgsql;
using Pleiad.Core.Documents;

namespace Pleiad.State.Postgres;

/// <summary>The parts of <c>postgres://user:password@host:port/database?host=/directory&amp;sslmode=require</c>.</summary>
/// <param name="Host">Name or address, or the directory of a unix socket.</param>
/// <param name="Port">TCP port, or the number in the socket's name.</param>
/// <param name="User">Role.</param>
/// <param name="Password">Null to use PGPASSWORD or ~/.pgpass.</param>
/// <param name="Database">Database.</param>
/// <param name="SslMode">As libpq's sslmode.</param>
internal sealed record PostgresAddress(string Host, int Port, string User, string? Password, string Database, SslMode SslMode)
{
    private const int PortDefault = 5432;

    /// <summary>The address without the password, for people.</summary>
    public override string ToString()
    {
        var port = Port.ToString(CultureInfo.InvariantCulture);
        return Host.StartsWith('/') ? $"postgres://{User}@:{port}/{Database}?host={Host}"
            : Host.Contains(':') ? $"postgres://{User}@[{Host}]:{port}/{Database}"
            : $"postgres://{User}@{Host}:{port}/{Database}";
    }

    /// <summary>Reads an address.</summary>
    /// <param name="text">Begins with <c>postgres://</c> or <c>postgresql://</c>.</param>
    /// <exception cref="InvalidInputException">With every problem found; no password in it.</exception>
    public static PostgresAddress Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri))
        {
            throw StateAddress.Refuse(text, "is no address of a database");
        }

        var problems = new List<InputProblem>();
        void Problem(string key, string? value, string reason, string remedy) => problems.Add(new InputProblem(key, value, reason, remedy));

        var host = uri.IdnHost.Trim('[', ']');
        var mode = SslMode.Prefer;
        foreach (var (key, value) in Options(uri.Query))
        {
            switch (key)
            {
                case "host":
                    host = value;
                    break;
                case "sslmode" when Enum.TryParse(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out mode) && Enum.IsDefined(mode):
                    break;
                case "sslmode":
                    Problem("sslmode", value, "is no mode", "give disable, allow, prefer, require, verify-ca or verify-full");
                    break;
                default:
                    Problem(key, null, "is no option of an address", "known: host, sslmode");
                    break;
            }
        }

        var login = uri.UserInfo.Split(':', 2);
        var database = Uri.UnescapeDataString(uri.AbsolutePath.Trim('/'));
        if (login[0].Length == 0)
        {
            Problem("user", null, "is missing", $"give {StateAddress.PostgresForm}");
        }

        if (database.Length == 0 || database.Contains('/'))
        {
            Problem("database", database.Length == 0 ? null : database, database.Length == 0 ? "is missing" : "is no name", $"give {StateAddress.PostgresForm}");
        }

        return problems.Count > 0
            ? throw new InvalidInputException(StateAddress.Subject, problems)
            : new PostgresAddress(
                host.Length == 0 ? "localhost" : host,
                uri.Port <= 0 ? PortDefault : uri.Port,
                Uri.UnescapeDataString(login[0]),
                login.Length == 2 ? Uri.UnescapeDataString(login[1]) : null,
                database,
                mode);
    }

    private static IEnumerable<(string Key, string Value)> Options(string query) =>
        from part in query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
        let pair = part.Split('=', 2)
        select (Uri.UnescapeDataString(pair[0]), pair.Length == 2 ? Uri.UnescapeDataString(pair[1]) : "");
}
