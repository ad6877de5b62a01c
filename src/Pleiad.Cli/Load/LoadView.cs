using System.Globalization;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Load.Results;
using Pleiad.Load.Running;
using Spectre.Console;

namespace Pleiad.Cli.Load;

/// <summary>A run under way: figures in place on a terminal, where keys change the load; a line every ten seconds elsewhere.</summary>
internal static class LoadView
{
    private static readonly TimeSpan Redraw = TimeSpan.FromMilliseconds(500);
    private const int LinesApart = 20;
    private const double Step = 1.1;

    /// <returns>Whether it was interrupted.</returns>
    public static async Task<bool> FollowAsync(Terminal terminal, ILoadRun run, Task<RunResult> ending, bool quiet, CancellationToken cancellation)
    {
        if (terminal.IsLive && !quiet)
        {
            var screen = terminal.Screen();
            return await screen.Live(Draw(run.Progress).ToDrawn(terminal.Width())).StartAsync(live => LoopAsync(() => live.UpdateTarget(Draw(run.Progress).ToDrawn(terminal.Width()))));
        }

        var looks = 0;
        return await LoopAsync(() =>
        {
            if (!quiet && ++looks % LinesApart == 0)
            {
                terminal.Note(Line(run.Progress));
            }
        });

        async Task<bool> LoopAsync(Action show)
        {
            while (!ending.IsCompleted)
            {
                if (cancellation.IsCancellationRequested)
                {
                    // What was measured so far is shown; a second Ctrl-C ends at once.
                    run.Stop();
                    await ((Task)ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    return true;
                }

                TakeKeys(terminal, run, quiet);
                show();
                using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
                await Task.WhenAny(ending, Task.Delay(Redraw, terminal.Time, end.Token));
                await end.CancelAsync();
            }

            return false;
        }
    }

    private static void TakeKeys(Terminal terminal, ILoadRun run, bool quiet)
    {
        while (!quiet && terminal is { IsLive: true, AsksPeople: true } && Console.KeyAvailable)
        {
            switch (Console.ReadKey(intercept: true).KeyChar)
            {
                case '+':
                    run.SetFactor(run.Factor * Step);
                    break;
                case '-':
                    run.SetFactor(run.Factor / Step);
                    break;
                case '0':
                    run.SetFactor(1);
                    break;
                case 'q':
                    run.Stop();
                    break;
            }
        }
    }

    private static TextTable Draw(RunProgress now)
    {
        var table = new TextTable([new Column("time"), new Column("load", Right: true), new Column("requests/s", Right: true), new Column("failed", Right: true), new Column("p50", Right: true, Spare: 3), new Column("p95", Right: true, Spare: 1), new Column("p99", Right: true), new Column("in flight", Right: true, Spare: 4), new Column("lag p99", Right: true, Spare: 2), new Column("CPU", Right: true, Spare: 5), .. now.UntilNow is null ? [] : (Column[])[new Column("interval", Right: true)]])
        {
            Title = "load: + - change it by a tenth, 0 as planned, q ends",
        };
        table.Add(
        [
            string.Create(CultureInfo.InvariantCulture, $"{now.Seconds:0} of {now.DurationSeconds:0} s"), string.Create(CultureInfo.InvariantCulture, $"{now.Level:0.##}{(now.Factor == 1 ? "" : $" (×{now.Factor:0.00})")}"),
            string.Create(CultureInfo.InvariantCulture, $"{now.RequestsPerSecond:0}"), string.Create(CultureInfo.InvariantCulture, $"{now.FailedShare * 100:0.##} %"), LoadTables.Ms(now.P50Ms), LoadTables.Ms(now.P95Ms), LoadTables.Ms(now.P99Ms),
            Figures.Whole(now.InFlight), LoadTables.Ms(now.LagP99Ms), Figures.Share(now.CpuShare),
            .. now.UntilNow is { } half ? (string?[])[string.Create(CultureInfo.InvariantCulture, $"±{half * 100:0.0} %")] : [],
        ]);
        return table;
    }

    private static string Line(RunProgress now) => string.Create(CultureInfo.InvariantCulture,
        $"{now.Seconds:0} of {now.DurationSeconds:0} s: {now.RequestsPerSecond:0} requests/s, {now.FailedShare * 100:0.##} % failed, p50 {LoadTables.Ms(now.P50Ms)}, p99 {LoadTables.Ms(now.P99Ms)}, lag p99 {LoadTables.Ms(now.LagP99Ms)}");
}
