namespace Pleiad.Machines.Cloning;

/// <summary>Sets a guest's wall clock over its serial line.</summary>
internal static class GuestClock
{
    /// <summary>Bound of a guest's clock error where the host can keep it; docs/clones.md promises twice that.</summary>
    public static readonly TimeSpan ErrorMax = TimeSpan.FromMilliseconds(50);

    /// <summary>On a host with far too much to do every line may take long; a machine is worth more than its clock.</summary>
    private const int AttemptsMax = 8;

    /// <summary>Sends the time again until it came through quickly.</summary>
    /// <remarks>A guest's clock is behind by what the line took on its way, which is less than the time to the guest's answer.</remarks>
    /// <param name="serial">The guest's line.</param>
    /// <param name="took">From making the line that told the time last to its answer.</param>
    /// <param name="answerTimeMax">Longest wait for an answer.</param>
    /// <param name="time">Tells the time.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <returns>A bound of the error that is left.</returns>
    /// <exception cref="IOException">The guest did not answer.</exception>
    public static async Task<TimeSpan> CorrectAsync(SerialLine serial, TimeSpan took, TimeSpan answerTimeMax, TimeProvider time, CancellationToken cancellation)
    {
        for (var attempt = 0; took > ErrorMax && attempt < AttemptsMax; attempt++)
        {
            var began = time.GetTimestamp();
            await serial.WriteAsync(GuestIdentity.ClockLine(time), cancellation);
            await serial.ExpectAsync(GuestIdentity.ClockAnswer, answerTimeMax, time, cancellation);
            took = time.GetElapsedTime(began);
        }

        return took;
    }
}
