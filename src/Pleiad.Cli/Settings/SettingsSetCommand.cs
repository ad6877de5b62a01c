using System.CommandLine;
using System.Globalization;
using Pleiad.Cli.Completion;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;
using Pleiad.Core.Settings;

namespace Pleiad.Cli.Settings;

/// <summary><c>settings set</c>: both names of a setting are known; the value is checked here first.</summary>
internal sealed class SettingsSetCommand : PleiadCommand
{
    private readonly Argument<string> _key = Complete.With(new Argument<string>("SETTING") { Description = "free_count or slots, last_connect_ms or idleTimeout, …" }, ValueKind.Setting);
    private readonly Argument<string> _value = new("VALUE") { Description = "A whole number; for times also one with a unit, such as 10m." };

    public SettingsSetCommand(Terminal terminal)
        : base(terminal, "set", "Change a setting for all services that do not set their own.", "pleiad settings set last_connect_ms 5m", "pleiad settings set slots 10")
    {
        Add(_key);
        Add(_value);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var key = SettingKey.Find(given.GetRequiredValue(_key));
        var value = key.Parse(given.GetRequiredValue(_value));
        using var client = Connection.Open(Terminal, given);
        var setting = await client.SetSettingAsync(key.Key, value.ToString(CultureInfo.InvariantCulture), cancellation);
        if (given.GetValue(Given.Json))
        {
            Terminal.Json(setting, ContractJson.Default.SettingInfo);
        }
        else
        {
            Terminal.Out.WriteLine($"{setting.Key} ({setting.Term}) is {setting.Value} {(setting.Value == 1 && setting.Unit != "ms" ? setting.Unit.TrimEnd('s') : setting.Unit)}");
        }

        return ExitCode.Done;
    }
}
