using System.CommandLine;
using System.Net;
using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client;

namespace Pleiad.Cli.Machines;

/// <summary><c>machine log</c>: the serial log, followed until the machine ends.</summary>
internal sealed class MachineLogCommand : PleiadCommand
{
    private readonly MachineArgument _machine = new();
    private readonly Option<bool> _follow = new("--follow", "-f") { Description = "Go on with what is added, until the machine ends." };

    public MachineLogCommand(Terminal terminal)
        : base(terminal, "log", "The serial log of a machine, also of one that ended lately.", "pleiad machine log m-k3v9", "pleiad machine log m-k3v9 --follow")
    {
        _machine.AddTo(this);
        Add(_follow);
    }

    protected override async Task<ExitCode> RunAsync(ParseResult given, CancellationToken cancellation)
    {
        var follow = given.GetValue(_follow);
        using var client = Connection.Open(Terminal, given, follow ? Connection.Patient() : null);
        var id = await _machine.FindAsync(client, given, cancellation);
        if (!follow && !given.GetValue(Given.Json))
        {
            await client.CopyMachineLogAsync(id, Terminal.Output, cancellation);
            return ExitCode.Done;
        }

        var tail = new LogTail();
        while (true)
        {
            var runs = follow && await RunsAsync(client, id, cancellation);
            using var log = new MemoryStream();
            await client.CopyMachineLogAsync(id, log, cancellation);
            Write(id, tail.Added(log.ToArray()), given.GetValue(Given.Json), follow);
            if (!runs)
            {
                return ExitCode.Done;
            }

            await Task.Delay(Watch.Interval / 2, Terminal.Time, cancellation);
        }
    }

    private void Write(string id, ReadOnlyMemory<byte> added, bool json, bool follow)
    {
        if (!json)
        {
            Terminal.Output.Write(added.Span);
        }
        else if (added.Length > 0 || !follow)
        {
            var log = new MachineLog(id, System.Text.Encoding.UTF8.GetString(added.Span));
            if (follow)
            {
                Terminal.JsonLine(log, CliJson.Default.MachineLog);
            }
            else
            {
                Terminal.Json(log, CliJson.Default.MachineLog);
            }
        }
    }

    /// <summary>Looked at before the log is read, so that nothing written last is missed.</summary>
    private static async Task<bool> RunsAsync(PleiadClient client, string id, CancellationToken cancellation)
    {
        try
        {
            return (await client.GetMachineAsync(id, cancellation)).State is not ("gone" or "failed");
        }
        catch (PleiadApiException gone) when (gone.Status == HttpStatusCode.NotFound)
        {
            return false;
        }
    }
}

/// <summary>A machine's serial log, or what was added to it.</summary>
internal sealed record MachineLog(string Machine, string Log);
