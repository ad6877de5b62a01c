using Pleiad.Scaling;

namespace Pleiad.Server.Fleet;

/// <summary>
/// Counts failed starts in a row, so that the planner can wait ever longer between attempts. Machines that end by themselves soon after their start, again and again,
/// count like starts that failed: a single one is replaced at once.
/// </summary>
internal sealed class StartFailures
{
    /// <summary>A machine that worked this long started well, whatever comes then.</summary>
    internal static readonly TimeSpan StableAfter = RollingPlanner.TrialTime;

    private readonly Lock _gate = new();
    private int _count;
    private int _ofImage;
    private DateTimeOffset? _last;
    private string? _problem;
    private bool _diedEarly;

    /// <summary>The last failure in a sentence; null when starts succeed.</summary>
    internal string? Problem
    {
        get
        {
            lock (_gate)
            {
                return _problem;
            }
        }
    }

    /// <summary>Failures in a row and the time of the last.</summary>
    internal (int Count, DateTimeOffset? Last) Row
    {
        get
        {
            lock (_gate)
            {
                return (_count, _last);
            }
        }
    }

    /// <summary>Those of the row that the image or its machine is to blame for, and not want of an address or of an answer of the store.</summary>
    internal int OfImage
    {
        get
        {
            lock (_gate)
            {
                return _ofImage;
            }
        }
    }

    /// <summary>A start failed. Several that were under way at once are one failure: none of them was tried because of another.</summary>
    internal void Failed(DateTimeOffset ordered, DateTimeOffset now, string detail, bool ofImage = true)
    {
        lock (_gate)
        {
            if (_last is null || ordered >= _last)
            {
                _count++;
                _ofImage += ofImage ? 1 : 0;
            }

            _last = now;
            _problem = detail;
        }
    }

    /// <summary>A machine answered for the first time.</summary>
    internal void Ready()
    {
        lock (_gate)
        {
            if (!_diedEarly)
            {
                Clear();
            }
        }
    }

    /// <summary>A machine that was ready ended by itself.</summary>
    internal void Died(DateTimeOffset ordered, DateTimeOffset ready, DateTimeOffset now, string detail)
    {
        lock (_gate)
        {
            if (now - ready >= StableAfter)
            {
                return;
            }

            if (_diedEarly)
            {
                Failed(ordered, now, $"machines end soon after their start: {detail}");
            }

            _diedEarly = true;
        }
    }

    /// <summary>A machine has been at work for <see cref="StableAfter"/>, or the service was changed.</summary>
    internal void Reset()
    {
        lock (_gate)
        {
            _diedEarly = false;
            Clear();
        }
    }

    private void Clear() => (_count, _ofImage, _last, _problem) = (0, 0, null, null);
}
