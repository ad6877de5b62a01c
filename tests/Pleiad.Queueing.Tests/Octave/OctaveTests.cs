using System.Diagnostics;
using System.Globalization;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Octave;

/// <summary>The same models solved by octave-queueing (Marzolla), live.</summary>
[Trait("Group", "octave")]
public sealed class OctaveTests
{
    public static TheoryData<string, string, string> Models => new()
    {
        {
            "closed, one class, several servers",
            "[U R Q X] = qncsmva(25, [0.2 0.3 0.05], [3 2 8], [2 1 1], 4);",
            "classes: [{ name: a, population: 25, thinkTime: 4s }]\nstations: [{ name: x, servers: 2, visits: 3, service: 0.2 }, { name: y, visits: 2, service: 0.3 }, { name: z, visits: 8, service: 0.05 }]"
        },
        {
            "closed, two classes, delay",
            "[U R Q X] = qncmmva([6 4], [0.3 0.2 1; 0.7 0.5 2], [1 2 1; 1 1 1], [1 1 -1], [2 5]);",
            "classes: [{ name: a, population: 6, thinkTime: 2s }, { name: b, population: 4, thinkTime: 5s }]\nstations: [{ name: x, discipline: ps, service: { a: 0.3, b: 0.7 } }, { name: y, discipline: ps, visits: { a: 2, b: 1 }, service: { a: 0.2, b: 0.5 } }, { name: z, discipline: delay, service: { a: 1, b: 2 } }]"
        },
        {
            "closed, two classes, several servers",
            "[U R Q X] = qncmmva([5 4], [0.4 0.2; 0.4 0.2], [1 2; 2 1], [2 1], [1 1]);",
            "classes: [{ name: a, population: 5, thinkTime: 1s }, { name: b, population: 4, thinkTime: 1s }]\nstations: [{ name: x, servers: 2, visits: { a: 1, b: 2 }, service: 0.4 }, { name: y, visits: { a: 2, b: 1 }, service: 0.2 }]"
        },
        {
            "closed, load-dependent",
            "S = [1 0.6 0.5 0.5 0.5 0.5; 0.4*ones(1,6)]; [U R Q X] = qncsmvald(6, S, [1 1], 2);",
            "classes: [{ name: a, population: 6, thinkTime: 2s }]\nstations: [{ name: x, discipline: ps, speed: [1, 1.6666666666666667, 2], service: 1 }, { name: y, service: 0.4 }]"
        },
        {
            "open, several servers",
            "[U R Q X] = qnos(3, [0.5 0.2], [1 1.2], [2 1]);",
            "classes: [{ name: a, rate: 3 }]\nstations: [{ name: x, servers: 2, service: 0.5 }, { name: y, visits: 1.2, service: 0.2 }]"
        },
        {
            "mixed",
            "[U R Q X] = qnmix([0.5 0], [0 4], [0.3 0.2; 0.5 0.6], [1 1; 1 2]);",
            "classes: [{ name: a, rate: 0.5 }, { name: b, population: 4 }]\nstations: [{ name: x, discipline: ps, service: { a: 0.3, b: 0.5 } }, { name: y, discipline: ps, visits: { a: 1, b: 2 }, service: { a: 0.2, b: 0.6 } }]"
        },
        {
            "one station with a bound",
            "[u r q x p0 pK] = qsmmmk(3, 1, 2, 5); Q = q; X = x;",
            "classes: [{ name: a, rate: 3 }]\nstations: [{ name: s, servers: 2, capacity: 5, service: 1 }]"
        },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Octave_finds_the_same_queues_and_throughputs(string name, string program, string yaml)
    {
        var (queues, throughputs) = await AskAsync(program);
        var solution = Solve.Exact(yaml);

        // Matrices come column by column: station by station, the classes within.
        var mine = solution.Stations.SelectMany(station => station.Classes).ToArray();
        queues.Length.ShouldBe(mine.Length, name);
        for (var i = 0; i < mine.Length; i++)
        {
            mine[i].QueueLength.Value.ShouldBe(queues[i], 1e-6, $"{name}: queue {i}");
            mine[i].Throughput.Value.ShouldBe(throughputs[i], 1e-6, $"{name}: throughput {i}");
        }
    }

    [Fact]
    public async Task Linearizer_and_octave_s_approximation_are_both_near()
    {
        var (_, throughputs) = await AskAsync("[U R Q X] = qncmmvabs([20 15], [0.03 0.02; 0.07 0.05], [1 2; 1 1], [1 1], [2 5]);");
        var solution = Solve.Approximate("classes: [{ name: a, population: 20, thinkTime: 2s }, { name: b, population: 15, thinkTime: 5s }]\nstations: [{ name: x, discipline: ps, service: { a: 0.03, b: 0.07 } }, { name: y, discipline: ps, visits: { a: 2, b: 1 }, service: { a: 0.02, b: 0.05 } }]");

        solution.Stations[0].Classes[0].Throughput.ShouldBeNear(throughputs[0], 0.01);
        solution.Stations[0].Classes[1].Throughput.ShouldBeNear(throughputs[1], 0.01);
    }

    private static async Task<(double[] Queues, double[] Throughputs)> AskAsync(string program)
    {
        var octave = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(directory => Path.Combine(directory, "octave-cli")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(octave is null, "octave-cli is not installed: apt-get install --no-install-recommends octave octave-queueing");
        var start = new ProcessStartInfo(octave!, ["--no-gui", "--quiet", "--no-init-file", "--eval", $"warning off all; pkg load queueing; {program} printf('%.17g ', Q); printf('\\n'); printf('%.17g ', X); printf('\\n');"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var text = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        process.ExitCode.ShouldBe(0, await error);
        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^2..].Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(number => double.Parse(number, CultureInfo.InvariantCulture)).ToArray()).ToArray();
        return (lines[0], lines[1]);
    }
}
