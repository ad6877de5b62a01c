using Pleiad.Server.Api;
using Pleiad.Server.Hosting;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Api;

public sealed class HeldBackTests : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ApiContext _context;

    public HeldBackTests() => _context = new ApiContext(new PleiadServerOptions { Data = "/" }, null!, null!, null!, null!, null!, null!, null!, TimeProvider.System, default) { Stopping = _stopping.Token };

    [Fact]
    public async Task A_call_held_back_is_answered_with_what_there_is_when_the_API_stops()
    {
        var answer = _context.HeldBackAsync(30_000, NothingComesAsync, default);
        answer.IsCompleted.ShouldBeFalse();
        await _stopping.CancelAsync();
        (await answer.WaitAsync(TimeSpan.FromSeconds(30))).ShouldBe("nothing yet");
    }

    [Fact]
    public async Task A_caller_who_goes_away_gets_no_answer()
    {
        using var caller = new CancellationTokenSource();
        var answer = _context.HeldBackAsync(30_000, NothingComesAsync, caller.Token);
        await caller.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(answer);
    }

    public void Dispose() => _stopping.Dispose();

    private static async Task<string> NothingComesAsync(TimeSpan wait, CancellationToken cancellation)
    {
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(Timeout.Infinite, cancellation);
        }

        return "nothing yet";
    }
}
