using Pleiad.Distributions.Random;
using Pleiad.Queueing.Model;

namespace Pleiad.Queueing.Simulation;

/// <summary>The way of a request through the stations: rooms, threads, calls, blocking, time-outs.</summary>
internal sealed partial class Replication
{
    /// <summary>A processor is done with a job's work.</summary>
    public void WorkDone(int job)
    {
        ref var each = ref Jobs.Items[job];
        var station = _stations[each.Station];
        if (station.Calls[each.Class] is { } calls)
        {
            ref var frame = ref _frames.Items[each.Frame];
            var called = IsDropped(in each) ? -1 : calls.Next(ref frame.Step, _wayStreams[each.Class]);
            if (called >= 0)
            {
                // The server is free for others while the thread waits for the call.
                Leave(each.Station, each.Class);
                station.Processor.Release(job);
                GoTo(job, called, -1);
                return;
            }

            var parent = frame.Parent;
            _frames.Give(each.Frame);
            each.Frame = parent;
        }

        if (each.Frame >= 0)
        {
            ReturnToCaller(job, station);
            return;
        }

        var next = IsDropped(in each) ? -1 : NextStation(ref each, station.Place);
        if (next < 0)
        {
            EndVisit(job, station, station.Place);
            Finish(job);
        }
        else if (_stations[next].IsFull && _stations[next].Blocks && next != station.Place)
        {
            // It stays on its server until there is room.
            each.HeldAt = station.Place;
            each.Station = next;
            _stations[next].Outside.AddLast(Jobs.Items, job);
        }
        else
        {
            EndVisit(job, station, station.Place);
            GoTo(job, next, -1);
        }
    }

    private bool IsDropped(in Job job) => job.IsOrphan && Drops(job.Class);

    private int NextStation(ref Job job, int from)
    {
        if (_plan.Way[job.Class] is { } way)
        {
            return way.Next(ref job.Step, _wayStreams[job.Class]);
        }

        var routing = _model.Classes[job.Class].Routing!;
        var row = from < 0 ? routing.Start : routing.Next[from];
        var u = _wayStreams[job.Class].NextDouble();
        for (var k = 0; k < row.Count; k++)
        {
            if (u < row[k])
            {
                return k;
            }

            u -= row[k];
        }

        return -1;
    }

    private void BeginAttempt(int job)
    {
        ref var each = ref Jobs.Items[job];
        each.Step = 0;
        if (_model.Classes[each.Class].Patience is { } patience)
        {
            Events.Schedule(Now + patience.TimeoutSeconds, EventKind.Timeout, job, each.Use);
        }

        var first = NextStation(ref each, -1);
        if (first < 0)
        {
            Finish(job);
        }
        else
        {
            GoTo(job, first, -1);
        }
    }

    /// <summary>A job without a place comes to a station.</summary>
    private void GoTo(int job, int place, int heldAt)
    {
        var station = _stations[place];
        ref var each = ref Jobs.Items[job];
        each.Station = place;
        each.HeldAt = heldAt;
        if (!station.IsFull)
        {
            Admit(job, station);
        }
        else if (station.Blocks || each.Frame >= 0)
        {
            // A caller waits for room with its thread, whatever the station does with others.
            station.Outside.AddLast(Jobs.Items, job);
        }
        else
        {
            _totals[each.Class].Lost++;
            RefuseStandstill(place);
            FailAttempt(job);
        }
    }

    /// <summary>Customers who are turned away and come back without a pause would do so for ever, at one moment.</summary>
    private void RefuseStandstill(int place)
    {
        (_lostAt, _lostTogether) = (Now, _lostAt == Now ? _lostTogether + 1 : 1);
        if (_lostTogether > LostTogetherMax + (10L * Jobs.InUse))
        {
            Fault = new SimulationFault(SimulationFaultKind.Standstill, place);
        }
    }

