using Spectre.Console;

namespace Pleiad.Cli.Output;

/// <summary>Colours of the words that tell how something stands.</summary>
internal static class Colours
{
    public static Style Of(string word) => word switch
    {
        "done" or "ready" or "ok" => new Style(Color.Green),
        "running" or "starting" or "reserved" => new Style(Color.Aqua),
        "waiting" or "draining" or "stopping" or "warn" => new Style(Color.Yellow),
        "failed" or "fail" or "cancelled" => new Style(Color.Red),
        _ => Style.Plain,
    };
}
