using Pleiad.Distributions.Random;
using Pleiad.Load.Recording;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Sessions;

/// <content>Sessions: who begins one, which way it takes, and how it ends.</content>
internal sealed partial class Worker
{
    private readonly List<User> _users = [];
    private readonly Stack<User> _resting = new();

    /// <summary>Closed load: this worker's users by their place, and whether each is there.</summary>
    private readonly List<(User User, bool IsHere)> _population = [];
    private long _usersLookedAt;

    /// <summary>Closed load: sessions begun here. They are numbered as they begin, for users may be added while it runs and no two sessions may have one number.</summary>
    private long _closedSessions;

    private void BeginArrival(long number, long due, long now)
    {
        var user = TakeUser();
        (user.Session, user.Number, user.Visit) = (number, number, 0);
        user.Random = RandomOf(number);
        _window.Lag.Record(now - due);
        BeginSession(user, due, now);
    }

    /// <summary>Every session's chance is its own, so that it does not matter which worker has it.</summary>
    private RandomStream RandomOf(long number) => new(_settings.Options.Seed + (0x9E3779B97F4A7C15UL * (ulong)(number + 1)));

    /// <summary>Closed load: lets users come and go as the level wants.</summary>
    /// <returns>When to look again.</returns>
    private long UsersDue(long now, long stop)
    {
        if (_plan.Kind != LoadKind.Closed || now >= stop)
        {
            return long.MaxValue;
        }

        if (now < _usersLookedAt)
        {
            return _usersLookedAt;
        }

        // The time until the next look is planned now, each user at the moment at which the level reaches it.
        var (from, to) = (Math.Max(_usersLookedAt, 0), now + UsersTick);
        for (var place = 0; ; place++)
        {
            var index = ((long)place * _settings.Shares) + _settings.Share;
            var since = _shape.FirstAtLeast((double)from / Second, index + 1);
            if (since * Second > to)
            {
                break;
            }

            if (place == _population.Count)
            {
                var made = TakeUser();
                (made.Number, made.Visit, made.Random) = (index, 0, RandomOf(index));
                _population.Add((made, false));
            }

            var (user, isHere) = _population[place];
            if (!isHere)
            {
                _population[place] = (user, true);
                Plan(user, Math.Max(Nanoseconds(since), from));
            }
        }

        return _usersLookedAt = to;
    }

    private bool IsWanted(User user, long now) => user.Number < _shape.At((double)now / Second) + 1e-9;

    private void BeginSession(User user, long intended, long now)
    {
        if (_plan.Kind == LoadKind.Closed)
        {
            if (!IsWanted(user, now))
            {
                Leave(user);
                return;
            }

            user.Session = (_closedSessions++ * _settings.Shares) + _settings.Share;
        }

        user.Cookies.Clear();
        user.Step = 0;
        Array.Clear(user.Values);
        foreach (var (place, value) in _scenario.Variables.Constants)
        {
            user.Values[place] = value;
        }

        foreach (var data in _scenario.Data)
        {
            if (!data.TryFill(user.Session, user.Random, user.Values))
            {
                SessionsWithoutData++;
                Leave(user);
                return;
            }
        }

        user.Class = ClassOf(_scenario, user.Random);
        _window.SessionsStarted++;
        Go(user, user.Class.Entry, intended, now);
    }

    /// <summary>Draws the class of a new session.</summary>
    public static UserClass ClassOf(Scenario scenario, RandomStream random)
    {
        var classes = scenario.Classes;
        if (classes.Count == 1)
        {
            return classes[0];
        }

        var u = random.NextDouble();
        var at = 0;
        while (at < classes.Count - 1 && u >= classes[at].Share)
        {
            u -= classes[at++].Share;
        }

        return classes[at];
    }

    /// <summary>Takes one step of a row: to a page after its think time, or out.</summary>
    private void Go(User user, Row row, long from, long now)
    {
        var chosen = row.Choose(user.Random.NextDouble());
        Transitions[row.CounterBase + chosen]++;
        if (chosen == row.Steps.Count)
        {
            EndSession(user, now);
            return;
        }

        var step = row.Steps[chosen];
        user.Page = _scenario.Pages[step.Page];
        user.WasRetried = false;
        Plan(user, from + (step.Think is null ? 0 : Nanoseconds(_settings.Options.ThinkScale * step.Think.Sample(user.Random))));
    }

    private void Plan(User user, long due)
    {
        user.Stamp++;
        user.Intended = due;
        _timers.Push(new Timer(due, user, user.Stamp, IsDeadline: false));
    }

    /// <summary>After a request: the next one, or the end.</summary>
    private void GoOn(User user, bool succeeded, long now)
    {
        user.Step++;
        if (!succeeded && user.Class.LeavesOnError)
        {
            EndSession(user, now);
        }
        else
        {
            Go(user, user.Class.Transitions[user.Page!.Index]!, user.Class.IsPaced ? user.Intended : now, now);
        }
    }

    private void EndSession(User user, long now)
    {
        _window.SessionsEnded++;
        user.Page = null;
        user.Visit++;
        if (user.Link is { } link)
        {
            // A person who leaves takes the connection along.
            CloseLink(link);
        }

        _system?.EndSession(user);
        var returns = _plan.Kind == LoadKind.Closed || (_plan.Kind == LoadKind.PartlyOpen && user.Random.NextDouble() < _plan.Returns);
        if (returns)
        {
            Plan(user, now + (_plan.Pause is null ? 0 : Nanoseconds(_settings.Options.ThinkScale * _plan.Pause.Sample(user.Random))));
        }
        else
        {
            Leave(user);
        }
    }

    private void Leave(User user)
    {
        user.Page = null;
        if (_plan.Kind == LoadKind.Closed)
        {
            var place = (int)(user.Number / _settings.Shares);
            _population[place] = (user, false);
        }
        else
        {
            _resting.Push(user);
        }
    }

    private User TakeUser()
    {
        if (_resting.TryPop(out var user))
        {
            return user;
        }

        user = new User(_settings.Time) { Values = new byte[]?[_scenario.Variables.Count], KeepsCookies = _scenario.HasCookies };
        _users.Add(user);
        return user;
    }

    /// <summary>A request ended, well or not.</summary>
    private void Record(User user, RequestFailure failure, int status, long bytes, long end)
    {
        var page = _window.Page(user.Page!.Index);
        page.ByFailure[(int)failure]++;
        page.Bytes += bytes;
        page.Durations += end - user.InFlightSince;
        if (failure is RequestFailure.None or RequestFailure.Timeout)
        {
            page.FromIntended.Record(end - user.Intended);
            page.FromStart.Record(end - user.Started);
        }

        if (_settings.Log is not null)
        {
            Log(user, failure, status, bytes, end);
        }
    }
}
