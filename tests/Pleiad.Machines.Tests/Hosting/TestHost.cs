using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Identity;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Networks;
using Pleiad.Machines.Processes;
using Pleiad.Machines.Qemu;
using Pleiad.Machines.Tests.Guests;
using TinyKernel = Pleiad.TestKit.TinyKernel;

namespace Pleiad.Machines.Tests.Hosting;

/// <summary>A host with a directory and a namespace of its own, and what is needed to look behind its back.</summary>
internal sealed class TestHost : IAsyncDisposable, ILoggerFactory, ILogger
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("plt-").FullName;
    private string? _qemu;

    public TestHost()
    {
        Options = new MachineHostOptions
        {
            Directory = Path.Combine(_directory, "machines"),
            Namespace = Path.GetFileName(_directory),
            CacheDirectory = Path.Combine(_directory, "cache"),
            ProbeKernel = TinyKernel.ThatHangs(_directory),
            Accelerator = "tcg",
            AddressCount = 16,
            HealthInterval = TimeSpan.FromMilliseconds(100),
        };
    }

    public MachineHostOptions Options { get; }

    public MachineHost Host { get; private set; } = null!;

    public string Scratch => _directory;

    public MachineFiles Files => new(Options.Directory);

    /// <summary>Opens one.</summary>
    /// <param name="change">Changes its options.</param>
    /// <param name="qemu">Makes another QEMU in its directory; null for the one that is installed.</param>
    public static async Task<TestHost> OpenAsync(Action<MachineHostOptions>? change = null, Func<string, string>? qemu = null)
    {
        var test = new TestHost();
        change?.Invoke(test.Options);
        test._qemu = qemu?.Invoke(test.Scratch);
        try
        {
            await test.ReopenAsync();
            return test;
        }
        catch
        {
            await test.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the host logged, one line each.</summary>
    public ConcurrentQueue<string> Logged { get; } = new();

    public async Task ReopenAsync() => Host = await MachineHost.OpenAsync(Options, _qemu, this, TimeProvider.System, CancellationToken.None);

    public MachineOrder Order(StoredImage image, int address = 0, TimeSpan? startTimeout = null, TimeSpan? hangTimeout = null) =>
        new(MachineId.New(), "tests", image, Host.Addresses[address], startTimeout ?? Patience, hangTimeout ?? Patience, "a test");

    /// <summary>Starts a machine of the real guest and waits until it is ready.</summary>
    public async Task<IMachine> StartReadyAsync(int address = 0, TimeSpan? hangTimeout = null)
    {
        var machine = Host.Start(Order(await GuestImage.GetAsync(), address, hangTimeout: hangTimeout));
        var snapshot = await machine.Started.WaitAsync(Patience);
        return snapshot.State == MachineState.Ready ? machine : throw new InvalidOperationException($"not ready: {snapshot}");
    }

    /// <summary>QEMU processes of this host's directory.</summary>
    public IReadOnlyList<(ProcessIdentity Process, MachineId Machine)> Processes() => new MachineMark(Options.Directory).FindAll();

    public bool NamespaceExists() => File.Exists(NamespaceNetwork.PathOf(Options.Namespace));

    /// <summary>Names of network devices in the namespace, apart from those of every such namespace.</summary>
    public async Task<string[]> TapsAsync()
    {
        var text = await Programs.RunAsync(Programs.Find("ip")!, ["-n", Options.Namespace, "-o", "link", "show"], "", Patience, CancellationToken.None);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(": ")[1]).Where(name => name is not ("lo" or "pleiad0" or "pleiad-carrier"))];
    }

    /// <summary>The addresses that lead to a card, one a line.</summary>
    public Task<string> NeighboursAsync() => Programs.RunAsync(Programs.Find("ip")!, ["-n", Options.Namespace, "neigh", "show", "nud", "permanent"], "", Patience, CancellationToken.None);

    public string Log(IMachine machine)
    {
        using var log = Host.OpenLog(machine.Snapshot.Id) ?? throw new InvalidOperationException("no log");
        using var reader = new StreamReader(log);
        return reader.ReadToEnd();
    }

    /// <summary>Waits for a condition, and says what it saw when it never came.</summary>
    public static async Task UntilAsync(Func<bool> condition, Func<string> seen)
    {
        var end = TimeProvider.System.GetTimestamp();
        while (!condition())
        {
            if (TimeProvider.System.GetElapsedTime(end) > Patience)
            {
                throw new TimeoutException($"did not come about: {seen()}");
            }

            await Task.Delay(10);
        }
    }

    ILogger ILoggerFactory.CreateLogger(string categoryName) => this;

    void ILoggerFactory.AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    void IDisposable.Dispose()
    {
        // A factory has to have it; DisposeAsync does the work.
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Logged.Enqueue($"{logLevel} {eventId.Id}: {formatter(state, exception)} {exception}".TrimEnd());

    public async ValueTask DisposeAsync()
    {
        if (Host is not null)
        {
            await Host.DisposeAsync();
        }

        await MachineHost.SweepAsync(Options.Directory, Options.Namespace, TimeProvider.System, CancellationToken.None);
        Directory.Delete(_directory, recursive: true);
    }
}
