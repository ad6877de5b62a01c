using System.CommandLine;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Settings;

/// <summary><c>settings</c>: the system-wide defaults; below it <c>settings set</c>.</summary>
internal sealed class SettingsCommand(Terminal terminal)
    : PleiadCommand(terminal, "settings", "The system-wide settings; a service may set its own.", "pleiad settings")
{
    public static TextTable Table(IEnumerable<SettingInfo> settings)
    {
        var table = new TextTable(new("Setting"), new("In YAML", Spare: 1), new("Value", true), new("Unit"), new("Default", true), new("From", true, Spare: 2), new("To", true, Spare: 2), new("Meaning", Wraps: true));
        foreach (var setting in settings)
        {
            table.Add(
                setting.Key, setting.Term, Figures.Whole(setting.Value), setting.Unit, Figures.Whole(setting.Default), Figures.Whole(setting.Min), Figures.Whole(setting.Max), setting.Meaning);
        }

        return table;
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        using var client = Connection.Open(Terminal, given);
        var settings = await client.ListSettingsAsync(cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(settings, ContractJson.Default.IReadOnlyListSettingInfo);
        }
        else
        {
            Terminal.Table(Table(settings));
        }

        return ExitCode.Done;
    }
}