    private void Admit(int job, StationState station)
    {
        ref var each = ref Jobs.Items[job];
        station.Occupied++;
        Enter(station.Place, each.Class);
        if (station.Threads > 0)
        {
            if (station.ThreadsFree == 0)
            {
                station.CountWaiting(Now, 1);
                station.ForThread.AddLast(Jobs.Items, job);
                return;
            }

            station.CountHeld(Now, 1);
        }

        BeginVisit(job, station, ref each);
    }

    private void BeginVisit(int job, StationState station, ref Job each)
    {
        if (station.Calls[each.Class] is not null)
        {
            var frame = _frames.Take();
            ref var opened = ref _frames.Items[frame];
            opened.Station = station.Place;
            opened.Step = 0;
            opened.Parent = each.Frame;
            each.Frame = frame;
        }

        Serve(job, station, ref each);
    }

    private void Serve(int job, StationState station, ref Job each)
    {
        var cell = (station.Place * _classes) + each.Class;
        var work = IsDropped(in each) ? 0 : _service[cell]!.Sample(_serviceStreams[cell]) * _factors[cell];
        _cells[cell].Work += work;
        station.Processor.Enter(job, work);
    }

    /// <summary>Work that was counted when a job came is not done after all.</summary>
    public void Spare(in Job job) => _cells[(job.Station * _classes) + job.Class].Work -= job.Work;

    private void ReturnToCaller(int job, StationState station)
    {
        EndVisit(job, station, station.Place);
        ref var each = ref Jobs.Items[job];
        each.Station = _frames.Items[each.Frame].Station;
        var caller = _stations[each.Station];
        Enter(each.Station, each.Class);
        Serve(job, caller, ref each);
    }

    /// <summary>A visit is over: server, thread and room are given on.</summary>
    private void EndVisit(int job, StationState station, int place)
    {
        ref var each = ref Jobs.Items[job];
        Leave(place, each.Class);
        _cells[(place * _classes) + each.Class].Done++;
        station.Processor.Release(job);
        station.Occupied--;
        if (station.Threads > 0)
        {
            if (station.ForThread.Count > 0)
            {
                var next = station.ForThread.TakeFirst(Jobs.Items);
                station.CountWaiting(Now, -1);
                BeginVisit(next, station, ref Jobs.Items[next]);
            }
            else
            {
                station.CountHeld(Now, -1);
            }
        }

        if (station.Outside.Count > 0 && !station.IsFull)
        {
            LetIn(station);
        }
    }

    private void LetIn(StationState station)
    {
        var job = station.Outside.TakeFirst(Jobs.Items);
        ref var each = ref Jobs.Items[job];
        var held = each.HeldAt;
        each.HeldAt = -1;
        Admit(job, station);
        if (held >= 0)
        {
            EndVisit(job, _stations[held], held);
        }
    }

    /// <summary>An attempt has its answer.</summary>
    private void Finish(int job)
    {
        ref var each = ref Jobs.Items[job];
        if (each.IsOrphan)
        {
            FreeJob(job);
            return;
        }

        var response = Now - each.Began;
        ref var totals = ref _totals[each.Class];
        totals.Done++;
        totals.Response += response;
        _times[each.Class].Add(response);
        EndInteraction(job);
    }

    private void EndInteraction(int job)
    {
        ref var each = ref Jobs.Items[job];
        if (_model.Classes[each.Class].IsOpen)
        {
            FreeJob(job);
        }
        else
        {
            each.Use++;
            Think(job);
        }
    }

    /// <summary>The client waits no longer; what it asked for goes on without it.</summary>
    private void GiveUp(int job, int use)
    {
        if (use < 0 || Jobs.Items[job].Use != use || Jobs.Items[job].IsOrphan)
        {
            return;
        }

        var @class = Jobs.Items[job].Class;
        _totals[@class].TimedOut++;
        Jobs.Items[job].IsOrphan = true;
        var client = NewJob(@class);
        Jobs.Items[client].Began = Jobs.Items[job].Began;
        Jobs.Items[client].Attempt = Jobs.Items[job].Attempt;
        FailAttempt(client);
    }

