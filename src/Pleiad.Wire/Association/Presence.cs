namespace Pleiad.Wire.Association;

/// <summary>
/// Whether calls have something in common with their requests, before anything is known of who made which: then it is there among the requests that may have made the call, and
/// by chance it is there less often. Unlike the share of equal pairs this holds with many candidates, and with values of which there are few.
/// </summary>
internal struct Presence
{
    private const int CallsMin = 30;
    private const double DeviationsMin = 6;
    private const double ShareMin = 0.6;

    private int _calls;
    private double _there;
    private double _expected;
    private double _variance;

    /// <summary>Takes a call into account.</summary>
    /// <param name="none">The chance that no candidate has it.</param>
    /// <param name="isThere">Whether one has it.</param>
    public void Add(double none, bool isThere)
    {
        _calls++;
        _there += isThere ? 1 : 0;
        _expected += 1 - none;
        _variance += none * (1 - none);
    }

    /// <summary>The share of calls that have it in common with their request; 0 when that is not certain.</summary>
    public readonly double Share
    {
        get
        {
            var more = _there - _expected;
            var share = more / Math.Max(1e-9, _calls - _expected);
            return _calls >= CallsMin && more > DeviationsMin * Math.Sqrt(_variance) && share > ShareMin ? share : 0;
        }
    }
}
