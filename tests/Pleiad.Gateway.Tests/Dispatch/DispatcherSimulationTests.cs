using System.Net;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;
using Shouldly;
using Xunit;

namespace Pleiad.Gateway.Tests.Dispatch;

/// <summary>Random operations on the dispatcher and on <see cref="DispatcherModel"/> side by side, compared after every step.</summary>
public sealed class DispatcherSimulationTests(ITestOutputHelper output)
{
    private const int Steps = 40_000;

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(20_170_401)]
    public void Any_sequence_of_operations_ends_as_the_rules_say(int? seed)
    {
        var chosen = seed ?? Environment.TickCount;
        output.WriteLine($"seed {chosen}");
        for (var (run, steps) = (0, 0); steps < Steps; run++)
        {
            steps += new Run(unchecked(chosen + (run * 7919))).Go(Math.Min(5_000, Steps - steps), $"seed {chosen}, run {run}");
        }
    }

    private sealed class Run
    {
        private readonly Random _random;
        private readonly FakeTime _time = new();
        private readonly DispatcherModel _model = new();
        private readonly Dispatcher _dispatcher;
        private readonly List<Pair> _waiting = [];
        private readonly List<Pair> _held = [];
        private readonly List<(DispatcherModel.Machine Machine, Task Drained)> _draining = [];
        private string _step = "";

        public Run(int seed)
        {
            _random = new Random(seed);
            _model.QueueLimit = _random.Next(0, 30);
            _model.QueueDeadline = TimeSpan.FromMilliseconds(_random.Next(1, 500));
            _dispatcher = new Dispatcher("s", new DispatcherOptions(_model.QueueLimit, _model.QueueDeadline), _time);
        }

        public int Go(int steps, string where)
        {
            for (var step = 1; step <= steps; step++)
            {
                _step = $"{where}, step {step}";
                Act(mayClose: step > steps - 20);
                Compare();
            }

            _dispatcher.Close();
            _model.Close();
            Compare();
            _waiting.ShouldBeEmpty();
            return steps;
        }

        private void Act(bool mayClose)
        {
            var dice = _random.Next(100);
            if (dice < 42)
            {
                Acquire(_random.Next(4) == 0 ? WorkKind.Job : WorkKind.Request);
            }
            else if (dice < 72 && _held.Count > 0)
            {
                var held = TakeAny(_held);
                held.Lease!.Dispose();
                held.Lease.Dispose();
                _model.Release(held.Ask);
            }
            else if (dice < 80 && _waiting.Count > 0)
            {
                var waiting = _waiting[_random.Next(_waiting.Count)];
                waiting.Gone.Cancel();
                _model.Cancel(waiting.Ask);
            }
            else if (dice < 85)
            {
                var time = TimeSpan.FromMilliseconds(_random.Next(0, 120));
                _time.Advance(time);
                _model.Advance(time);
            }
            else if (dice < 90 && _model.Machines.Count < 12)
            {
                var id = new MachineId("m-" + _random.NextInt64().ToString("x16"));
                var slots = _random.Next(1, 6);
                _dispatcher.AddMachine(id, new MachineAddress(IPAddress.Loopback, 1), slots);
                _model.Add(id, slots);
            }
            else if (dice < 98 && _model.Machines.Count > 0)
            {
                ActOnMachine(_model.Machines[_random.Next(_model.Machines.Count)]);
            }
            else if (mayClose && _random.Next(4) == 0)
            {
                _dispatcher.Close();
                _model.Close();
            }
            else
            {
                _model.QueueLimit = _random.Next(0, 30);
                _model.QueueDeadline = TimeSpan.FromMilliseconds(_random.Next(1, 500));
                _dispatcher.Configure(new DispatcherOptions(_model.QueueLimit, _model.QueueDeadline));
            }
        }

        private void Acquire(WorkKind kind)
        {
            var gone = new CancellationTokenSource();
            if (_random.Next(50) == 0)
            {
                gone.Cancel();
                _dispatcher.AcquireAsync(kind, gone.Token).IsCanceled.ShouldBeTrue(_step);
                return;
            }

            MachineId? avoid = _random.Next(5) == 0 && _model.Machines.Count > 0 ? _model.Machines[_random.Next(_model.Machines.Count)].Id : null;
            var asked = avoid is { } failed ? _dispatcher.AcquireElsewhereAsync(kind, failed, gone.Token) : _dispatcher.AcquireAsync(kind, gone.Token);
            _waiting.Add(new Pair(_model.Acquire(kind, avoid), asked, gone));
        }

        private void ActOnMachine(DispatcherModel.Machine machine)
        {
            switch (_random.Next(6))
            {
                case 0:
                    machine.Draining = true;
                    _draining.Add((machine, _dispatcher.DrainAsync(machine.Id)));
                    break;
                case 1:
                    var idle = machine.InUse == 0;
                    _dispatcher.TryDrainIdle(machine.Id).ShouldBe(idle, _step);
                    machine.Draining |= idle;
                    break;
                case 2:
                    _model.Machines.Remove(machine);
                    _dispatcher.RemoveMachine(machine.Id);
                    break;
                case 3:
                    var pause = TimeSpan.FromMilliseconds(_random.Next(1, 200));
                    machine.SuspendedUntil = _model.Closed ? machine.SuspendedUntil : _model.Now + pause;
                    _dispatcher.Suspend(machine.Id, pause);
                    break;
                case 4:
                    var slots = _random.Next(1, 8);
                    _model.Resize(machine, slots);
                    _dispatcher.Resize(machine.Id, slots);
                    break;
                default:
                    break;
            }
        }

        private void Compare()
        {
            for (var index = _waiting.Count - 1; index >= 0; index--)
            {
                var pair = _waiting[index];
                var over = pair.Ask.Outcome is not null || pair.Ask.Cancelled;
                Holds(pair.Asked.IsCompleted == over, $"{pair.Ask.Kind} should {(over ? "be over" : "wait")}: {pair.Ask.Outcome}");
                if (over)
                {
                    _waiting.RemoveAt(index);
                    Check(pair);
                }
            }

            Holds(_held.DistinctBy(pair => (pair.Lease!.Machine, pair.Lease.Slot)).Count() == _held.Count, "a slot is held twice");
            foreach (var (machine, drained) in _draining)
            {
                Holds(drained.IsCompleted == (machine.InUse == 0 || !_model.Machines.Contains(machine)), "a drained machine");
            }

            _draining.RemoveAll(pair => pair.Drained.IsCompleted);
            var view = _dispatcher.Observe();
            Equal(view.InFlight, _model.Machines.Sum(machine => machine.InUse), "in flight");
            Equal(view.InFlight, view.Machines.Sum(machine => machine.InUse), "sum of slots in use");
            Equal(view.Waiting, _model.Queue.Count, "waiting");
            Equal(view.Granted, _model.Granted, "granted");
            Equal(view.QueueFull, _model.QueueFull, "refused");
            Equal(view.DeadlinePassed, _model.DeadlinePassed, "late");
            Equal(view.Machines.Count, _model.Machines.Count, "machines");
            foreach (var machine in _model.Machines)
            {
                var seen = view.Machines.Single(seen => seen.Machine == machine.Id);
                Equal((seen.Slots, seen.InUse, seen.Draining), (machine.Slots, machine.InUse, machine.Draining), "a machine");
                Holds(seen.InUse <= machine.SlotsMost, "more in use than there ever were slots");
            }

            Holds(view.Waiting == 0 || !_model.Machines.Exists(machine => machine.TakesWork), "someone waits while a slot is free");
        }

        // Shouldly renders its messages even when all is well, which takes most of the time of so many steps.
        private void Holds(bool condition, string what)
        {
            if (!condition)
            {
                throw new ShouldAssertException($"{_step}: {what}");
            }
        }

        private void Equal<T>(T seen, T expected, string what)
        {
            if (!EqualityComparer<T>.Default.Equals(seen, expected))
            {
                throw new ShouldAssertException($"{_step}: {what} is {seen}, should be {expected}");
            }
        }

        private void Check(Pair pair)
        {
            if (pair.Ask.Cancelled)
            {
                Should.Throw<OperationCanceledException>(() => pair.Asked.Result, _step);
                return;
            }

            var result = pair.Asked.Result;
            result.Outcome.ShouldBe(pair.Ask.Outcome!.Value, _step);
            if (pair.Ask.Machine is { } machine)
            {
                result.Lease!.Machine.ShouldBe(machine.Id, _step);
                result.Lease.Slot.ShouldBeInRange(0, machine.SlotsMost - 1, _step);
                pair.Lease = result.Lease;
                _held.Add(pair);
            }
            else
            {
                result.Lease.ShouldBeNull(_step);
            }
        }

        private Pair TakeAny(List<Pair> pairs)
        {
            var index = _random.Next(pairs.Count);
            var pair = pairs[index];
            pairs.RemoveAt(index);
            return pair;
        }
    }

    private sealed record Pair(DispatcherModel.Ask Ask, ValueTask<DispatchResult> Asked, CancellationTokenSource Gone)
    {
        public ISlotLease? Lease { get; set; }
    }
}
