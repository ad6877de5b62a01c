using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Machines.Checking;

namespace Pleiad.Cli.Images;

/// <summary>A check's report for people.</summary>
internal static class ImageCheckView
{
    private const long Mebibyte = 1 << 20;

    public static void Show(Terminal terminal, ImageCheckReport report)
    {
        terminal.Properties(
            ("image", report.Image),
            ("works", report.Works ? "yes" : "no"),
            ("host", $"accelerator {report.Accelerator}, {report.Network} network"),
            ("address", report.AddressBy is { } way ? $"{report.Address}, {Words(way)}" : null),
            ("first answer", Answers(report)),
            ("health", report.Health is { } health ? $"{health.Path} answered {health.Status}, {Figures.Bytes(health.BodyBytes)}{(health.Body.Length > 0 ? $": {health.Body}" : "")}" : null),
            ("smallest memory", Memory(report)),
            ("memory of QEMU", report.QemuMemoryBytes is { } bytes ? $"{Figures.Bytes(bytes)} for a machine of {Figures.Bytes(report.MemoryBytes)} (its proportional share)" : null),
            ("problem", report.Failure?.Summary),
            ("remedy", report.Failure?.Remedy));
        if (report.Failure is { } failure)
        {
            ShowLines(terminal, "seen:", failure.Seen);
            ShowLines(terminal, "the end of its serial log:", failure.Log);
        }
    }

    private static string Words(AddressWay way) => way == AddressWay.Dhcp ? "asked for by DHCP" : "read from its command line";

    private static string? Answers(ImageCheckReport report) => report.FirstAnswersMs.Count switch
    {
        0 => null,
        1 => Figures.Milliseconds(report.FirstAnswerMs),
        var count => $"{Figures.Milliseconds(report.FirstAnswerMs)} (median of {count} cold starts, {Figures.Milliseconds(report.FirstAnswersMs.Min())} to {Figures.Milliseconds(report.FirstAnswersMs.Max())})",
    };

    private static string? Memory(ImageCheckReport report) => report switch
    {
        { MemorySmallestBytes: null } => null,
        { MemoryTooSmallBytes: { } small } => $"{report.MemorySmallestBytes / Mebibyte} MiB ({small / Mebibyte} are too little; it has {report.MemoryBytes / Mebibyte})",
        _ => $"{report.MemorySmallestBytes / Mebibyte} MiB (it has {report.MemoryBytes / Mebibyte})",
    };

    private static void ShowLines(Terminal terminal, string title, IReadOnlyList<string> lines)
    {
        if (lines.Count > 0)
        {
            terminal.Out.WriteLine(title);
            foreach (var line in lines)
            {
                terminal.Out.WriteLine($"  {line}");
            }
        }
    }
}
