using System.Net.Sockets;

namespace Pleiad.Machines.Hosting;

/// <content>The work beside the driver's task: the start and the health checks.</content>
internal sealed partial class MachineDriver
{
    private async Task StartAsync(CancellationToken cancellation)
    {
        var turn = false;
        try
        {
            await _myTurn;
            turn = true;
            Post(new MachineMessage.Turn());
            var (way, note, answer) = await BringUpAsync(cancellation);
            var start = new MachineStart(way, _host.Time.GetElapsedTime(_ordered), note);
            _record = _record with { Start = start };
            Post(new MachineMessage.Answered(GuestHealthReader.Read(answer.Body), start));
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
                _warm.Refill(Order.Image);
            }
        }
    }

    private async Task CheckAsync(CancellationToken cancellation)
    {
        try
        {
            // Half the time, so that one answer lost with its connection does not yet make a machine count as hung.
            var answer = await _health!.AskAsync(Order.HangTimeout / 2, cancellation);
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
}