    /// <summary>An attempt was refused or given up: another, or the interaction has failed.</summary>
    private void FailAttempt(int job)
    {
        ref var each = ref Jobs.Items[job];
        each.Use++;
        if (!each.IsOrphan && _model.Classes[each.Class].Patience is { } patience && each.Attempt < patience.Retries)
        {
            each.Attempt++;
            Events.Schedule(Now + patience.Backoff.Sample(_pauseStreams[each.Class]), EventKind.PauseEnd, job, 0);
            return;
        }

        if (each.IsOrphan)
        {
            FreeJob(job);
            return;
        }

        _totals[each.Class].Failed++;
        EndInteraction(job);
    }

    /// <summary>What a station has beside its servers.</summary>
    private sealed class StationState
    {
        private double _since;

        public StationState(Replication run, Station station, int place, RandomStream lot)
        {
            Place = place;
            Capacity = station.Capacity ?? int.MaxValue;
            Blocks = station.WhenFull == WhenFull.Block;
            Threads = station.ThreadsTotal ?? 0;
            ThreadsFree = Threads;
            Calls = [.. run._model.Classes.Select((_, c) => run._plan.Calls[(place * run._classes) + c])];
            var sameRank = run._model.Classes.Select(_ => 0).ToArray();
            var priorities = run._model.Classes.Select(each => each.Priority).Distinct().OrderDescending().ToList();
            var ranks = run._model.Classes.Select(each => priorities.IndexOf(each.Priority)).ToArray();
            Processor = station.Discipline switch
            {
                Discipline.Delay => new DelayProcessor(run),
                Discipline.Ps => new SharedProcessor(run, station, place),
                Discipline.Random => new ShuffledProcessor(run, station.Servers, lot),
                Discipline.Lcfs => new ShuffledProcessor(run, station.Servers, null),
                Discipline.LcfsPr => new PreemptiveProcessor(run, station.Servers, sameRank, interrupts: true, lastFirst: true),
                Discipline.Priority => new PreemptiveProcessor(run, station.Servers, ranks, interrupts: false, lastFirst: false),
                Discipline.PriorityPr => new PreemptiveProcessor(run, station.Servers, ranks, interrupts: true, lastFirst: false),
                _ => new FcfsProcessor(run, station.Servers),
            };
        }

        public int Place { get; }

        public int Capacity { get; }

        public bool Blocks { get; }

        public int Threads { get; }

        public int ThreadsFree { get; private set; }

        public Processor Processor { get; }

        public Itinerary?[] Calls { get; }

        /// <summary>Visits that are open, those waiting for calls among them.</summary>
        public int Occupied { get; set; }

        /// <summary>Jobs that wait for room.</summary>
        public JobList Outside;

        /// <summary>Jobs that wait for a thread.</summary>
        public JobList ForThread;

        /// <summary>Threads held × seconds, and jobs waiting for one × seconds, in this batch.</summary>
        public double HeldArea { get; private set; }

        public double WaitingArea { get; private set; }

        public bool IsFull => Occupied >= Capacity;

        public void CountHeld(double now, int change)
        {
            Account(now);
            ThreadsFree -= change;
        }

        public void CountWaiting(double now, int change)
        {
            Account(now);
            _waiting += change;
        }

        private int _waiting;

        public (double Held, double Waiting) TakeAreas(double now)
        {
            Account(now);
            var areas = (HeldArea, WaitingArea);
            (HeldArea, WaitingArea) = (0, 0);
            return areas;
        }

        private void Account(double now)
        {
            HeldArea += (Threads - ThreadsFree) * (now - _since);
            WaitingArea += _waiting * (now - _since);
            _since = now;
        }
    }
}
