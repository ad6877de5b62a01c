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
/// <param name="StartWay">cold, clone or resume.</param>
/// <param name="Reason">Why it was started.</param>
internal sealed record DemoMachine(string Id, string Ip, int Port, double? StartMs, string? StartWay, string Reason)
{
    public static DemoMachine Of(MachineInfo machine) => new(machine.Id, machine.Ip, machine.Port, machine.StartMs, machine.StartWay, machine.Reason);
}

/// <param name="Machines">How many machines.</param>
/// <param name="Seconds">From the first submission to the last result.</param>
internal sealed record DemoScaling(int Machines, double Seconds);

/// <summary>What the comparison says in words.</summary>
internal static class Gain
{
    /// <summary>A gain above the bound by more than this is told to be chance.</summary>
    private const double NoiseShare = 1.1;

    /// <summary>Numbers of machines worth comparing: 1, 2, 4, … and the most there may be; at most five.</summary>
    public static IReadOnlyList<int> Steps(int machinesMax)
    {
        const int StepsMax = 5;
        var doubled = Enumerable.Range(0, StepsMax - 1).Select(power => 1 << power).Where(count => count < machinesMax);
        return [.. doubled, machinesMax];
    }

    /// <summary>One measurement as a line.</summary>
    /// <param name="step">It.</param>
    /// <param name="one">The one on one machine.</param>
    public static string Line(DemoScaling step, DemoScaling one) => string.Create(
        CultureInfo.InvariantCulture, $"{step.Machines,3} {(step.Machines == 1 ? "machine: " : "machines:")} {step.Seconds,6:0.0} s  {one.Seconds / step.Seconds:0.0} ×");

    /// <summary>What was gained at best, with what could be expected: no more than there are cores, and no more than the tasks divide into rounds.</summary>
    /// <param name="scaling">The measurements, the first on one machine; at least two.</param>
    /// <param name="cores">CPUs that the machines share.</param>
    /// <param name="tasks">How many tasks of about the same size.</param>
    public static string Summary(IReadOnlyList<DemoScaling> scaling, int cores, int tasks)
    {
        var best = scaling.Skip(1).MinBy(step => step.Seconds)!;
        var gain = scaling[0].Seconds / best.Seconds;
        var rounds = (tasks + best.Machines - 1) / best.Machines;
        var byRounds = (double)tasks / rounds;
        var bound = Math.Min(cores, byRounds);
        var why = byRounds < cores
            ? $"{tasks} task{(tasks == 1 ? "" : "s")} on {best.Machines} machines take {rounds} round{(rounds == 1 ? "" : "s")}"
            : $"this machine has {cores} core{(cores == 1 ? "" : "s")}";
        var chance = gain > bound * NoiseShare ? " What is above that is chance: something else kept the cores busy for a while." : "";
        return string.Create(CultureInfo.InvariantCulture, $"{best.Machines} machines: {gain:0.0} × as quick as 1; {why}, so at most {bound:0.#} × is to be expected.{chance}");
    }
}
