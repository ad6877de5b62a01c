using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Pleiad.Machines.Processes;

namespace Pleiad.Machines.Networks;

/// <summary>dnsmasq in a network namespace, for guests that ask for their address: begun when the first such machine starts, ended with the network.</summary>
/// <remarks>
/// Debian's dnsmasq rather than a server of our own: the clients are other people's, and so are their ways to ask. It does not run as root and has the three
/// capabilities it needs in that namespace alone; it reads its configuration from standard input and writes no file. The kernel ends it with the thread that
/// started it, and so with a Pleiad that is killed; what is left all the same is found by the namespace it is in.
/// </remarks>
internal sealed class DhcpServer(string ip, string namespaceName, NamespaceThread thread, Func<string> configuration) : IAsyncDisposable
{
    /// <summary>The program.</summary>
    public const string Program = "dnsmasq";

    /// <summary>Debian's package that has it.</summary>
    public const string Package = "dnsmasq-base";

    private const string Wrapper = "setpriv";
    private const string Nobody = "65534";
    private const string Capabilities = "-all,+net_admin,+net_raw,+net_bind_service"; // its ARP entries and sockets; it refuses to run without the first
    private const string Started = "]: started, version "; // After it has its sockets, and has checked all that it was told.
    private const int LinesKept = 20;
    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndTimeMax = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Queue<string> _lines = new();
    private Process? _process;
    private bool _closed;

    /// <summary>Why guests cannot get an address by DHCP in a namespace here, with the remedy; null when they can.</summary>
    public static string? Lacking() => Lacking(Programs.Find);

    /// <inheritdoc cref="Lacking()"/>
    /// <param name="find">Finds a program.</param>
    internal static string? Lacking(Func<string, string?> find) =>
        find(Program) is null ? $"{Program} is not found, which gives machines their address by DHCP; on Debian: apt-get install --no-install-recommends {Package}"
        : find(Wrapper) is null ? $"{Wrapper} is not found, which takes {Program} its privileges; on Debian: apt-get install --no-install-recommends util-linux"
        : null;

    /// <summary>The server's process while it runs; null otherwise.</summary>
    internal int? ProcessId => _process is { HasExited: false } process ? process.Id : null;

    /// <summary>Returns when it hears what guests ask.</summary>
    /// <exception cref="IOException">It cannot be started; the message names the remedy.</exception>
    public async Task ServeAsync()
    {
        await _turn.WaitAsync(); // Whoever has the turn gives it back within StartTimeMax.
        try
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            if (ProcessId is null)
            {
                _process?.Dispose();
                _process = null;
                await StartAsync();
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends servers that an earlier run left in a namespace.</summary>
    /// <exception cref="IOException">One does not end.</exception>
    public static async Task EndLeftAsync(string ip, string namespaceName, CancellationToken cancellation)
    {
        var processes = await Programs.RunAsync(ip, ["netns", "pids", namespaceName], "", EndTimeMax, cancellation);
        foreach (var line in processes.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Open(id) is { } left)
            {
                using (left)
                {
                    await EndAsync(left);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        try
        {
            _closed = true;
            if (_process is not null)
            {
                await EndAsync(_process);
                _process.Dispose();
                _process = null;
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task StartAsync()
    {
        if (Lacking() is { } lacking)
        {
            throw new IOException(lacking);
        }

        await EndLeftAsync(ip, namespaceName, CancellationToken.None);
        lock (_lines)
        {
            _lines.Clear();
        }

        try
        {
            // On the namespace's thread: the process is in its namespace and, by --pdeathsig, ends with it.
            _process = await thread.RunAsync(Spawn);
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{Program} cannot be started: {e.Message}", e);
        }

        var process = _process;
        try
        {
            var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            process.OutputDataReceived += (_, line) => Keep(line.Data);
            process.ErrorDataReceived += (_, line) =>
            {
                Keep(line.Data);
                if (line.Data?.Contains(Started, StringComparison.Ordinal) == true)
                {
                    started.TrySetResult();
                }
            };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            await using (var input = process.StandardInput)
            {
                await input.WriteAsync(configuration());
            }

            await ListensAsync(process, started.Task);
        }
        catch (IOException e)
        {
            await EndAsync(process);
            lock (_lines)
            {
                throw new IOException($"{Program} does not run: {(_lines.Count > 0 ? string.Join("; ", _lines) : e.Message)}", e);
            }
        }
    }

    private static Process Spawn()
    {
        var start = new ProcessStartInfo(Programs.Find(Wrapper)!)
        {
            ArgumentList =
            {
                $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", $"--inh-caps={Capabilities}", $"--ambient-caps={Capabilities}", $"--bounding-set={Capabilities}",
                "--no-new-privs", "--pdeathsig=KILL", "--", Programs.Find(Program)!, "--conf-file=-",
            },
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment.Clear(); // There may be passwords in Pleiad's.
        start.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LC_ALL"] = "C";
        return Process.Start(start)!;
    }

    /// <summary>Waits until it says that it has started: what guests send from then on waits in its socket.</summary>
    /// <remarks>The socket alone says nothing: it is there before the rest of the configuration is looked at.</remarks>
    private static async Task ListensAsync(Process process, Task started)
    {
        using var limit = new CancellationTokenSource(StartTimeMax, TimeProvider.System);
        try
        {
            // The end of a process is noticed when its last line has been read.
            var ended = process.WaitForExitAsync(limit.Token);
            if (await Task.WhenAny(started, ended) == started)
            {
                await limit.CancelAsync();
                return;
            }

            await ended;
            throw new IOException($"it ended with status {process.ExitCode}");
        }
        catch (OperationCanceledException e)
        {
            throw new IOException($"it does not start within {StartTimeMax.TotalSeconds:0} s", e);
        }
    }

    private static async Task EndAsync(Process process)
    {
        try
        {
            process.Kill(); // It has nothing to save.
            using var limit = new CancellationTokenSource(EndTimeMax);
            await process.WaitForExitAsync(limit.Token);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception && process.HasExited)
        {
            return; // It ended by itself in between.
        }
        catch (OperationCanceledException e)
        {
            throw new IOException($"process {process.Id} ({Program}) does not end even by SIGKILL", e);
        }
    }

    /// <summary>A process that is this server or about to become it; null when it is another or gone. Others may be looking into the namespace.</summary>
    private static Process? Open(int id)
    {
        try
        {
            var process = Process.GetProcessById(id);
            if (process.ProcessName is Program or Wrapper)
            {
                return process;
            }

            process.Dispose();
            return null;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return null; // It ended while we looked.
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > LinesKept)
            {
                _lines.Dequeue();
            }
        }
    }
}
