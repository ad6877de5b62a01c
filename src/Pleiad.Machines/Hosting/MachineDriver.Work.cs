using System.Globalization;
using System.Net.Sockets;
using Pleiad.Core.Identity;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Hosting;

/// <content>The work beside the driver's task: spawning, waiting for the first answer, health checks.</content>
internal sealed partial class MachineDriver
{
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan PauseMax = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// A first packet waits in the tap until the guest's driver runs and is then answered at once, so there is no need to try often; but one that came when
    /// the driver ran and the guest's stack did not yet is lost, and TCP repeats it only after a second. So attempts begin short and grow.
    /// </summary>
    private static readonly TimeSpan ConnectTimeMin = TimeSpan.FromMilliseconds(30);

    private static readonly TimeSpan ConnectTimeMax = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan FirstAnswerTimeMax = TimeSpan.FromSeconds(2);

    private async Task StartAsync(CancellationToken cancellation)
    {
        var turn = false;
        try
        {
            await _myTurn;
            turn = true;
            Post(new MachineMessage.Turn());
            await SpawnAsync();
            Post(new MachineMessage.Spawned(_process!.Identity.Id));
            WatchExit();
            _record = _record with { ProcessId = _process.Identity.Id, ProcessStart = _process.Identity.StartTicks };
            _record.Write(_host.Files.RecordOf(Order.Id));
            var answer = await FirstAnswerAsync(cancellation);
            var duration = _host.Time.GetElapsedTime(_ordered);
            _record = _record with { StartDuration = duration };
            Post(new MachineMessage.Answered(GuestHealthReader.Read(answer.Body), duration));
            _record.Write(_host.Files.RecordOf(Order.Id));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Whoever cancelled it knows why the machine ends.
            return;
        }
        catch (Exception e) when (IsExpected(e))
        {
            Post(new MachineMessage.StartFailed(e.Message));
        }
        catch (Exception e)
        {
            _host.Log.DriverFailed(Order.Id, e);
            Post(new MachineMessage.StartFailed($"a defect in Pleiad: {e.Message}"));
        }
        finally
        {
            if (turn)
            {
                _host.Starts.Release();
            }
        }
    }

    /// <summary>Makes all that QEMU needs and starts it; what was made is taken away by <see cref="CloseAsync"/>, however far this came.</summary>
    private async Task SpawnAsync()
    {
        if (KernelFile.Problem(Order.Image.Manifest.Kernel) is { } problem)
        {
            throw new IOException(problem);
        }

        WriteFirstRecord();
        _place = await _host.Network.AttachAsync(Order.Id, Order.Address, Order.Image.Manifest);
        _health = NewHealthClient(_host, _place.Service, Order.Image.Manifest.Health, ConnectTimeMin);
        _process = await MachineSpawner.SpawnAsync(_host, Order.Id, Order.Image.Manifest, _place);
        _usage = new UsageMeter(_process, _host.Time);
    }

    private void WriteFirstRecord()
    {
        try
        {
            Directory.CreateDirectory(_host.Files.DirectoryOf(Order.Id));
            _record.Write(_host.Files.RecordOf(Order.Id));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the machine's record cannot be written: {e.Message}; make room or name another data directory", e);
        }
    }

    private async Task<HealthAnswer> FirstAnswerAsync(CancellationToken cancellation)
    {
        if (_host.Network.StrangersMayAnswer)
        {
            // QEMU speaks QMP only after it has opened its forwarded port: from then on the answer is the machine's.
            await using var qmp = await QmpClient.ConnectAsync(_host.Files.QmpOf(Order.Id), Order.StartTimeout, _host.Time, cancellation);
        }

        for (var pause = PauseMin; ; pause = pause * 2 < PauseMax ? pause * 2 : PauseMax)
        {
            try
            {
                var answer = await AskAsync(FirstAnswerTimeMax, cancellation);
                if (answer.IsGood)
                {
                    return answer;
                }

                _lastProblem = string.Create(CultureInfo.InvariantCulture, $"it answers {Order.Image.Manifest.Health} with status {answer.Status}");
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                _lastProblem = e.Message;
            }

            await Task.Delay(pause, _host.Time, cancellation);
        }
    }

    private async Task CheckAsync(CancellationToken cancellation)
    {
        try
        {
            // Half the time, so that one answer lost with its connection does not yet make a machine count as hung.
            var answer = await AskAsync(Order.HangTimeout / 2, cancellation);
            Post(answer.IsGood
                ? new MachineMessage.Answered(GuestHealthReader.Read(answer.Body), null)
                : new MachineMessage.Missed($"it answers {Order.Image.Manifest.Health} with status {answer.Status}"));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The machine ends.
            return;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            Post(new MachineMessage.Missed(e.Message));
        }
        catch (Exception e)
        {
            _host.Log.DriverFailed(Order.Id, e);
            Post(new MachineMessage.Missed($"a defect in Pleiad: {e.Message}"));
        }
    }

    /// <summary>Asks for health within a time.</summary>
    /// <exception cref="IOException">No answer in that time, too.</exception>
    private async Task<HealthAnswer> AskAsync(TimeSpan timeMax, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(timeMax, _host.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await _health!.GetAsync(both.Token);
        }
        catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
        {
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"no answer from {Order.Image.Manifest.Health} within {timeMax.TotalSeconds:0.###} s"), e);
        }
    }

    /// <summary>A health client for a machine's service.</summary>
    /// <param name="host">Its host.</param>
    /// <param name="service">Where it answers.</param>
    /// <param name="path">The health path.</param>
    /// <param name="connectTime">Longest time of the first attempt to connect; it grows with each.</param>
    internal static HealthClient NewHealthClient(HostContext host, MachineAddress service, string path, TimeSpan connectTime)
    {
        var timeMax = connectTime;
        return new HealthClient(ConnectAsync, service.ToString(), path);

        async ValueTask<Stream> ConnectAsync(CancellationToken cancellation)
        {
            var timeNow = timeMax;
            timeMax = timeMax * 1.5 < ConnectTimeMax ? timeMax * 1.5 : timeMax > ConnectTimeMax ? timeMax : ConnectTimeMax;
            using var limit = new CancellationTokenSource(timeNow, host.Time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
            try
            {
                return new NetworkStream(await host.Network.ConnectAsync(service, both.Token), ownsSocket: true);
            }
            catch (OperationCanceledException e) when (!cancellation.IsCancellationRequested)
            {
                throw new IOException($"no connection to {service} within {timeNow.TotalMilliseconds:0} ms", e);
            }
        }
    }
}
