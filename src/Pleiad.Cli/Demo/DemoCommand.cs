using System.CommandLine;
using Microsoft.Extensions.Logging;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client;
using Pleiad.Machines.Images;
using Pleiad.Server.Hosting;

namespace Pleiad.Cli.Demo;

/// <summary><c>demo</c>: the whole thing once, in a directory of its own, from the image to the last machine's end.</summary>
internal sealed class DemoCommand : PleiadCommand
{
    private readonly Option<int> _jobs = Given.Number("--jobs", 6, 1, 64, "How many tasks");
    private readonly Option<int> _machines = Given.Number("--machines", 4, 1, 16, "Most machines");
    private readonly Option<int> _n = Given.Number("--n", 0, 0, DemoRun.NMax, "Count the primes up to N in the first task, a little more in each further one; 0 chooses by what this machine can do");
    private readonly Option<bool> _keep = new("--keep") { Description = "Stay up at the end, until Ctrl-C, and say how to go on." };
    private readonly Option<string?> _data = Given.Data();

    public DemoCommand(Terminal terminal)
        : base(
            terminal, "demo", "Count primes in six tasks on virtual machines that are started as slots run out, then compare the same work on 1 machine and on several.",
            "pleiad demo", "pleiad demo --jobs 12 --machines 6 --keep", "pleiad demo --json")
    {
        foreach (var option in (Option[])[_jobs, _machines, _n, _keep, _data])
        {
            Add(option);
        }
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var data = Path.GetFullPath(given.GetValue(_data) ?? DataDirectory.Default);
        var store = new ImageStore(DataDirectory.ImagesOf(data), Terminal.Time);
        var builder = new UnikernelBuilder(store, new UnikernelBuilderOptions { CacheDirectory = DataDirectory.CacheOf(data) }, Terminal.Time);
        var image = await builder.EnsureShippedAsync(ShippedImages.Primes.Name, new Steps(Terminal), cancellation);

        using var log = new KeptLog();
        var (directory, server) = await ThrowawayDirectory.BeginAsync(data, "demo", made => StartAsync(data, made, log, cancellation), Terminal.Time, cancellation);
        var processes = new HashSet<int>();
        try
        {
            return await RunAsync(given, server, image, processes, cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            foreach (var line in log.Lines)
            {
                Terminal.Note(line);
            }

            throw;
        }
        finally
        {
            await server.DisposeAsync();
            Tell(await directory.EndAsync(processes));
        }
    }

    private async Task<ExitCode> RunAsync(ParseResult given, PleiadServer server, StoredImage image, HashSet<int> processes, CancellationToken cancellation)
    {
        var json = given.GetValue(Given.Json);
        var view = new DemoView(Terminal, json);
        var options = new DemoOptions(given.GetValue(_jobs), given.GetValue(_machines), given.GetValue(_n) is > 0 and var first ? first : null);
        using var client = new PleiadClient(server.Api, time: Terminal.Time);
        var run = new DemoRun(client, options, view, Terminal.Time, processes);
        var report = await run.RunAsync(image, cancellation);
        if (json)
        {
            Terminal.Json(report, CliJson.Default.DemoReport);
        }

        if (report.Scaling.Count > 1)
        {
            view.Say(Gain.Summary(report.Scaling, Environment.ProcessorCount, report.Jobs.Count));
        }

        if (run.Problem is { } problem)
        {
            Terminal.Error.WriteLine($"pleiad: {problem}");
            return ExitCode.Failed;
        }

        if (given.GetValue(_keep))
        {
            await run.ScaleAsNeededAsync(cancellation);
            await StayAsync(server, view, cancellation);
        }

        return ExitCode.Done;
    }

    private async Task StayAsync(PleiadServer server, DemoView view, CancellationToken cancellation)
    {
        view.Say(
            $"""

            Still up:
              API      {server.Api}
              gateway  {server.Gateway}
            Try:
              curl '{server.Gateway}{DemoRun.Service}/primes?n=1000'
              curl '{server.Api}api/v1/machines'
              pleiad machine list --server {server.Api}
              pleiad job submit --server {server.Api} --service {DemoRun.Service} --path '/primes?n=20000' --wait
            Ctrl-C ends it.
            """);
        var asked = Task.Delay(Timeout.InfiniteTimeSpan, Terminal.Time, cancellation);
        if (await Task.WhenAny(asked, server.Broken) == server.Broken && !cancellation.IsCancellationRequested)
        {
            await server.Broken;
        }
    }

    private void Tell(IReadOnlyList<string> left) => Terminal.Note(
        left.Count == 0
            ? "Nothing is left running: no machine, no network namespace, no data of the demo."
            : $"The server left something, which is removed now: {string.Join("; ", left)}");

    private Task<PleiadServer> StartAsync(string data, ThrowawayDirectory directory, KeptLog log, CancellationToken cancellation)
    {
        var options = new PleiadServerOptions
        {
            Data = directory.Path,
            Images = DataDirectory.ImagesOf(data),
            Cache = DataDirectory.CacheOf(data),
            Listen = "http://127.0.0.1:0",
            Gateway = "http://127.0.0.1:0",
            // Whoever interrupts a demo does not wait for its tasks.
            DrainTimeout = TimeSpan.FromSeconds(1),
        };
        return PleiadServer.StartAsync(options, logging => logging.AddProvider(log), Terminal.Time, cancellation);
    }
}
