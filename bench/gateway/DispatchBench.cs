using System.Diagnostics;
using System.Net;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;

namespace Pleiad.Bench.Gateway;

/// <summary>Grants per CPU second of the dispatcher against SemaphoreSlim with as many slots, which knows neither machines nor deadlines.</summary>
internal static class DispatchBench
{
    public static async Task RunAsync(Report report, TimeSpan time)
    {
        foreach (var (machines, slots) in new[] { (2, 5), (200, 50) })
        {
            foreach (var threads in new[] { 1, 2 })
            {
                var ours = Free(NewDispatcher(machines, slots), threads, time);
                var peer = Free(new SemaphoreSlim(machines * slots), threads, time);
                report.Add($"grants, slot free, {machines} x {slots} slots, {threads} thread(s)", "grants per CPU second", ours, peer, "SemaphoreSlim");
            }
        }

        report.Add("allocated per grant, slot free", "bytes", Allocated(NewDispatcher(2, 5)), null, "-");
        foreach (var threads in new[] { 1, 2 })
        {
            var ours = await QueuedAsync(NewDispatcher(2, 5), threads, time);
            var peer = await QueuedAsync(new SemaphoreSlim(10), threads, time);
            report.Add($"grants, 10 slots, 100 askers queue, {threads} thread(s)", "grants per CPU second", ours, peer, "SemaphoreSlim");
        }
    }

    private static Dispatcher NewDispatcher(int machines, int slots)
    {
        var dispatcher = new Dispatcher("bench", new DispatcherOptions(1_000_000, TimeSpan.FromSeconds(30)), TimeProvider.System);
        for (var index = 0; index < machines; index++)
        {
            dispatcher.AddMachine(MachineId.New(), new MachineAddress(IPAddress.Loopback, 1), slots);
        }

        return dispatcher;
    }

    private static double Free(Dispatcher dispatcher, int threads, TimeSpan time) => OnThreads(threads, time, () =>
    {
        for (var count = 0; count < 1000; count++)
        {
            dispatcher.AcquireAsync(WorkKind.Request, CancellationToken.None).GetAwaiter().GetResult().Lease!.Dispose();
        }

        return 1000;
    });

    private static double Free(SemaphoreSlim semaphore, int threads, TimeSpan time) => OnThreads(threads, time, () =>
    {
        for (var count = 0; count < 1000; count++)
        {
            semaphore.WaitAsync(CancellationToken.None).GetAwaiter().GetResult();
            semaphore.Release();
        }

        return 1000;
    });

    private static double Allocated(Dispatcher dispatcher)
    {
        const int Grants = 100_000;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var count = 0; count < Grants; count++)
        {
            dispatcher.AcquireAsync(WorkKind.Request, CancellationToken.None).GetAwaiter().GetResult().Lease!.Dispose();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / (double)Grants;
    }

    private static double OnThreads(int threads, TimeSpan time, Func<int> batch)
    {
        double best = 0;
        for (var round = 0; round < 2; round++)
        {
            long total = 0;
            var end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency / 2);
            var cpu = Cpu();
            var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
            {
                long mine = 0;
                while (Stopwatch.GetTimestamp() < end)
                {
                    mine += batch();
                }

                Interlocked.Add(ref total, mine);
            })).ToList();
            workers.ForEach(worker => worker.Start());
            workers.ForEach(worker => worker.Join());
            best = Math.Max(best, total / (Cpu() - cpu));
        }

        return best;
    }

    private static Task<double> QueuedAsync(Dispatcher dispatcher, int threads, TimeSpan time) => AskersAsync(threads, time, async () =>
    {
        var result = await dispatcher.AcquireAsync(WorkKind.Request, CancellationToken.None);
        await Task.Yield();
        result.Lease!.Dispose();
    });

    private static Task<double> QueuedAsync(SemaphoreSlim semaphore, int threads, TimeSpan time) => AskersAsync(threads, time, async () =>
    {
        await semaphore.WaitAsync(CancellationToken.None);
        await Task.Yield();
        semaphore.Release();
    });

    /// <summary>A hundred askers on so many threads, each giving its slot back after another turn of the thread pool.</summary>
    private static async Task<double> AskersAsync(int threads, TimeSpan time, Func<Task> ask)
    {
        ThreadPool.GetMinThreads(out var minimum, out var ports);
        ThreadPool.GetMaxThreads(out var maximum, out var portsMax);
        ThreadPool.SetMinThreads(threads, ports);
        var bounded = ThreadPool.SetMaxThreads(Math.Max(threads, Environment.ProcessorCount), portsMax);
        try
        {
            var scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, bounded ? threads : Environment.ProcessorCount).ConcurrentScheduler;
            double best = 0;
            for (var round = 0; round < 2; round++)
            {
                long total = 0;
                var end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency / 2);
                var cpu = Cpu();
                await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Factory.StartNew(
                    async () =>
                    {
                        while (Stopwatch.GetTimestamp() < end)
                        {
                            await ask();
                            Interlocked.Increment(ref total);
                        }
                    },
                    CancellationToken.None,
                    TaskCreationOptions.None,
                    scheduler).Unwrap()));
                best = Math.Max(best, total / (Cpu() - cpu));
            }

            return best;
        }
        finally
        {
            ThreadPool.SetMaxThreads(maximum, portsMax);
            ThreadPool.SetMinThreads(minimum, ports);
        }
    }

    private static double Cpu() => Environment.CpuUsage.TotalTime.TotalSeconds;
}
