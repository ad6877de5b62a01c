using Pleiad.Cli.Running;
using Spectre.Console;

namespace Pleiad.Cli.Output;

/// <summary>Shows something again whenever it changes, until it is interrupted: redrawn in place on a terminal, written anew elsewhere.</summary>
internal static class Watch
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <param name="terminal">Where to show it.</param>
    /// <param name="look">Gets what is there now.</param>
    /// <param name="draw">Makes its table.</param>
    /// <param name="line">Writes it as one JSON line, or null to show the table.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<ExitCode> RunAsync<T>(Terminal terminal, Func<CancellationToken, Task<T>> look, Func<T, TextTable> draw, Action<T>? line, CancellationToken cancellation)
    {
        if (terminal.IsLive && line is null)
        {
            await RedrawAsync(terminal, look, draw, cancellation);
        }

        var last = "";
        while (true)
        {
            var seen = await look(cancellation);
            var text = draw(seen).ToPlain();
            if (text != last && line is null)
            {
                terminal.Out.Write(last.Length == 0 ? text : "\n" + text);
            }
            else if (text != last)
            {
                line!(seen);
            }

            last = text;
            await Task.Delay(Interval, terminal.Time, cancellation);
        }
    }

    private static async Task RedrawAsync<T>(Terminal terminal, Func<CancellationToken, Task<T>> look, Func<T, TextTable> draw, CancellationToken cancellation)
    {
        var screen = terminal.Screen();
        await screen.Live(draw(await look(cancellation)).ToDrawn(terminal.Width())).StartAsync(async live =>
        {
            while (true)
            {
                await Task.Delay(Interval, terminal.Time, cancellation);
                screen.Profile.Width = terminal.Width();
                live.UpdateTarget(draw(await look(cancellation)).ToDrawn(terminal.Width()));
            }
        });
    }
}
