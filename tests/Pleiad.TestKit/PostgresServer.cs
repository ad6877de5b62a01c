using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace Pleiad.TestKit;

/// <summary>
/// A real PostgreSQL of the tests' own: in a new directory, on a unix socket there and on a loopback port that was free. Ends and goes with all its data
/// when disposed, and also when the tests are killed.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    /// <summary>The superuser of this server. Not secret: it is reached from this machine only and lives as long as the tests.</summary>
    public const string User = "pleiad";

    /// <summary>The superuser's password.</summary>
    public const string Password = "s3cret/with:signs";

    private const int PortAttempts = 5;
    private const int LogLinesMax = 50;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly TempDirectory _directory;
    private readonly PostgresPrograms _programs;
    private readonly ConcurrentQueue<string> _log = new();
    private Process? _process;
    private Process? _guard;
    private int _databases;

    private readonly bool _waitForDisk;

    private PostgresServer(TempDirectory directory, PostgresPrograms programs, bool waitForDisk)
    {
        _directory = directory;
        _programs = programs;
        _waitForDisk = waitForDisk;
    }

    /// <summary>The directory of the unix socket.</summary>
    public string SocketDirectory => _directory.Path;

    /// <summary>The TCP port on 127.0.0.1, which is also in the socket's name.</summary>
    public int Port { get; private set; }

    private string Data => _directory.File("data");

    /// <summary>Makes a new server and waits until it answers.</summary>
    /// <param name="waitForDisk">
    /// Whether it waits for the disk at each commit. Only a crash of the whole machine shows the difference, so tests go without; measurements must have it.
    /// </param>
    /// <exception cref="InvalidOperationException">PostgreSQL is not installed or does not start; with what it said.</exception>
    public static async Task<PostgresServer> StartAsync(bool waitForDisk = false)
    {
        var server = new PostgresServer(new TempDirectory("pg"), PostgresPrograms.Find(), waitForDisk);
        try
        {
            await server.InitializeAsync();
            await server.StartServerAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes an empty database.</summary>
    /// <returns>Its name.</returns>
    public async Task<string> CreateDatabaseAsync()
    {
        var name = $"test{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync("postgres", $"create database {name}");
        return name;
    }

    /// <summary>Empties a database that nobody uses any more; far quicker than making a new one.</summary>
    public Task EmptyDatabaseAsync(string database) => ExecuteAsync(database, "drop schema public cascade; create schema public");

    /// <summary>The address of a database over the unix socket, as <c>--state</c> takes it.</summary>
    public string Address(string database, string user = User, string password = Password) =>
        $"postgres://{user}:{Uri.EscapeDataString(password)}@:{Port}/{database}?host={Uri.EscapeDataString(SocketDirectory)}";

    /// <summary>The address of a database over TCP.</summary>
    public string TcpAddress(string database, string user = User, string password = Password) =>
        $"postgresql://{user}:{Uri.EscapeDataString(password)}@127.0.0.1:{Port}/{database}?sslmode=disable";

    /// <summary>Runs statements past the program under test.</summary>
    /// <returns>The first value, or null.</returns>
    public async Task<object?> ExecuteAsync(string database, string sql)
    {
        var settings = new NpgsqlConnectionStringBuilder
        {
            Host = SocketDirectory, Port = Port, Username = User, Password = Password, Database = database, Pooling = false,
        };
        await using var connection = new NpgsqlConnection(settings.ToString());
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are the tests' own.
        command.CommandText = sql;
#pragma warning restore CA2100
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Ends the server as its administrator would and starts it again, on the same port; open connections break.</summary>
    public async Task RestartAsync()
    {
        await StopServerAsync(Programs.SigInt);
        await StartOnPortAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopServerAsync(Programs.SigQuit);
        _directory.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task InitializeAsync()
    {
        var passwordFile = _directory.File("password");
        await File.WriteAllTextAsync(passwordFile, Password);
        if (_programs.User is { } user)
        {
            await Programs.RunAsync(StartLimit, "chown", "-R", $"{user}:{user}", _directory.Path);
        }

        var initdb = _programs.CommandLine(
            "initdb", "-D", Data, "-U", User, $"--pwfile={passwordFile}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8");
        await Programs.RunAsync(StartLimit, initdb[0], initdb[1..]);
    }

    /// <summary>A port found free may be gone by the time the server binds it: a few attempts with another.</summary>
    private async Task StartServerAsync()
    {
        for (var attempt = 1; ; attempt++)
        {
            Port = FreePort();
            try
            {
                await StartOnPortAsync();
                return;
            }
            catch (InvalidOperationException) when (attempt < PortAttempts && _log.Any(line => line.Contains("could not bind", StringComparison.Ordinal)))
            {
                _log.Clear();
            }
        }
    }

    private async Task StartOnPortAsync()
    {
        var postgres = _programs.CommandLine(
            "postgres", "-D", Data, "-p", $"{Port}", "-k", SocketDirectory, "-c", "listen_addresses=127.0.0.1",
            "-c", $"fsync={(_waitForDisk ? "on" : "off")}");
        _process = Process.Start(new ProcessStartInfo(postgres[0], postgres[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{postgres[0]} could not be started");
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _guard = StartGuard(_process.Id);
        await Eventually.BecomesTrueAsync(AnswersAsync, StartLimit, () => Task.FromResult($"PostgreSQL does not answer; its log: {Log()}"));
    }

    private async Task<bool> AnswersAsync()
    {
        if (_process!.HasExited)
        {
            throw new InvalidOperationException($"PostgreSQL ended with {_process.ExitCode}; its log: {Log()}");
        }

        try
        {
            await ExecuteAsync("postgres", "select 1");
            return true;
        }
        catch (NpgsqlException)
        {
            // Not up yet: no socket, or "the database system is starting up".
            return false;
        }
    }

    /// <summary>Ends the server and removes its directory when this process is killed: then the guard's input ends without a line.</summary>
    private Process StartGuard(int server)
    {
        const string Script = """
            read -r line && exit 0
            kill -QUIT "$1"; n=0
            while kill -0 "$1" 2>/dev/null && [ $n -lt 50 ]; do sleep 0.1; n=$((n + 1)); done
            kill -KILL "$1" 2>/dev/null; rm -rf "$2"
            """;
        return Process.Start(new ProcessStartInfo("sh", ["-c", Script, "sh", $"{server}", _directory.Path]) { RedirectStandardInput = true })
            ?? throw new InvalidOperationException("sh could not be started");
    }

    /// <param name="signal">SIGINT ends it in order; SIGQUIT ends it at once, leaving data that it would have to recover.</param>
    private async Task StopServerAsync(int signal)
    {
        if (_guard is { } guard)
        {
            await guard.StandardInput.WriteLineAsync("done");
            guard.StandardInput.Close();
            await guard.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10));
            guard.Dispose();
            _guard = null;
        }

        if (_process is { } process)
        {
            await Programs.EndAsync(process, signal, TimeSpan.FromSeconds(30));
            process.Dispose();
            _process = null;
        }
    }

    private void Keep(string? line)
    {
        if (line is not null)
        {
            _log.Enqueue(line);
            while (_log.Count > LogLinesMax)
            {
                _log.TryDequeue(out _);
            }
        }
    }

    private string Log() => string.Join(Environment.NewLine, _log);
}
