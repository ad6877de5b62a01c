using System.Net.Sockets;
using Pleiad.Core.Identity;
using Pleiad.Machines.Cloning;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <summary>Looks at what an earlier run left and takes over or removes it.</summary>
internal sealed class Adoption(HostContext host, WarmPools warm, Func<MachineOrder, bool> wanted)
{
    /// <summary>Longest time for a machine to answer QMP and a health check.</summary>
    public static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(5);

    /// <summary>Machines looked at at once.</summary>
    private const int AtOnceMax = 16;

    /// <summary>Looks at every machine that has a directory or a process, apart from those driven already.</summary>
    public async Task<(IReadOnlyList<MachineDriver> Adopted, IReadOnlyList<string> Removed)> RunAsync(Func<MachineId, bool> driven, CancellationToken cancellation)
    {
        var names = host.Files.ProcessNames();
        var processes = host.Mark.FindAll().ToLookup(found => names.GetValueOrDefault(found.Machine, found.Machine), found => found.Process);
        var machines = host.Files.Present().Concat(processes.Select(group => group.Key)).Distinct().Where(machine => !driven(machine)).ToArray();
        var adopted = new List<MachineDriver>();
        var removed = new List<string>();
        var gate = new Lock();
        await Parallel.ForEachAsync(
            machines,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnceMax, CancellationToken = cancellation },
            async (machine, stop) =>
            {
                var (driver, why) = await LookAsync(machine, [.. processes[machine]], stop);
                if (driver is null)
                {
                    why = await RemoveAsync(machine, [.. processes[machine]], why);
                }

                lock (gate)
                {
                    if (driver is not null)
                    {
                        adopted.Add(driver);
                    }
                    else
                    {
                        removed.Add(why);
                    }
                }
            });
        return (adopted, [.. removed, .. await host.Launcher.SweepAsync()]);
    }

    private async Task<string> RemoveAsync(MachineId machine, ProcessIdentity[] processes, string why)
    {
        try
        {
            return await Leftovers.RemoveAsync(machine, processes, host.Files, host.Watch, host.Time)
                ? $"machine {machine}: {why}"
                : $"machine {machine}: {why}; its process does not end even by SIGKILL and is left";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"machine {machine}: {why}; its directory is left: {e.Message}";
        }
    }

    private async Task<(MachineDriver? Driver, string Why)> LookAsync(MachineId machine, ProcessIdentity[] processes, CancellationToken cancellation)
    {
        if (MachineRecord.Read(host.Files.RecordOf(machine), out var problem) is not { } record)
        {
            return (null, problem);
        }

        if (processes.Length == 0)
        {
            return (null, "its process has ended");
        }

        if (processes.Length > 1 || record.Process != processes[0])
        {
            return (null, "its process is not the one it was recorded with");
        }

        if (record.Id != machine.Value || record.Network != host.Network.Mode || !host.Network.Addresses.Contains(record.Order.Address))
        {
            return (null, $"it has {record.Ip} in a {record.Network} network, which this host does not offer");
        }

        if (!wanted(record.Order))
        {
            return (null, "it is not wanted any more");
        }

        var process = host.Launcher.Adopt(processes[0]);
        if (process is null)
        {
            return (null, "its process has ended");
        }

        var driver = await TryAsync(record, process, cancellation);
        if (driver.Driver is null)
        {
            process.Dispose();
        }

        return driver;
    }

    private async Task<(MachineDriver? Driver, string Why)> TryAsync(MachineRecord record, QemuProcess process, CancellationToken cancellation)
    {
        var image = record.Image.Manifest;
        var place = host.Network.Resume(record.Order.Address, image);
        var health = new MachineHealth(host.Network, place.Service, image.Health, AnswerTimeMax, host.Time);
        using var limit = new CancellationTokenSource(AnswerTimeMax, host.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await using (await QmpClient.ConnectAsync(host.Files.QmpOf(new MachineId(record.Id)), AnswerTimeMax, host.Time, both.Token))
            {
                // That it answers is all that is asked.
            }

            await host.Network.ServeAsync(image);
            var answer = await health.AskAsync(AnswerTimeMax, both.Token);
            if (answer.IsGood)
            {
                return (new MachineDriver(host, warm, record, process, place, health, GuestHealthReader.Read(answer.Body)), "");
            }

            health.Dispose();
            return (null, $"it answers {image.Health} with status {answer.Status}");
        }
        catch (Exception e) when (e is IOException or SocketException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            health.Dispose();
            return (null, e is OperationCanceledException ? "it does not answer" : $"it does not answer: {e.Message}");
        }
    }
}
