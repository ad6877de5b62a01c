using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Shapes;

/// <summary>
/// A level over time, piecewise linear, times a factor that can be changed while it runs. λ(t) is the level, Λ(t) its integral from 0; both in seconds since the start of the run.
/// </summary>
internal sealed class RateShape
{
    private readonly (double Start, double From, double Slope)[] _pieces;
    private readonly List<(double Start, double Factor)> _factors = [(0, 1)];

    public RateShape(IReadOnlyList<LoadStep> steps)
    {
        var pieces = new List<(double, double, double)>();
        var at = 0.0;
        foreach (var step in steps)
        {
            var length = step.Length.TotalSeconds;
            pieces.Add((at, step.From, (step.To - step.From) / length));
            at += length;
        }

        pieces.Add((at, steps.Count == 0 ? 0 : steps[^1].To, 0));
        _pieces = [.. pieces];
    }

    /// <summary>Changes with every new factor.</summary>
    public int Version { get; private set; }

    /// <summary>From <paramref name="at"/> on the level is multiplied by <paramref name="factor"/> instead of by what came before.</summary>
    public void SetFactor(double at, double factor)
    {
        while (_factors.Count > 1 && _factors[^1].Start >= at)
        {
            _factors.RemoveAt(_factors.Count - 1);
        }

        _factors.Add((at, factor));
        Version++;
    }

    public double FactorAt(double t) => _factors.FindLast(each => each.Start <= t).Factor;

    public double At(double t)
    {
        var piece = _pieces[Index(t)];
        return Math.Max(0, (piece.From + (piece.Slope * (t - piece.Start))) * FactorAt(t));
    }

    /// <summary>∫λ from <paramref name="from"/> to <paramref name="to"/>.</summary>
    public double Integral(double from, double to)
    {
        var sum = 0.0;
        while (from < to)
        {
            var end = Math.Min(to, PieceEnd(from));
            sum += (At(from) + LevelBefore(end)) / 2 * (end - from);
            from = end;
        }

        return sum;
    }

    /// <summary>The t ≥ <paramref name="from"/> with ∫λ from there = <paramref name="amount"/>; infinity when there is none.</summary>
    public double Advance(double from, double amount)
    {
        while (true)
        {
            var end = PieceEnd(from);
            var level = At(from);
            var slope = _pieces[Index(from)].Slope * FactorAt(from);
            if (double.IsPositiveInfinity(end))
            {
                return level > 0 ? from + (amount / level) : double.PositiveInfinity;
            }

            var whole = (level + LevelBefore(end)) / 2 * (end - from);
            if (whole >= amount && whole > 0)
            {
                // level·x + slope·x²/2 = amount, in the form without cancellation.
                var root = Math.Sqrt(Math.Max(0, (level * level) + (2 * slope * amount)));
                return Math.Min(end, from + (level + root == 0 ? 0 : 2 * amount / (level + root)));
            }

            amount -= whole;
            from = end;
        }
    }

    /// <summary>The first moment at or after <paramref name="from"/> at which the level is at least <paramref name="level"/>; infinity when there is none.</summary>
    public double FirstAtLeast(double from, double level)
    {
        while (true)
        {
            if (At(from) >= level - 1e-9)
            {
                return from;
            }

            var end = PieceEnd(from);
            if (double.IsPositiveInfinity(end))
            {
                return double.PositiveInfinity;
            }

            var slope = _pieces[Index(from)].Slope * FactorAt(from);
            if (slope > 0 && LevelBefore(end) >= level)
            {
                return Math.Min(end, from + ((level - At(from)) / slope));
            }

            from = end;
        }
    }

    private int Index(double t)
    {
        var at = _pieces.Length - 1;
        while (at > 0 && _pieces[at].Start > t)
        {
            at--;
        }

        return at;
    }

    /// <summary>Where the next piece or factor after <paramref name="t"/> begins.</summary>
    private double PieceEnd(double t)
    {
        var piece = Index(t) + 1 < _pieces.Length ? _pieces[Index(t) + 1].Start : double.PositiveInfinity;
        var factor = _factors.FindIndex(each => each.Start > t) is var found and >= 0 ? _factors[found].Start : double.PositiveInfinity;
        return Math.Min(piece, factor);
    }

    /// <summary>The level just before <paramref name="end"/>, where a piece ends.</summary>
    private double LevelBefore(double end)
    {
        var at = _pieces.Length - 1;
        while (at > 0 && _pieces[at].Start >= end)
        {
            at--;
        }

        return Math.Max(0, (_pieces[at].From + (_pieces[at].Slope * (end - _pieces[at].Start))) * _factors.FindLast(each => each.Start < end || each.Start == 0).Factor);
    }
}
