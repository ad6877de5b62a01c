using Pleiad.Cli.Output;
using Pleiad.Cli.Running;
using Pleiad.Client.Contract;
using Spectre.Console;

namespace Pleiad.Cli.Demo;

/// <summary>Tasks and machines at one moment.</summary>
/// <param name="Tasks">Each task with its job.</param>
/// <param name="Machines">The machines.</param>
internal sealed record DemoState(IReadOnlyList<(DemoTask Task, JobInfo Job)> Tasks, IReadOnlyList<MachineInfo> Machines)
{
    public bool IsOver => Tasks.All(entry => entry.Job.Ended is not null);
}

/// <summary>Shows the demo: redrawn tables on a terminal; elsewhere a line per change, and the tables at the end. With JSON all of it goes to standard error.</summary>
internal sealed class DemoView(Terminal terminal, bool json)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly TextWriter _out = json ? terminal.Error : terminal.Out;

    public void Say(string line) => _out.WriteLine(line);

    /// <summary>Shows tasks and machines until all tasks ended.</summary>
    /// <param name="look">Gets them.</param>
    /// <param name="stays">Whether it stays on the screen; elsewhere than on a terminal only what stays is told.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The last state.</returns>
    public async Task<DemoState> FollowAsync(Func<CancellationToken, Task<DemoState>> look, bool stays, CancellationToken cancellation)
    {
        if (terminal.IsLive && !json)
        {
            return await RedrawAsync(look, stays, cancellation);
        }

        var told = new Dictionary<string, string>();
        while (true)
        {
            var state = await look(cancellation);
            foreach (var (task, job) in state.Tasks.Where(entry => stays && told.GetValueOrDefault(entry.Task.Name) != entry.Job.State))
            {
                told[task.Name] = job.State;
                Say($"{job.Name} {job.State}{(job.Machine is null ? "" : $" on {job.Machine}")}{(job.Ended is null ? "" : $" after {Figures.Milliseconds(job.RanMs)}")}");
            }

            if (state.IsOver)
            {
                if (stays && !json)
                {
                    _out.Write($"\n{Tasks(state).ToPlain()}\n{Machines(state).ToPlain()}\n");
                }

                return state;
            }

            await Task.Delay(Interval, terminal.Time, cancellation);
        }
    }

    public static TextTable Tasks(DemoState state)
    {
        var table = new TextTable(new("Task"), new("N", true), new("State"), new("Machine"), new("Waited", true), new("Ran", true), new("Primes", true)) { Title = "Tasks" };
        foreach (var (task, job) in state.Tasks)
        {
            table.Add(
                job.Name, Figures.Whole(task.N), job.State, job.Machine, Figures.Milliseconds(job.WaitedMs), Figures.Milliseconds(job.RanMs),
                Figures.Whole(DemoTasks.ResultOf(job.Result)));
        }

        return table;
    }

    public static TextTable Machines(DemoState state)
    {
        var table = new TextTable(new("Machine"), new("Address", Spare: 1), new("State"), new("Slots", true), new("CPU", true), new("Host RAM", true, Spare: 2), new("Started in", true), new("Why", Wraps: true)) { Title = "Machines" };
        foreach (var machine in state.Machines)
        {
            table.Add(
                machine.Id, $"{machine.Ip}:{machine.Port}", machine.State, $"{machine.Slots - machine.FreeSlots}/{machine.Slots}", Figures.Share(machine.Cpu), Figures.Bytes(machine.RamBytes),
                $"{Figures.Milliseconds(machine.StartMs)} {machine.StartWay}".TrimEnd(), machine.Reason);
        }

        return table;
    }

    private async Task<DemoState> RedrawAsync(Func<CancellationToken, Task<DemoState>> look, bool stays, CancellationToken cancellation)
    {
        var screen = terminal.Screen();
        var state = await look(cancellation);
        await screen.Live(Drawn(state)).AutoClear(!stays).StartAsync(async live =>
        {
            while (!state.IsOver)
            {
                await Task.Delay(Interval, terminal.Time, cancellation);
                state = await look(cancellation);
                screen.Profile.Width = terminal.Width();
                live.UpdateTarget(Drawn(state));
            }
        });
        return state;
    }

    private Rows Drawn(DemoState state) => new(Tasks(state).ToDrawn(terminal.Width()), Machines(state).ToDrawn(terminal.Width()));
}
