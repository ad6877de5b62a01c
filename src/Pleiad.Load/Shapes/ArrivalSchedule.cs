using Pleiad.Distributions.Arrivals;

namespace Pleiad.Load.Shapes;

/// <summary>
/// The moments at which sessions arrive: a process of rate 1 run through the time change Λ⁻¹, so that a Poisson process with any shape is exactly the inhomogeneous one. Every worker
/// and agent has the same schedule of the same seed and takes its share of it by number: together they are that one process, without a word between them.
/// </summary>
internal sealed class ArrivalSchedule
{
    private readonly ArrivalSource _unit;
    private readonly RateShape _shape;
    private readonly long _share;
    private readonly long _shares;
    private double _now;
    private double _unitNow;
    private double _unitNext;
    private long _number = -1;
    private int _version;

    /// <param name="unit">A source of rate 1.</param>
    /// <param name="shape">Its rate over time.</param>
    /// <param name="share">Which arrivals are taken: those whose number is this modulo <paramref name="shares"/>.</param>
    /// <param name="shares">How many share the schedule.</param>
    public ArrivalSchedule(ArrivalSource unit, RateShape shape, int share, int shares)
    {
        (_unit, _shape, _share, _shares) = (unit, shape, share, shares);
        Advance();
    }

    /// <summary>Number of the next arrival of this share, over all shares.</summary>
    public long Number => _number;

    /// <summary>When it is, in seconds since the start; infinity when there are no more.</summary>
    public double Next { get; private set; }

    /// <summary>Goes on to the arrival after it.</summary>
    public void Advance()
    {
        var steps = _number < 0 ? _share + 1 : _shares;
        if (_number >= 0 && !double.IsPositiveInfinity(Next))
        {
            // From here the time change goes on: all that came before is past, so that a change of the rate cannot touch it.
            (_now, _unitNow) = (Next, _unitNext);
        }

        for (var i = 0L; i < steps; i++)
        {
            _unitNext = _unit.Next();
        }

        _number += steps;
        Plan();
    }

    /// <summary>Plans the next arrival again when the shape was changed; changes lie in the future of all arrivals taken.</summary>
    public void Refresh()
    {
        if (_version != _shape.Version)
        {
            Plan();
        }
    }

    private void Plan()
    {
        _version = _shape.Version;
        Next = _shape.Advance(_now, _unitNext - _unitNow);
    }
}
