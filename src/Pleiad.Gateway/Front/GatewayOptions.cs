namespace Pleiad.Gateway.Front;

/// <summary>How the gateway treats requests.</summary>
public sealed class GatewayOptions
{
    /// <summary>Longest time without progress (a byte of request or answer) once a request has its slot; then 504.</summary>
    /// <value>5 min by default; from 100 ms to 24 h.</value>
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Machines that are tried for one request, the first included.</summary>
    /// <value>3 by default; from 1 to 10.</value>
    public int AttemptsMax { get; set; } = 3;

    /// <summary>How long a machine gets no new work after a connection to it could not be opened.</summary>
    /// <value>1 s by default (the interval of health checks); from 1 ms to 1 min.</value>
    public TimeSpan Suspension { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Told what happens to requests, on the request's own thread; must return quickly and not throw.</summary>
    public Action<GatewayEvent>? Happened { get; set; }

    /// <summary>Told of every request of a known service when it ended, on the request's own thread; must return quickly and not throw.</summary>
    public Action<GatewayRequest>? Finished { get; set; }

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(AnswerTimeout, TimeSpan.FromMilliseconds(100));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AnswerTimeout, TimeSpan.FromHours(24));
        ArgumentOutOfRangeException.ThrowIfLessThan(AttemptsMax, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(AttemptsMax, 10);
        ArgumentOutOfRangeException.ThrowIfLessThan(Suspension, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Suspension, TimeSpan.FromMinutes(1));
    }
}
