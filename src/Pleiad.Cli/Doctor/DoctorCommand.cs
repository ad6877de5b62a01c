using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Machines.Images;
using Pleiad.Machines.Isolation;
using Pleiad.Server.Hosting;

namespace Pleiad.Cli.Doctor;

/// <summary><c>doctor</c>: what this machine offers, by trying it.</summary>
internal sealed class DoctorCommand : PleiadCommand
{
    private readonly Option<string?> _data = Given.Data();
    private readonly Option<string?> _image = new("--image") { Description = $"Estimate how many machines of this image fit ({ShippedImages.Primes.Name} unless given).", HelpName = "NAME" };

    public DoctorCommand(Terminal terminal)
        : base(terminal, "doctor", "Try what this machine offers: QEMU, accelerators, network, tools, with a remedy for what is missing.", "pleiad doctor", "pleiad doctor --image server --json")
    {
        Add(_image);
        Add(_data);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var report = DoctorReport.Of(await LookAsync(Path.GetFullPath(given.GetValue(_data) ?? DataDirectory.Default), given.GetValue(_image) ?? ShippedImages.Primes.Name, cancellation));
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(report, CliJson.Default.DoctorReport);
        }
        else
        {
            Terminal.Table(Table(report));
            foreach (var check in report.Checks.Where(check => check.Remedy is not null))
            {
                Terminal.Out.WriteLine($"{check.Name}: {check.Remedy}");
            }

            Terminal.Out.WriteLine(report.CanRun ? "Machines can run here." : "Machines cannot run here: mend what says 'fail'.");
        }

        return report.CanRun ? ExitCode.Done : ExitCode.Missing;
    }

    public static TextTable Table(DoctorReport report)
    {
        var table = new TextTable(new("Check"), new("Result"), new("Found", Wraps: true));
        foreach (var check in report.Checks)
        {
            table.Add(check.Name, check.Verdict.ToString().ToLowerInvariant(), check.Seen);
        }

        return table;
    }

    private async Task<IReadOnlyList<Finding>> LookAsync(string data, string image, CancellationToken cancellation)
    {
        var ip = Tool.Find("ip");
        var directory = DataFinding(data);
        var findings = new List<Finding>
        {
            HostChecks.Runtime(Environment.Version),
            HostChecks.Cores(Environment.ProcessorCount),
            HostChecks.Memory(await File.ReadAllTextAsync("/proc/meminfo", cancellation), GroupMemory.AvailableBytes()),
            directory,
            HostChecks.OpenFiles(await File.ReadAllTextAsync("/proc/self/limits", cancellation)),
            NetworkChecks.Privileges(await File.ReadAllTextAsync("/proc/self/status", cancellation)),
            NetworkChecks.Ip(ip),
            NetworkChecks.Tun(),
            await NetworkChecks.NamespaceAsync(Terminal, ip, cancellation),
            NetworkChecks.Dhcp(Tool.Find),
            GuestChecks.BuildTools(Tool.Find),
            await GuestChecks.QemuAsync(Terminal, cancellation),
        };
        findings.AddRange(await IsolationChecks.AllAsync(Terminal, cancellation));
        if (directory.Verdict != Verdict.Fail)
        {
            findings.AddRange(await GuestChecks.AcceleratorsAsync(Terminal, data, cancellation));
            findings.Add(await DensityChecks.EstimateAsync(Terminal, data, image, cancellation));
        }

        return findings;
    }

    /// <summary>Whether data can be written, and how much; the directory is made as every other command would.</summary>
    private static Finding DataFinding(string data)
    {
        try
        {
            Directory.CreateDirectory(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var trial = Path.Combine(data, $".doctor-{Environment.ProcessId}");
            File.WriteAllText(trial, "trial");
            File.Delete(trial);
            return HostChecks.Disk(data, new DriveInfo(data).AvailableFreeSpace);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new("disk", Verdict.Fail, $"{data} cannot be written ({error.Message})", "give a directory that you may write to with --data or PLEIAD_DATA");
        }
    }
}
