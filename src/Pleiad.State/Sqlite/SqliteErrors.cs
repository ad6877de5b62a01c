using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Pleiad.State.Sqlite;

/// <summary>Says in words what an error of SQLite means for this file, and what to do.</summary>
internal static class SqliteErrors
{
    /// <summary>What is wrong and the remedy.</summary>
    public static string Explain(SqliteException error, string file)
    {
        var directory = Path.GetDirectoryName(file) ?? "/";
        return error.SqliteErrorCode switch
        {
            raw.SQLITE_BUSY or raw.SQLITE_LOCKED =>
                "is locked by another program for longer than it may be; end that program, for example a sqlite3 shell with an open transaction",
            raw.SQLITE_READONLY => $"may only be read; give this user write permission for the file and for {directory}",
            raw.SQLITE_IOERR => $"could not be read or written ({error.Message}); check the disk and the file system of {directory}",
            raw.SQLITE_CORRUPT => "is damaged; restore a copy, or try: sqlite3 FILE .recover",
            raw.SQLITE_FULL => $"cannot grow: the disk is full; free space on the file system of {directory}",
            raw.SQLITE_CANTOPEN => CannotOpen(file, directory),
            raw.SQLITE_NOTADB => "is a file that is no SQLite database; give the name of another file",
            raw.SQLITE_PERM or raw.SQLITE_AUTH => "may not be used by this user; give it permission for the file",
            raw.SQLITE_ERROR when error.Message.Contains("no such table", StringComparison.Ordinal) =>
                "has no tables of Pleiad; start the server with it once, which makes them",
            raw.SQLITE_ERROR when error.Message.Contains("already exists", StringComparison.Ordinal) =>
                $"holds tables of another program ({error.Message}); give Pleiad a file of its own",
            _ => $"refused ({error.Message}); see docs/state.md",
        };
    }

    private static string CannotOpen(string file, string directory) =>
        Directory.Exists(file) ? "is a directory; give the name of a file"
        : !Directory.Exists(directory) ? $"cannot be made: there is no directory {directory}; make it: mkdir -p {directory}"
        : File.Exists(file) ? "cannot be opened; give this user permission to read and write it and its directory"
        : $"does not exist and could not be made; start the server with it once, as a user who may write to {directory}";
}
