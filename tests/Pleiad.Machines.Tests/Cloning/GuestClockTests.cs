using System.Net.Sockets;
using Pleiad.Machines.Cloning;
using Pleiad.Machines.Tests.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Cloning;

public sealed class GuestClockTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(80);
    private static readonly TimeSpan Quick = TimeSpan.FromMilliseconds(3);

    [Fact]
    public async Task A_guest_that_got_the_time_quickly_is_told_it_once() => (await TellAsync(Quick)).ShouldBe((0, Quick));

    [Fact]
    public async Task One_that_got_it_late_is_told_it_again_until_it_came_quickly() => (await TellAsync(Slow, Slow, Slow, Quick, Slow)).ShouldBe((3, Quick));

    [Fact]
    public async Task There_is_an_end_of_it()
    {
        var (lines, error) = await TellAsync([.. Enumerable.Repeat(Slow, 100)]);
        lines.ShouldBe(8);
        error.ShouldBe(Slow);
    }

    /// <summary>How many lines a guest gets that took this long for the first one, the second, …; and the bound of the error in the end.</summary>
    private static async Task<(int Lines, TimeSpan Error)> TellAsync(params TimeSpan[] took)
    {
        var time = new ManualTime();
        var path = Path.Combine(Path.GetTempPath(), $"pleiad-clock-{Guid.NewGuid():N}.sock");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        try
        {
            listener.Listen(1);
            var guest = Task.Run(() => AnswerAsync(listener, time, took[1..]));
            TimeSpan error;
            using (var serial = await SerialLine.ConnectAsync(path, CancellationToken.None))
            {
                error = await GuestClock.CorrectAsync(serial, took[0], Patience, time, CancellationToken.None);
            }

            return (await guest.WaitAsync(Patience), error);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static async Task<int> AnswerAsync(Socket listener, ManualTime time, TimeSpan[] took)
    {
        using var reader = new StreamReader(new NetworkStream(await listener.AcceptAsync(), ownsSocket: true));
        var lines = 0;
        while (await reader.ReadLineAsync() is { } line)
        {
            line.ShouldMatch("^pleiad-identity 1 time=[0-9]+$");
            time.Now += took[lines++];
            await reader.BaseStream.WriteAsync("pleiad: identity\r\n"u8.ToArray());
        }

        return lines;
    }
}
