using Microsoft.Data.Sqlite;
using Pleiad.Wire.Association;
using Pleiad.Wire.Captures;
using Pleiad.Wire.Decomposition;
using Pleiad.Wire.Protocols;
using Pleiad.Wire.Reports;
using Pleiad.Wire.Schemes;

namespace Pleiad.Wire;

/// <summary>How a capture is analysed.</summary>
public sealed class AnalysisOptions
{
    /// <summary>The tiers; null proposes them from the traffic.</summary>
    public Scheme? Scheme { get; set; }

    /// <summary>Posterior below which a link is left open.</summary>
    /// <value>0.9 by default; from 0.5 to 1.</value>
    public double Threshold { get; set; } = 0.9;

    /// <summary>Directory for requests.csv, requests.db, spans and the report, or null for none; it is made if it does not exist.</summary>
    public string? OutputDirectory { get; set; }

    /// <summary>CPU share of a machine of each tier, from 0 to 1, by the tier's name; for the check of U = X·D.</summary>
    public IReadOnlyDictionary<string, double> Utilization { get; set; } = new Dictionary<string, double>();

    /// <summary>How much is gathered before it is settled.</summary>
    internal AssemblerOptions Batches { get; set; } = new();
}

/// <summary>From a capture to every tier's own time; see docs/wire.md.</summary>
public static class CaptureAnalysis
{
    /// <summary>Analyses a capture file, and writes files when asked to.</summary>
    /// <param name="file">pcap or pcapng, plain or packed with gzip, xz or zstd.</param>
    /// <param name="options">Scheme, threshold, directory.</param>
    /// <param name="cancellation">Ends the work between frames.</param>
    /// <exception cref="CaptureException">The file cannot be read as a capture, or the results cannot be written.</exception>
    public static WireReport Run(string file, AnalysisOptions options, CancellationToken cancellation = default)
    {
        using var stream = Open(file);
        return Run(stream, Path.GetFileName(file), options, cancellation);
    }

    private static FileStream Open(string file)
    {
        try
        {
            return new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1, FileOptions.SequentialScan);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            var why = Directory.Exists(file) ? "is a directory; give a file" : error switch
            {
                FileNotFoundException or DirectoryNotFoundException => "does not exist",
                UnauthorizedAccessException => "may not be read",
                _ => error.Message,
            };
            throw new CaptureException(CaptureFault.Unreadable, $"{file}: {why}", error);
        }
    }

    /// <summary>Analyses a capture as it comes, for example from a pipe.</summary>
    /// <param name="stream">The capture's bytes; read once, from begin to end.</param>
    /// <param name="name">What to call it.</param>
    /// <param name="options">Scheme, threshold, directory.</param>
    /// <param name="cancellation">Ends the work between frames.</param>
    /// <exception cref="CaptureException">The stream is no capture, or the results cannot be written.</exception>
    public static WireReport Run(Stream stream, string name, AnalysisOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        using var capture = Open(stream, name);
        try
        {
            return Run(capture, name, options, cancellation);
        }
        catch (Exception error) when (options.OutputDirectory is not null && error is IOException or UnauthorizedAccessException or SqliteException)
        {
            // Reading stops at damage and says so; what fails here is writing.
            throw new CaptureException(CaptureFault.CannotWrite, $"{options.OutputDirectory}: cannot be written to: {error.Message}", error);
        }
    }

    private static CaptureReader Open(Stream stream, string name)
    {
        try
        {
            return CaptureReader.Open(stream);
        }
        catch (CaptureException error)
        {
            throw new CaptureException(error.Reason, $"{name}: {error.Message}", error);
        }
    }

    internal static WireReport Run(CaptureReader capture, string name, AnalysisOptions options, CancellationToken cancellation)
    {
        var sink = new SinkOfLater();
        var reader = new TrafficReader(sink);
        var writers = options.OutputDirectory is { } directory ? RequestWriters.In(directory, reader.Statements) : [];
        try
        {
            var hasFirst = capture.TryRead(out var first);
            var collector = new RequestCollector(reader.Statements, options.Threshold, () => IsWhole(capture.Account, reader), hasFirst ? first.TimeNs : 0, writers);
            options.Batches.PosteriorMin = options.Threshold;
            var assembler = new RequestAssembler(collector, options.Batches, options.Scheme);
            sink.Target = assembler;
            if (hasFirst)
            {
                reader.Take(first);
            }

            reader.ReadAll(capture, cancellation);
            assembler.End();
            var report = new ReportBuilder(capture.Account, reader, assembler, collector, options).Build();
            foreach (var writer in writers)
            {
                writer.End();
            }

            if (options.OutputDirectory is not null)
            {
                RequestWriters.WriteReports(options.OutputDirectory, name, report, collector);
            }

            return report;
        }
        finally
        {
            foreach (var writer in writers)
            {
                writer.Dispose();
            }
        }
    }

    // Only a whole capture shows that a request made no call.
    private static bool IsWhole(CaptureAccount capture, TrafficReader traffic) =>
        capture.DamageCount == 0 && capture.FramesDropped == 0 && traffic.Tcp.Gaps == 0 && traffic.Protocols.All(protocol => protocol.Account.Resynchronized == 0);

    /// <summary>The parsers are made before the one who takes their exchanges, which needs their statements.</summary>
    private sealed class SinkOfLater : IExchangeSink
    {
        public RequestAssembler? Target { get; set; }

        public Exchange New(ConversationInfo conversation, long startNs) => Target!.New(conversation, startNs);

        public void Opened(Exchange exchange) => Target!.Opened(exchange);

        public void Completed(Exchange exchange) => Target!.Completed(exchange);

        public void Abandoned(Exchange exchange) => Target!.Abandoned(exchange);
    }
}
