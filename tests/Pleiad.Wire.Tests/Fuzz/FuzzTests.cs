using System.Diagnostics;
using System.Globalization;
using Pleiad.Wire.Association;
using Pleiad.Wire.Captures;
using Pleiad.Wire.Tests.Fixtures;
using Pleiad.Wire.Schemes;
using Shouldly;
using Xunit;

namespace Pleiad.Wire.Tests.Fuzz;

/// <summary>
/// Mutated captures: nothing may throw, hang or grow without bound. A few hundred thousand packets in each run of the tests; PLEIAD_FUZZ_PACKETS gives another number,
/// PLEIAD_FUZZ_SEED another begin.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const long PacketsUsually = 200_000;
    private const long GrowthMax = 256L << 20;

    private static readonly string[] Sources =
    [
        "edge-cases.pcapng.xz", "public/ndpi-ajp.pcap", "public/ndpi-oracle12.pcapng", "public/ndpi-pgsql.pcap", "public/zeek-http-pipelined-requests.pcap",
        "public/zeek-pg-greenhouse-app.pcap", "public/zeek-pg-psql-select-now.pcap",
    ];

    [Fact]
    public void Mutated_captures_neither_throw_nor_hang_nor_grow()
    {
        var wanted = Setting("PLEIAD_FUZZ_PACKETS", PacketsUsually);
        var seed = (int)Setting("PLEIAD_FUZZ_SEED", 20_100_517);
        var sources = Sources.Select(TestCaptures.Unpacked).ToList();
        var (packets, round, clock) = (0L, 0, Stopwatch.StartNew());
        var (worst, most) = (TimeSpan.Zero, 0L);
        for (; packets < wanted; round++)
        {
            var chance = new Random(seed + round);
            var capture = Mutation.Of(sources[round % sources.Count], sources[chance.Next(sources.Count)], chance);
            var began = clock.Elapsed;
            packets += Math.Max(1, Analyse(capture, $"seed {seed + round}"));
            worst = TimeSpan.FromTicks(Math.Max(worst.Ticks, (clock.Elapsed - began).Ticks));
            if (round % 500 == 0)
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true));
                most.ShouldBeLessThan(GrowthMax, $"after seed {seed + round}");
            }
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{packets} packets of {round} mutated captures in {clock.Elapsed.TotalSeconds:F1} s, slowest {worst.TotalMilliseconds:F0} ms, at most {most >> 20} MiB kept"));
    }

    /// <summary>Reads and associates; an exception is named with the seed that replays it. A capture that is refused as none is no fault.</summary>
    private static long Analyse(byte[] capture, string name)
    {
        try
        {
            using var reader = CaptureReader.Open(new MemoryStream(capture));
            var assembler = new RequestAssembler(new Nothing(), new AssemblerOptions { FirstBatchExchanges = 50, BatchExchanges = 50 }, scheme: null);
            var traffic = new TrafficReader(assembler);
            traffic.ReadAll(reader, CancellationToken.None);
            assembler.End();
            traffic.OpenConnections.ShouldBe(0, name);
            traffic.Protocols.Sum(protocol => protocol.Account.KeptBytes).ShouldBe(0, name);
            return reader.Account.Frames;
        }
        catch (CaptureException)
        {
            return 0;
        }
        catch (Exception error)
        {
            throw new InvalidOperationException($"{name}: {error.Message}", error);
        }
    }

    private static long Setting(string name, long usual) => long.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var value) ? value : usual;

    private sealed class Nothing : IRequestSink
    {
        public void Begin(TierMap map, RequestClasses classes)
        {
        }

        public void Exchange(Node node)
        {
        }

        public void Request(Node request)
        {
        }

        public void Unattributed(Node call)
        {
        }
    }
}
