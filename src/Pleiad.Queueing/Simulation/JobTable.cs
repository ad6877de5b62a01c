namespace Pleiad.Queueing.Simulation;

/// <summary>A request on its way, or a customer who thinks.</summary>
internal struct Job
{
    /// <summary>When its first attempt began.</summary>
    public double Began;

    /// <summary>Work left, in seconds of a server; for a job in service the moment of its end.</summary>
    public double Work;

    /// <summary>The next in the list it waits in, or -1.</summary>
    public int Next;

    public int Class;

    /// <summary>Where it is.</summary>
    public int Station;

    /// <summary>How far it is on its class's way.</summary>
    public int Step;

    /// <summary>The call being served, or -1 outside of calls.</summary>
    public int Frame;

    /// <summary>Where it came from and still holds a server, or -1.</summary>
    public int HeldAt;

    /// <summary>Changes whenever an event scheduled for it holds no more.</summary>
    public int Stamp;

    /// <summary>Counts the uses of this place, so that a time-out knows its attempt.</summary>
    public int Use;

    /// <summary>Attempts made before this one.</summary>
    public int Attempt;

    /// <summary>Nobody waits for it any more.</summary>
    public bool IsOrphan;
}

/// <summary>A visit that waits for a call it made.</summary>
internal struct Frame
{
    public int Station;

    /// <summary>How far the visit is through its calls.</summary>
    public int Step;

    /// <summary>The visit that called this one, or -1.</summary>
    public int Parent;
}

/// <summary>Structs in an array with a list of free places: nothing is allocated once it has grown.</summary>
internal sealed class Pool<T>(int capacity)
    where T : struct
{
    private int[] _free = new int[capacity];
    private int _freeCount;
    private int _used;

    public T[] Items { get; private set; } = new T[capacity];

    public int InUse => _used - _freeCount;

    public int Take()
    {
        if (_freeCount > 0)
        {
            return _free[--_freeCount];
        }

        if (_used == Items.Length)
        {
            var items = Items;
            Array.Resize(ref items, 2 * _used);
            Array.Resize(ref _free, 2 * _used);
            Items = items;
        }

        return _used++;
    }

    public void Give(int place) => _free[_freeCount++] = place;
}

/// <summary>Jobs in the order of their coming, linked through the jobs themselves.</summary>
internal struct JobList
{
    private int _first;
    private int _last;

    public int Count { get; private set; }

    public void AddLast(Job[] jobs, int job)
    {
        jobs[job].Next = -1;
        if (Count++ == 0)
        {
            _first = job;
        }
        else
        {
            jobs[_last].Next = job;
        }

        _last = job;
    }

    public void AddFirst(Job[] jobs, int job)
    {
        jobs[job].Next = Count == 0 ? -1 : _first;
        _first = job;
        if (Count++ == 0)
        {
            _last = job;
        }
    }

    public int TakeFirst(Job[] jobs)
    {
        var job = _first;
        _first = jobs[job].Next;
        Count--;
        return job;
    }
}
