namespace Pleiad.Bench.Simulation;

/// <summary>The least that a simulation of M/M/1 in .NET can do: the framework's priority queue, its random numbers and a counter for the queue. No statistics.</summary>
internal static class BareLoop
{
    /// <summary>Runs until that many events have happened; returns the events.</summary>
    public static long Run(double arrivalRate, double serviceRate, long events, int seed)
    {
        var random = new Random(seed);
        var queue = new PriorityQueue<int, double>();
        var waiting = 0;
        queue.Enqueue(0, Time(random, arrivalRate));
        for (var done = 0L; done < events; done++)
        {
            queue.TryDequeue(out var kind, out var now);
            if (kind == 0)
            {
                queue.Enqueue(0, now + Time(random, arrivalRate));
                if (waiting++ == 0)
                {
                    queue.Enqueue(1, now + Time(random, serviceRate));
                }
            }
            else if (--waiting > 0)
            {
                queue.Enqueue(1, now + Time(random, serviceRate));
            }
        }

        return events;
    }

    private static double Time(Random random, double rate) => -Math.Log(1 - random.NextDouble()) / rate;
}
