using System.Globalization;
using System.Text.RegularExpressions;
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
internal sealed partial record PostgresAddress(string Host, int Port, string User, string? Password, string Database, SslMode SslMode)
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
        if (Form().Match(text) is not { Success: true } parts)
        {
            throw StateAddress.Refuse(text, "has another form (the signs @ : / ? in user or password are written %40 %3A %2F %3F)");
        }

        var problems = new List<InputProblem>();
        void Problem(string key, string? value, string reason, string remedy) => problems.Add(new InputProblem(key, value, reason, remedy));

        var host = parts.Groups["host"].Value.Trim('[', ']');
        var mode = SslMode.Prefer;
        foreach (var (key, value) in Options(parts.Groups["options"].Value))
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

        var user = Uri.UnescapeDataString(parts.Groups["user"].Value);
        if (user.Length == 0)
        {
            Problem("user", null, "is missing", $"give {StateAddress.PostgresForm}");
        }

        var port = PortDefault;
        if (parts.Groups["port"] is { Success: true, Value: var number } && !(int.TryParse(number, out port) && port is > 0 and <= 65_535))
        {
            Problem("port", number, "is no port", "give a number from 1 to 65535, or leave it out for 5432");
        }

        var database = Uri.UnescapeDataString(parts.Groups["database"].Value);
        if (database.Length == 0)
        {
            Problem("database", null, "is missing", $"give {StateAddress.PostgresForm}");
        }

        var password = parts.Groups["password"] is { Success: true, Value: var given } ? Uri.UnescapeDataString(given) : null;
        return problems.Count > 0
            ? throw new InvalidInputException(StateAddress.Subject, problems)
            : new PostgresAddress(host.Length == 0 ? "localhost" : host, port, user, password, database, mode);
    }

    private static IEnumerable<(string Key, string Value)> Options(string query) =>
        from part in query.Split('&', StringSplitOptions.RemoveEmptyEntries)
        let pair = part.Split('=', 2)
        select (Uri.UnescapeDataString(pair[0]), pair.Length == 2 ? Uri.UnescapeDataString(pair[1]) : "");

    [GeneratedRegex(
        @"^postgres(ql)?://((?<user>[^:@/?]*)(:(?<password>[^@/?]*))?@)?(?<host>\[[0-9A-Fa-f:.]+\]|[^@:/?\[\]]*)(:(?<port>[0-9]+))?/(?<database>[^/?]*)(\?(?<options>.*))?$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
