namespace Pleiad.Cli.Demo;

/// <summary>
/// What the naive count of the demo's service costs and gives, computed here with a sieve: the right answer to compare with, and the work in divisions to choose tasks by.
/// </summary>
internal sealed class PrimeTable
{
    private readonly int[] _primes;
    private readonly long[] _divisions;

    /// <param name="max">Largest N.</param>
    public PrimeTable(int max)
    {
        Max = max;
        _primes = new int[max + 1];
        _divisions = new long[max + 1];
        var smallestFactor = SmallestFactors(max);
        for (var candidate = 2; candidate <= max; candidate++)
        {
            // The service tries 2, 3, … until one divides the candidate, or all smaller ones when it is prime.
            var factor = smallestFactor[candidate];
            _primes[candidate] = _primes[candidate - 1] + (factor == candidate ? 1 : 0);
            _divisions[candidate] = _divisions[candidate - 1] + (factor == candidate ? candidate - 2 : factor - 1);
        }
    }

    /// <summary>Largest N.</summary>
    public int Max { get; }

    /// <summary>How many primes there are up to N.</summary>
    public int Count(int n) => _primes[n];

    /// <summary>How many divisions the service does for N.</summary>
    public long Divisions(int n) => _divisions[n];

    /// <summary>The smallest N that takes at least so many divisions, or the largest there is.</summary>
    public int For(double divisions)
    {
        var at = Array.BinarySearch(_divisions, (long)Math.Ceiling(divisions));
        return Math.Min(Max, at < 0 ? ~at : at);
    }

    private static int[] SmallestFactors(int max)
    {
        var smallest = new int[max + 1];
        for (var number = 2; number <= max; number++)
        {
            if (smallest[number] == 0)
            {
                for (long multiple = number; multiple <= max; multiple += number)
                {
                    smallest[multiple] = smallest[multiple] == 0 ? number : smallest[multiple];
                }
            }
        }

        return smallest;
    }
}
