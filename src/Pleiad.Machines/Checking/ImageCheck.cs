using System.Globalization;
using Pleiad.Core.Documents;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Networks;

namespace Pleiad.Machines.Checking;

/// <summary>Boots an image in a host and a network of its own and finds out whether and how it works; nothing of it is left.</summary>
public sealed class ImageCheck
{
    private const int AddressCount = 2;
    private const long Mebibyte = 1 << 20;
    private const int StartsTimeFactor = 3;

    /// <summary>With little memory a machine may be slower, but not by more than this: so it need not be waited for any longer.</summary>
    private const int SlowerMax = 4;

    private static readonly TimeSpan TrialTimeMin = TimeSpan.FromSeconds(2);
    private static readonly long[] LargerMebibytes = [64, 512];

    private readonly ImageCheckOptions _options;
    private readonly ImageManifest _manifest;
    private readonly IProgress<string> _progress;
    private readonly TimeProvider _time;
    private readonly Trials _trials;

    private ImageCheck(ImageCheckOptions options, ImageManifest manifest, Trials trials, IProgress<string> progress, TimeProvider time) =>
        (_options, _manifest, _trials, _progress, _time) = (options, manifest, trials, progress, time);

    /// <summary>Checks an image.</summary>
    /// <param name="image">The image.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told each step in a few words.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Ends it; machines and network are removed before the call returns.</param>
    /// <exception cref="MachineHostException">No machine can run here, or what gives it its address is missing; the message names the remedy.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static async Task<ImageCheckReport> RunAsync(StoredImage image, ImageCheckOptions options, IProgress<string> progress, TimeProvider time, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(progress);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Timeout, ImageCheckOptions.TimeoutMin, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Timeout, ImageCheckOptions.TimeoutMax, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Starts, 1, nameof(options));
        await using var host = await options.OpenHostAsync(AddressCount, time, cancellation);
        var isNamespace = host.Capabilities.Network == NetworkMode.Namespace;
        if (isNamespace && AddressTemplate.IsDhcp(image.Manifest.Address) && DhcpServer.Lacking() is { } lacking)
        {
            throw new MachineHostException(MachineHostFault.Network, lacking);
        }

        await using var traffic = isNamespace ? await GuestTraffic.OpenAsync(options.Namespace, NamespaceNetwork.BridgeName) : null;
        var check = new ImageCheck(options, image.Manifest, new Trials(host, traffic, image, time), progress, time);
        var capabilities = host.Capabilities;
        return await check.RunAsync(
            new ImageCheckReport(image.Manifest.Name, false, capabilities.Accelerator, isNamespace ? "namespace" : "user", image.Manifest.MemoryBytes), cancellation);
    }

    private async Task<ImageCheckReport> RunAsync(ImageCheckReport report, CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        _progress.Report($"starting it with {ByteSize.Format(_manifest.MemoryBytes)} on {report.Accelerator}");
        TrialStart.Answered? first = null;
        var answers = new List<TimeSpan>();
        while (answers.Count == 0 || (answers.Count < _options.Starts && _time.GetElapsedTime(began) < StartsTimeFactor * _options.Timeout))
        {
            switch (await _trials.StartAsync(_manifest.MemoryBytes, _options.Timeout, cancellation))
            {
                case TrialStart.Answered answered:
                    first ??= answered;
                    answers.Add(answered.Answer);
                    _progress.Report(string.Create(CultureInfo.InvariantCulture, $"start {answers.Count} of {_options.Starts}: it answered after {answered.Answer.TotalMilliseconds:0} ms"));
                    break;
                case TrialStart.Silent { Seen: var seen }:
                    return await FailedAsync(report, seen, answers.Count, cancellation);
                default:
                    throw new InvalidOperationException("a start has only these outcomes");
            }
        }

        var smallest = await SmallestMemoryAsync(answers.Max(), cancellation);
        return report with
        {
            Works = true,
            Address = first!.Address,
            AddressBy = first.AskedDhcp ?? AddressTemplate.IsDhcp(_manifest.Address) ? AddressWay.Dhcp : AddressWay.CommandLine,
            FirstAnswersMs = [.. answers.Select(Milliseconds)],
            FirstAnswerMs = Milliseconds(Median(answers)),
            Health = first.Health,
            QemuMemoryBytes = first.QemuMemory,
            MemorySmallestBytes = smallest.WorksMebibytes * Mebibyte,
            MemoryTooSmallBytes = smallest.FailsMebibytes == 0 ? null : smallest.FailsMebibytes * Mebibyte,
        };
    }

    private async Task<ImageCheckReport> FailedAsync(ImageCheckReport report, GuestSeen seen, int answered, CancellationToken cancellation)
    {
        // A guest that answers nothing and says nothing of another address may not have come so far for want of memory.
        if (answered == 0 && seen.Health is null && seen.Frames is not ({ AnsweredArp: true } or { Addresses.Count: > 0 } or { AskedDhcp: true }))
        {
            seen = seen with { MemoryThatWorks = await LargerMemoryAsync(cancellation) };
        }

        var failure = StartDiagnosis.Of(seen, _manifest);
        return report with
        {
            Health = seen.Health,
            Failure = answered == 0 ? failure : failure with { Summary = string.Create(CultureInfo.InvariantCulture, $"it answered in {answered} of {answered + 1} starts; in the last one {failure.Summary}") },
        };
    }

    /// <summary>A memory that it works with when its own is too little; null when more does not help either.</summary>
    private async Task<long?> LargerMemoryAsync(CancellationToken cancellation)
    {
        foreach (var bytes in LargerMebibytes.Select(mebibytes => mebibytes * Mebibyte).Where(bytes => bytes > _manifest.MemoryBytes))
        {
            _progress.Report($"it did not answer; trying {ByteSize.Format(bytes)}");
            if (await _trials.StartAsync(bytes, _options.Timeout, cancellation) is TrialStart.Answered)
            {
                return bytes;
            }
        }

        return null;
    }

    private async Task<MemorySearch> SmallestMemoryAsync(TimeSpan slowest, CancellationToken cancellation)
    {
        var began = _time.GetTimestamp();
        var patience = TimeSpan.FromTicks(Math.Clamp((SlowerMax * slowest).Ticks, TrialTimeMin.Ticks, Math.Max(TrialTimeMin.Ticks, _options.Timeout.Ticks)));
        var search = new MemorySearch(_manifest.MemoryBytes / Mebibyte);
        while (search.Next is { } next && _time.GetElapsedTime(began) < _options.MemorySearchTime)
        {
            var works = await _trials.StartAsync(next * Mebibyte, patience, cancellation) is TrialStart.Answered;
            _progress.Report($"{next} MiB {(works ? "work" : "are too little")}");
            search = search.Tried(next, works);
        }

        return search;
    }

    private static double Milliseconds(TimeSpan time) => Math.Round(time.TotalMilliseconds, 1);

    private static TimeSpan Median(IEnumerable<TimeSpan> times)
    {
        var ordered = times.Order().ToArray();
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }
}
