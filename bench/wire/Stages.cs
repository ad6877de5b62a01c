using System.Diagnostics;
using System.Globalization;
using Pleiad.Wire;
using Pleiad.Wire.Association;
using Pleiad.Wire.Captures;
using Pleiad.Wire.Packets;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Schemes;
using Pleiad.Wire.Tcp;

namespace Pleiad.Bench.Wire;

/// <summary>Where the time goes: each stage of the way of a frame, with all before it, in a process of its own.</summary>
internal static class Stages
{
    public static readonly string[] Names = ["read", "packets", "tcp", "protocols", "association", "all"];

    /// <summary>Runs up to a stage and says what the collector did meanwhile.</summary>
    public static void Run(string stage, string file)
    {
        var began = Stopwatch.GetTimestamp();
        switch (stage)
        {
            case "all":
                CaptureAnalysis.Run(file, new AnalysisOptions(), CancellationToken.None);
                break;
            case "association":
                var assembler = new RequestAssembler(new Nobody(), new AssemblerOptions(), null);
                Read(file, new TrafficReader(assembler));
                assembler.End();
                break;
            case "protocols":
                Read(file, new TrafficReader(new Nobody()));
                break;
            default:
                Read(file, stage);
                break;
        }

        using var process = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{stage,-12} {process.UserProcessorTime.TotalSeconds,7:F2} {process.PrivilegedProcessorTime.TotalSeconds,7:F2} {Stopwatch.GetElapsedTime(began).TotalSeconds,8:F2} {GC.GetTotalAllocatedBytes() / 1048576.0,14:F0} {GC.CollectionCount(0),5} {GC.CollectionCount(1),5} {GC.CollectionCount(2),5} {GC.GetTotalPauseDuration().TotalSeconds,8:F2}"));
    }

    private static void Read(string file, TrafficReader traffic)
    {
        using var capture = CaptureReader.Open(Open(file));
        traffic.ReadAll(capture, CancellationToken.None);
    }

    private static void Read(string file, string stage)
    {
        using var capture = CaptureReader.Open(Open(file));
        var decoder = new PacketDecoder();
        var reassembler = new TcpReassembler(new TcpOptions(), static _ => new Nobody());
        while (capture.TryRead(out var frame))
        {
            if (stage != "read" && decoder.TryDecode(frame, out var segment) && stage == "tcp")
            {
                reassembler.Take(ref segment);
            }
        }
    }

    private static FileStream Open(string file) => new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, FileOptions.SequentialScan);

    private sealed class Nobody : IByteConversation, IExchangeSink, IRequestSink
    {
        public void Data(int side, ReadOnlySpan<byte> data, long timeNs)
        {
        }

        public void Gap(int side, long bytes, long timeNs)
        {
        }

        public void Finished(int side, long timeNs)
        {
        }

        public void Closed(long timeNs)
        {
        }

        public void Opened(Pleiad.Wire.Protocols.Exchange exchange)
        {
        }

        public void Completed(Pleiad.Wire.Protocols.Exchange exchange)
        {
        }

        public void Abandoned(Pleiad.Wire.Protocols.Exchange exchange)
        {
        }

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
