using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Pleiad.Cli.Tests.Fixtures;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Cli.Tests.Load;

/// <summary>Who changes a run while it is under way: a person at a terminal – the real program behind a real pseudo-terminal, which <c>script</c> of util-linux opens – and a program over HTTP. A site writes down when each request came.</summary>
public sealed class LoadSteeringTests
{
    private const double Rate = 40;
    private const int Presses = 24;

    /// <summary>Standard deviations of a Poisson count that are let pass: a false alarm in less than a millionth of runs.</summary>
    private const double Deviations = 5;

    /// <summary>Share of the requests that may come outside their time on a busy machine; levels differ by more than twice as much.</summary>
    private const double Slack = 0.15;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Keys_change_the_load_while_it_runs_and_end_it()
    {
        var requests = new ConcurrentQueue<long>();
        await using var site = await SiteAsync(requests);
        using var directory = new TempDirectory("load");
        var result = directory.File("result.json");
        using var terminal = Start(
            $"stty cols 130 rows 30; '{PleiadProcess.Path}' load run / --target {site.Urls.First()} --rate {Rate:0} --duration 5m --even-if-saturated --out '{result}'");
        var seen = new StringCollector(terminal.StandardOutput);
        try
        {
            await Eventually.BecomesTrueAsync(() => seen.Text.Contains(" of 300 s", StringComparison.Ordinal) && requests.Count > Rate, Patience, () => seen.Text);

            // All presses at once, as a held key sends them: each one counts.
            await terminal.StandardInput.WriteAsync(new string('+', Presses));
            var factor = Math.Pow(1.1, Presses);
            await Eventually.BecomesTrueAsync(() => seen.Text.Contains(Level(factor), StringComparison.Ordinal), Patience, () => seen.Text);
            await HasRateAsync(requests, Rate * factor);

            await terminal.StandardInput.WriteAsync(new string('-', Presses / 2));
            await Eventually.BecomesTrueAsync(() => seen.Text.Contains(Level(Math.Pow(1.1, Presses / 2)), StringComparison.Ordinal), Patience, () => seen.Text);
            await HasRateAsync(requests, Rate * Math.Pow(1.1, Presses / 2));

            await terminal.StandardInput.WriteAsync("0q");
            await terminal.WaitForExitAsync().WaitAsync(Patience);
        }
        finally
        {
            if (!terminal.HasExited)
            {
                terminal.Kill(entireProcessTree: true);
            }
        }

        var text = await seen.WholeAsync();
        terminal.ExitCode.ShouldBe(0, text);
        text.ShouldContain("the load was changed while it ran");
        (await File.ReadAllTextAsync(result)).ShouldContain("\"requestsPerSecond\"");

        static string Level(double factor) => string.Create(CultureInfo.InvariantCulture, $"(×{factor:0.00})");
    }

    [Fact]
    public async Task The_control_interface_changes_the_load_and_ends_the_run()
    {
        var requests = new ConcurrentQueue<long>();
        await using var site = await SiteAsync(requests);
        using var process = PleiadProcess.Start(
            new Uri("http://127.0.0.1:1"), "load", "run", "/", "--target", site.Urls.First(), "--rate", $"{Rate:0}", "--duration", "5m", "--even-if-saturated", "--json", "--control", "http://127.0.0.1:0");
        try
        {
            var line = await process.StandardError.ReadLineAsync().WaitAsync(Patience);
            line.ShouldNotBeNull().ShouldStartWith("control: http://127.0.0.1:");
            using var control = new HttpClient { BaseAddress = new Uri($"{line["control: ".Length..]}api/v1/load/") };

            // The interface is there before the first user is.
            await Eventually.BecomesTrueAsync(() => requests.Count > Rate, Patience, () => $"{requests.Count} requests");
            foreach (var factor in (double[])[8, 2])
            {
                (await control.PostAsJsonAsync("factor", new { factor })).StatusCode.ShouldBe(HttpStatusCode.NoContent);
                await Eventually.BecomesTrueAsync(async () => (await control.GetFromJsonAsync<JsonElement>("progress")).GetProperty("level").GetDouble() == Rate * factor, Patience, () => control.GetStringAsync("progress"));
                await HasRateAsync(requests, Rate * factor);
            }

            (await control.PostAsync("stop", null)).StatusCode.ShouldBe(HttpStatusCode.NoContent);
            var result = JsonDocument.Parse(await process.StandardOutput.ReadToEndAsync().WaitAsync(Patience)).RootElement;
            await process.WaitForExitAsync().WaitAsync(Patience);
            process.ExitCode.ShouldBe(0);

            // The sessions are those of the levels that the run says it had, however busy the machine was.
            var course = result.GetProperty("course").EnumerateArray().ToList();
            course.Select(moment => moment.GetProperty("level").GetDouble()).Distinct().ShouldBe([Rate, 8 * Rate, 2 * Rate]);
            result.GetProperty("total").GetProperty("requests").GetInt32().ShouldBe(requests.Count);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>Counts what comes in two seconds of the site's clock: a Poisson count, and some more or less where a busy machine lets requests come later.</summary>
    /// <remarks>After a machine has stood still all that was due meanwhile comes at once, and the count tells nothing of the level: then the next two seconds are counted. A wrong level is wrong in all of them.</remarks>
    private static async Task HasRateAsync(ConcurrentQueue<long> requests, double rate)
    {
        const double Seconds = 2;
        const int WindowsMax = 6;
        var tolerance = (Deviations * Math.Sqrt(rate * Seconds)) + (Slack * rate * Seconds);
        var counts = new List<int>();
        while (counts.Count < WindowsMax && (counts.Count == 0 || Math.Abs(counts[^1] - (rate * Seconds)) > tolerance))
        {
            var from = Stopwatch.GetTimestamp();
            await Eventually.BecomesTrueAsync(() => Stopwatch.GetElapsedTime(from).TotalSeconds > Seconds + 0.5, Patience, () => "time stands still");
            counts.Add(requests.Count(at => at >= from && Stopwatch.GetElapsedTime(from, at).TotalSeconds < Seconds));
        }

        ((double)counts[^1]).ShouldBe(rate * Seconds, tolerance, string.Join(' ', counts));
    }

    private static Process Start(string command)
    {
        var start = new ProcessStartInfo("script", ["--quiet", "--flush", "--return", "--command", command, "/dev/null"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["SHELL"] = "/bin/sh";
        return Process.Start(start) ?? throw new InvalidOperationException("script (util-linux) could not be started");
    }

    private static async Task<WebApplication> SiteAsync(ConcurrentQueue<long> requests)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var site = builder.Build();
        site.Run(context =>
        {
            requests.Enqueue(Stopwatch.GetTimestamp());
            return context.Response.WriteAsync("ok");
        });
        await site.StartAsync();
        return site;
    }

    /// <summary>What a terminal shows, as it comes.</summary>
    private sealed class StringCollector
    {
        private readonly System.Text.StringBuilder _text = new();
        private readonly Task _reading;

        public StringCollector(StreamReader reader) => _reading = Task.Run(async () =>
        {
            var buffer = new char[4096];
            while (await reader.ReadAsync(buffer) is > 0 and var count)
            {
                lock (_text)
                {
                    _text.Append(buffer, 0, count);
                }
            }
        });

        public string Text
        {
            get
            {
                lock (_text)
                {
                    return _text.ToString();
                }
            }
        }

        public async Task<string> WholeAsync()
        {
            await _reading.WaitAsync(Patience);
            return Text;
        }
    }
}
