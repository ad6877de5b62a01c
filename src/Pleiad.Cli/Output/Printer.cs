using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Pleiad.Cli.Running;
using Spectre.Console;

namespace Pleiad.Cli.Output;

/// <summary>What commands show: tables, lists of properties, JSON.</summary>
internal static class Printer
{
    /// <summary>One JSON document, indented for people.</summary>
    public static void Json<T>(this Terminal terminal, T value, JsonTypeInfo<T> type) => WriteJson(terminal, value, type, indented: true);

    /// <summary>One JSON document on one line, of a stream of them.</summary>
    public static void JsonLine<T>(this Terminal terminal, T value, JsonTypeInfo<T> type) => WriteJson(terminal, value, type, indented: false);

    public static void Table(this Terminal terminal, TextTable table)
    {
        if (terminal.IsLive)
        {
            terminal.Screen().Write(table.ToDrawn(terminal.Width()));
        }
        else
        {
            terminal.Out.Write(table.ToPlain());
        }
    }

    /// <summary>One thing's properties, one a line; absent ones are left out.</summary>
    public static void Properties(this Terminal terminal, params (string Name, string? Value)[] properties)
    {
        var present = properties.Where(property => !string.IsNullOrEmpty(property.Value)).ToList();
        var width = present.Count == 0 ? 0 : present.Max(property => property.Name.Length) + 2;
        foreach (var (name, value) in present)
        {
            terminal.Out.WriteLine($"{(name + ":").PadRight(width)}{value}");
        }
    }

    /// <summary>The terminal as something that can be drawn on; its width is the one at this moment.</summary>
    public static IAnsiConsole Screen(this Terminal terminal)
    {
        var screen = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal.IsLive ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = terminal.HasColours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = terminal.IsLive ? InteractionSupport.Yes : InteractionSupport.No,
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
            Out = new AnsiConsoleOutput(terminal.Out),
        });
        screen.Profile.Width = terminal.Width();
        return screen;
    }

    private static void WriteJson<T>(Terminal terminal, T value, JsonTypeInfo<T> type, bool indented)
    {
        using (var writer = new Utf8JsonWriter(terminal.Output, new JsonWriterOptions { Indented = indented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            JsonSerializer.Serialize(writer, value, type);
        }

        terminal.Out.WriteLine();
    }
}
