namespace Pleiad.Server.Tests.Running;

/// <summary>Counts primes by another method than the guest does.</summary>
internal static class Sieve
{
    internal static int Count(int limit)
    {
        var composite = new bool[limit + 1];
        var count = 0;
        for (var number = 2; number <= limit; number++)
        {
            if (composite[number])
            {
                continue;
            }

            count++;
            for (var multiple = 2L * number; multiple <= limit; multiple += number)
            {
                composite[multiple] = true;
            }
        }

        return count;
    }
}
