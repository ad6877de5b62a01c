namespace Pleiad.TestKit;

/// <summary>Where PostgreSQL's programs are and as whom they run.</summary>
/// <param name="Directory">Has initdb and postgres.</param>
/// <param name="User">The user to run them as: they refuse root. Null for the user of this process.</param>
internal sealed record PostgresPrograms(string Directory, string? User)
{
    private const string Remedy = "install it, for example: apt-get install --no-install-recommends postgresql; ./test does it as root";

    /// <summary>Finds the newest that is installed.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static PostgresPrograms Find()
    {
        const string Debian = "/usr/lib/postgresql";
        var versions = System.IO.Directory.Exists(Debian) ? System.IO.Directory.GetDirectories(Debian) : [];
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        var directory = versions
            .OrderByDescending(version => int.TryParse(Path.GetFileName(version), out var number) ? number : 0)
            .Select(version => Path.Combine(version, "bin"))
            .Concat(path)
            .FirstOrDefault(candidate => File.Exists(Path.Combine(candidate, "initdb")) && File.Exists(Path.Combine(candidate, "postgres")))
            ?? throw new InvalidOperationException($"PostgreSQL is not installed, and these tests need a real one; {Remedy}");
        return new PostgresPrograms(directory, Programs.IsRoot ? "postgres" : null);
    }

    /// <summary>The command line that runs one of them as the right user; its process id is that of the program itself.</summary>
    public string[] CommandLine(string program, params string[] arguments) =>
    [
        .. User is null ? (string[])[] : ["setpriv", $"--reuid={User}", $"--regid={User}", "--init-groups", "--"],
        Path.Combine(Directory, program),
        .. arguments,
    ];
}
