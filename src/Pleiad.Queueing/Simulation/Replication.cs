using Pleiad.Distributions;
using Pleiad.Distributions.Arrivals;
using Pleiad.Distributions.Random;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Simulation;

/// <summary>One run of a model from an empty start with its own streams of chance. It can be continued; its figures are kept batch by batch.</summary>
internal sealed partial class Replication
{
    /// <summary>Customers turned away at one moment, beyond many times all there are.</summary>
    private const int LostTogetherMax = 100_000;

    private readonly SimulationPlan _plan;
    private readonly QueueingModel _model;
    private readonly int _classes;
    private readonly StationState[] _stations;
    private readonly ArrivalSource?[] _sources;
    private readonly Distribution?[] _service;
    private readonly RandomStream[] _serviceStreams;
    private readonly RandomStream[] _wayStreams;
    private readonly RandomStream[] _pauseStreams;
    private readonly double[] _factors;
    private readonly Pool<Frame> _frames = new(16);
    private double _lostAt = -1;
    private long _lostTogether;

    public Replication(SimulationPlan plan, ulong seed, int number)
    {
        (_plan, _model, _classes) = (plan, plan.Model, plan.Model.Classes.Count);
        _service = plan.Service;
        _cells = new Cell[_model.Stations.Count * _classes];
        _totals = new ClassTotals[_classes];
        if (_model.Stations.Any(station => station.Speed is not null))
        {
            (_presentAt, _busySince, _busyArea) = (new int[_model.Stations.Count], new double[_model.Stations.Count], new double[_model.Stations.Count]);
        }

        _times = [.. _model.Classes.Select(_ => new TimeHistogram())];

        // Streams are known by name: a variant with another station keeps the chance of all others.
        _serviceStreams = [.. _model.Stations.SelectMany(station => _model.Classes.Select(each => RandomStream.Named(seed, number, $"service/{station.Name}/{each.Name}")))];
        _wayStreams = [.. _model.Classes.Select(each => RandomStream.Named(seed, number, $"way/{each.Name}"))];
        _pauseStreams = [.. _model.Classes.Select(each => RandomStream.Named(seed, number, $"pause/{each.Name}"))];
        _factors = [.. _model.Stations.SelectMany(station => _model.Classes.Select((each, c) => FactorOf(station, c, RandomStream.Named(seed, number, $"input/{station.Name}/{each.Name}"))))];
        _stations = [.. _model.Stations.Select((station, at) => new StationState(this, station, at, RandomStream.Named(seed, number, $"lot/{station.Name}")))];
        _sources = [.. _model.Classes.Select(each => each.Arrivals?.Start(RandomStream.Named(seed, number, $"arrivals/{each.Name}")))];
        Start();
    }

    /// <summary>The simulated time, in seconds.</summary>
    public double Now { get; private set; }

    public EventQueue Events { get; } = new();

    public Pool<Job> Jobs { get; } = new(64);

    /// <summary>What ended the run before its time, or null.</summary>
    public SimulationFault? Fault { get; private set; }

    /// <summary>Requests in the system at most; more is taken for a queue that grows without end.</summary>
    public int JobsMax { get; init; } = 2_000_000;

    public bool Drops(int @class) => _model.Classes[@class].Patience is { Drops: true };

    /// <summary>Goes on until the given time, and closes a batch every <paramref name="batch"/> seconds.</summary>
    public void RunUntil(double end, double batch)
    {
        while (Now < end && Fault is null)
        {
            // By whole multiples, so that batches have the same bounds however the run was cut.
            var next = Math.Min(end, batch * (_batches.Count + 1));
            RunEvents(next);
            Now = next;
            CloseBatch();
        }
    }

    private void RunEvents(double end)
    {
        while (Fault is null && Events.TryTake(end, out var next))
        {
            Now = next.Time;
            switch (next.Kind)
            {
                case EventKind.Arrival:
                    Arrive(next.Index);
                    break;
                case EventKind.ServiceEnd:
                    if (Jobs.Items[next.Index].Stamp == next.Stamp)
                    {
                        WorkDone(next.Index);
                    }

                    break;
                case EventKind.SharedEnd:
                    _stations[next.Index].Processor.SharedEnd(next.Stamp);
                    break;
                case EventKind.PauseEnd:
                    EndPause(next.Index);
                    break;
                case EventKind.Timeout:
                    GiveUp(next.Index, next.Stamp);
                    break;
            }
        }
    }

    /// <summary>The true mean service time may differ from the measured one: each replication draws its own, lognormal around 1.</summary>
    private static double FactorOf(Station station, int @class, RandomStream random)
    {
        var relative = station.Uncertainty[@class];
        return relative > 0 ? LogNormal.FromMoments(1, relative * relative).Sample(random) : 1;
    }

    private void Start()
    {
        for (var c = 0; c < _classes; c++)
        {
            if (_sources[c] is { } source)
            {
                ScheduleArrival(c, source);
            }

            for (var customer = 0; customer < _model.Classes[c].Population; customer++)
            {
                Think(NewJob(c));
            }
        }
    }

    private void ScheduleArrival(int @class, ArrivalSource source)
    {
        var next = source.Next();
        if (double.IsFinite(next))
        {
            Events.Schedule(next, EventKind.Arrival, @class, 0);
        }
    }

    private void Arrive(int @class)
    {
        ScheduleArrival(@class, _sources[@class]!);
        if (Jobs.InUse >= JobsMax)
        {
            Fault = new SimulationFault(SimulationFaultKind.Overflow, Fullest());
            return;
        }

        var job = NewJob(@class);
        Jobs.Items[job].Began = Now;
        BeginAttempt(job);
    }

    private int NewJob(int @class)
    {
        var place = Jobs.Take();
        ref var job = ref Jobs.Items[place];
        job.Class = @class;
        job.Frame = -1;
        job.HeldAt = -1;
        job.Attempt = 0;
        job.IsOrphan = false;
        return place;
    }

    private void FreeJob(int job)
    {
        Jobs.Items[job].Use++;
        Jobs.Give(job);
    }

    private void Think(int job)
    {
        var @class = Jobs.Items[job].Class;
        Jobs.Items[job].Attempt = 0;
        Events.Schedule(Now + _model.Classes[@class].ThinkTime.Sample(_pauseStreams[@class]), EventKind.PauseEnd, job, 0);
    }

    private void EndPause(int job)
    {
        ref var each = ref Jobs.Items[job];
        if (each.Attempt == 0)
        {
            each.Began = Now;
        }

        BeginAttempt(job);
    }

    /// <summary>Index of the station with most customers.</summary>
    private int Fullest()
    {
        var found = 0;
        for (var k = 1; k < _stations.Length; k++)
        {
            if (PresentAt(k) > PresentAt(found))
            {
                found = k;
            }
        }

        return found;
    }
}

/// <summary>Why a run could not go on.</summary>
internal enum SimulationFaultKind
{
    /// <summary>More customers than any queue that stays bounded would have.</summary>
    Overflow,

    /// <summary>Customers block each other in a circle.</summary>
    Deadlock,

    /// <summary>Customers who are turned away come back at once, and no time passes.</summary>
    Standstill,
}

/// <summary>Why a run could not go on, and at which station.</summary>
internal sealed record SimulationFault(SimulationFaultKind Kind, int Station);
