using System.Globalization;
using Pleiad.Client.Contract;

namespace Pleiad.Cli.Demo;

/// <summary>What the demo found: <c>pleiad demo --json</c>.</summary>
/// <param name="Accelerator">kvm or tcg.</param>
/// <param name="Image">The image.</param>
/// <param name="Guest">The machines.</param>
/// <param name="Jobs">The tasks.</param>
/// <param name="Machines">The machines that did them.</param>
/// <param name="Scaling">The same tasks on so many machines.</param>
internal sealed record DemoReport(
    string Accelerator, DemoImage Image, DemoGuest Guest, IReadOnlyList<DemoJob> Jobs, IReadOnlyList<DemoMachine> Machines, IReadOnlyList<DemoScaling> Scaling);

/// <param name="Bytes">Size of the image.</param>
internal sealed record DemoImage(long Bytes);

/// <param name="MemoryBytes">RAM of a machine.</param>
internal sealed record DemoGuest(long MemoryBytes);

/// <param name="Name">test1, test2, …</param>
/// <param name="State">done when all is well.</param>
/// <param name="Result">The number of primes.</param>
/// <param name="Machine">The machine that did it.</param>
/// <param name="WaitedMs">From submission to the machine.</param>
/// <param name="RanMs">In the machine.</param>
internal sealed record DemoJob(string Name, string State, long? Result, string? Machine, double WaitedMs, double? RanMs)
{
    public static DemoJob Of(JobInfo job) => new(job.Name, job.State, DemoTasks.ResultOf(job.Result), job.Machine, job.WaitedMs, job.RanMs);
}

/// <param name="Id">Its id.</param>
/// <param name="Ip">Its address.</param>
/// <param name="Port">Its port.</param>
/// <param name="StartMs">From the order to the first answer.</param>
/// <param name="Reason">Why it was started.</param>
internal sealed record DemoMachine(string Id, string Ip, int Port, double? StartMs, string Reason)
{
    public static DemoMachine Of(MachineInfo machine) => new(machine.Id, machine.Ip, machine.Port, machine.StartMs, machine.Reason);
}

/// <param name="Machines">How many machines.</param>
/// <param name="Seconds">From the first submission to the last result.</param>
internal sealed record DemoScaling(int Machines, double Seconds);

/// <summary>What the comparison says in words.</summary>
internal static class Gain
{
    /// <summary>Numbers of machines worth comparing: 1, 2, 4, … and the most there may be; at most five.</summary>
    public static IReadOnlyList<int> Steps(int machinesMax)
    {
        const int StepsMax = 5;
        var doubled = Enumerable.Range(0, StepsMax - 1).Select(power => 1 << power).Where(count => count < machinesMax);
        return [.. doubled, machinesMax];
    }

    public static IEnumerable<string> Lines(IReadOnlyList<DemoScaling> scaling, int cores)
    {
        var one = scaling[0].Seconds;
        foreach (var step in scaling)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{step.Machines,3} {(step.Machines == 1 ? "machine: " : "machines:")} {step.Seconds,6:0.0} s  {one / step.Seconds:0.0} ×");
        }

        if (scaling.Count > 1)
        {
            var best = scaling.Skip(1).MinBy(step => step.Seconds)!;
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"{best.Machines} machines: {one / best.Seconds:0.0} × as quick as 1; this machine has {cores} core{(cores == 1 ? "" : "s")}, so at most {Math.Min(cores, best.Machines)} × is to be expected.");
        }
    }
}
