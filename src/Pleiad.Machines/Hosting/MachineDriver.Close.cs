using System.Globalization;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <content>The end of a machine: asks, waits, forces, waits again, removes.</content>
internal sealed partial class MachineDriver
{
    private static readonly TimeSpan AskTimeMax = TimeSpan.FromSeconds(2);

    private async Task CloseAsync(Ending? ending)
    {
        if (_timer is not null)
        {
            await _timer.DisposeAsync();
        }

        if (ending is not null)
        {
            Change(_snapshot with { State = MachineState.Stopping, Failure = ending.Failure });
        }

        await _workEnd.CancelAsync();
        await _work; // Ends soon: every wait in it is bound to this cancellation, all else is local.
        _health?.Dispose();
        if (ending is not null)
        {
            ending = await RemoveAsync(ending);
            Finish(ending);
        }

        _inbox.Writer.TryComplete();
        _process?.Dispose();
        _workEnd.Dispose();
    }

    private void Finish(Ending ending)
    {
        // The host forgets the machine before anybody waiting for its end goes on: its address is free then.
        var final = _snapshot with
        {
            State = ending.Failure is null ? MachineState.Gone : MachineState.Failed,
            Failure = ending.Failure,
            FailureDetail = ending.Failure is null ? null : ending.Detail,
            ProcessId = null,
            Usage = default,
        };
        _host.Ended(this);
        Change(final);
        if (ending.Failure is { } failure)
        {
            _host.Log.Failed(Order.Id, failure, ending.Detail);
        }
        else
        {
            _host.Log.Gone(Order.Id);
        }

        _started.TrySetResult(final);
        _ended.TrySetResult(final);
    }

    private async Task<Ending> RemoveAsync(Ending ending)
    {
        if (_process is { } process && !await EndAsync(process, askFirst: ending.Failure is null))
        {
            // Its files stay, so that the next run finds it and tries again.
            var left = $"process {process.Identity.Id} does not end even by SIGKILL";
            _host.Log.Left(Order.Id, left);
            return Ending.Failed(ending.Failure ?? MachineFailure.Died, ending.Failure is null ? left : $"{ending.Detail}; {left}");
        }

        if (_process?.Cage is { RanOutOfMemory: true })
        {
            ending = ending with { Detail = string.Create(CultureInfo.InvariantCulture, $"{ending.Detail}; it needed more memory than its limit of {MachineSpawner.LimitsOf(_host, Order.Image.Manifest).MemoryBytes >> 20} MiB") };
        }

        if (ending.TellLog && SerialLog.LastLine(_host.Files.LogOf(Order.Id)) is { } line)
        {
            ending = ending with { Detail = $"{ending.Detail}; last line of its log: {line}" };
        }

        try
        {
            if (_process?.Cage is { IsLeft: true })
            {
                _host.Log.Left(Order.Id, "its control group is still in use");
            }

            if (_place is not null)
            {
                await _place.DisposeAsync();
            }

            _host.Files.Remove(Order.Id);
            _host.Files.TrimLogs(_host.Options.LogsKeptMax);
        }
        catch (Exception e) when (IsExpected(e) || e is ObjectDisposedException)
        {
            _host.Log.Left(Order.Id, e.Message);
        }

        return ending;
    }

    /// <summary>Ends QEMU.</summary>
    /// <param name="process">The process.</param>
    /// <param name="askFirst">Whether to ask first; a machine that hangs or failed is killed at once, it has nothing left to save.</param>
    /// <returns>False when it did not end.</returns>
    private async Task<bool> EndAsync(QemuProcess process, bool askFirst)
    {
        if (askFirst && !process.Exited.IsCompleted)
        {
            try
            {
                await using var qmp = await QmpClient.ConnectAsync(_host.Files.QmpOf(Order.Id), AskTimeMax, _host.Time, CancellationToken.None);
                await qmp.ExecuteAsync("quit", null, AskTimeMax, CancellationToken.None);
                if (await EndsWithinAsync(process, AskTimeMax))
                {
                    return true;
                }

                _host.Log.DidNotEnd(Order.Id, "QMP quit", "it did not end in time");
            }
            catch (IOException e)
            {
                // It may have ended on its own, or hang: harder means follow.
                _host.Log.DidNotEnd(Order.Id, "QMP quit", e.Message);
            }

            process.Signal(ProcessCalls.SigTerm);
            if (await EndsWithinAsync(process, AskTimeMax))
            {
                return true;
            }

            _host.Log.DidNotEnd(Order.Id, "SIGTERM", "it did not end in time");
        }

        return await Leftovers.KillAsync(process, _host.Time);
    }

    private Task<bool> EndsWithinAsync(QemuProcess process, TimeSpan timeMax) => Leftovers.EndsWithinAsync(process, timeMax, _host.Time);
}
