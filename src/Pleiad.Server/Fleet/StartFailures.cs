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
    private DateTimeOffset? _counted;
    private DateTimeOffset? _firstEarlyDeath;
    private string? _problem;

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

    /// <summary>When the row had its last failure that counts, or a machine ended early for the first time; null when there is nothing to forget.</summary>
    internal DateTimeOffset? Since
    {
        get
        {
            lock (_gate)
            {
                return _counted ?? _firstEarlyDeath;
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
            // By the last that counts: of machines whose lives overlap there is always one that failed a moment ago.
            if (_counted is null || ordered >= _counted)
            {
                _counted = now;
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
            if (_firstEarlyDeath is null)
            {
                Clear();
            }
        }
    }

    /// <summary>A machine that was ready ended by itself.</summary>
    /// <param name="ordered">When it was ordered.</param>
    /// <param name="worked">From its first answer to its last.</param>
    /// <param name="now">When it ended.</param>
    /// <param name="detail">How.</param>
    internal void Died(DateTimeOffset ordered, TimeSpan worked, DateTimeOffset now, string detail)
    {
        lock (_gate)
        {
            if (worked >= StableAfter)
            {
                return;
            }

            if (_firstEarlyDeath is not null)
            {
                Failed(ordered, now, $"machines end soon after their start: {detail}");
            }

            _firstEarlyDeath ??= now;
        }
    }

    /// <summary>A machine has been at work for <see cref="StableAfter"/>, or the service was changed.</summary>
    internal void Reset()
    {
        lock (_gate)
        {
            _firstEarlyDeath = null;
            Clear();
        }
    }

    private void Clear() => (_count, _ofImage, _last, _counted, _problem) = (0, 0, null, null, null);
}
