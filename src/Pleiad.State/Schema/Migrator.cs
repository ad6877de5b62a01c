using System.Reflection;
using Pleiad.Core.Settings;
using Pleiad.State.Sql;

namespace Pleiad.State.Schema;

/// <summary>One step of the tables' history; never changed once released.</summary>
/// <param name="Version">1, 2, 3 …</param>
/// <param name="Script">SQL with the types in braces that <see cref="Dialect.Schema"/> replaces.</param>
internal sealed record Migration(int Version, string Script)
{
    /// <summary>All steps, the oldest first.</summary>
    public static IReadOnlyList<Migration> All { get; } = [Read(1, "001-first.sql"), Read(2, "002-start.sql")];

    private static Migration Read(int version, string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Pleiad.State.Schema.{file}")
            ?? throw new InvalidOperationException($"{file} is not in the program");
        using var reader = new StreamReader(stream);
        return new Migration(version, reader.ReadToEnd());
    }
}

/// <summary>Brings the tables to the newest version, within one transaction that is alone with the schema.</summary>
internal static class Migrator
{
    private const string Versions = "schema_version";

    /// <summary>Runs the steps that are missing and adds the settings that are not there yet.</summary>
    /// <returns>The versions before and after.</returns>
    /// <exception cref="StateException">The tables are of a newer version.</exception>
    public static async Task<(long Before, long After)> RunAsync(Session session, string database, IReadOnlyList<Migration> migrations, DateTimeOffset now)
    {
        var before = await VersionAsync(session);
        var newest = migrations[^1].Version;
        if (before > newest)
        {
            throw new StateException(
                $"{database} was made by a newer Pleiad (its tables have version {before}, this program knows up to {newest}); use that Pleiad, or another database");
        }

        if (before == 0)
        {
            await session.ExecuteAsync(session.Dialect.Schema($"create table {Versions} (version {{whole}} not null primary key, applied {{time}} not null) {{table}}"));
        }

        foreach (var migration in migrations.Where(migration => migration.Version > before))
        {
            await session.ExecuteAsync(session.Dialect.Schema(migration.Script));
            await session.ExecuteAsync($"insert into {Versions} (version, applied) values (@version, @now)", ("version", migration.Version), ("now", now));
        }

        // So that anyone who looks sees every setting; one that was set stays.
        foreach (var key in SettingKey.All)
        {
            await session.ExecuteAsync(
                "insert into system_params (key, value) values (@key, @value) on conflict (key) do nothing", ("key", key.Key), ("value", key.Default));
        }

        return (before, newest);
    }

    private static async Task<long> VersionAsync(Session session) =>
        await session.NumberAsync(session.Dialect.CountTablesSql, ("name", Versions)) == 0
            ? 0
            : await session.NumberAsync($"select coalesce(max(version), 0) as n from {Versions}");
}
