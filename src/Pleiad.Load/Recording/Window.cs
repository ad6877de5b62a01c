namespace Pleiad.Load.Recording;

/// <summary>Why a request did not succeed.</summary>
public enum RequestFailure
{
    /// <summary>It did.</summary>
    None,

    /// <summary>No connection could be opened.</summary>
    Connect,

    /// <summary>No answer within the page's time limit.</summary>
    Timeout,

    /// <summary>The connection broke before the end of the answer.</summary>
    Broken,

    /// <summary>The answer is no HTTP, or larger than is read.</summary>
    Protocol,

    /// <summary>A status that is not among those wanted.</summary>
    Status,

    /// <summary>The body does not keep a check.</summary>
    Check,

    /// <summary>A value that later pages need was not in the answer.</summary>
    Extraction,

    /// <summary>A value that the request needs was not there; nothing was sent.</summary>
    Value,

    /// <summary>More redirects than are followed.</summary>
    Redirects,

    /// <summary>This machine had no port, file or memory left for a connection.</summary>
    Sockets,

    /// <summary>The server did not agree on TLS, or its certificate is not trusted.</summary>
    Tls,
}

/// <summary>What happened to one page in one window.</summary>
internal sealed class PageWindow
{
    public static readonly int Failures = Enum.GetValues<RequestFailure>().Length;

    /// <summary>Time from the intended start; of successes and timeouts.</summary>
    public Histogram FromIntended { get; init; } = new();

    /// <summary>Time from the actual start, of the same.</summary>
    public Histogram FromStart { get; init; } = new();

    public long[] ByFailure { get; init; } = new long[Failures];

    public long Bytes { get; set; }

    /// <summary>Sum of the times in flight of all requests, failed ones too, and of their waits for a connection; in nanoseconds.</summary>
    public double Durations { get; set; }

    public long Requests => ByFailure.Sum();

    public long Failed => ByFailure.Sum() - ByFailure[0];

    public void Add(PageWindow other)
    {
        FromIntended.Add(other.FromIntended);
        FromStart.Add(other.FromStart);
        for (var i = 0; i < ByFailure.Length; i++)
        {
            ByFailure[i] += other.ByFailure[i];
        }

        Bytes += other.Bytes;
        Durations += other.Durations;
    }
}

/// <summary>What happened in one length of time: filled by one worker, then handed over and merged with those of the others.</summary>
internal sealed class Window(int pages)
{
    public PageWindow?[] Pages { get; } = new PageWindow?[pages];

    /// <summary>How late the generator began what it had planned.</summary>
    public Histogram Lag { get; init; } = new();

    public long SessionsStarted { get; set; }

    public long SessionsEnded { get; set; }

    /// <summary>∫ of requests in flight, in nanoseconds: divided by the length, their mean number.</summary>
    public double InFlightNanoseconds { get; set; }

    /// <summary>CPU time of the workers, in nanoseconds.</summary>
    public long CpuNanoseconds { get; set; }

    public long ConnectionsOpened { get; set; }

    /// <summary>Requests that waited because no more connections were allowed.</summary>
    public long Waited { get; set; }

    /// <summary>Sum of the levels asked for at the window's end: users, or sessions per second.</summary>
    public double Level { get; set; }

    public PageWindow Page(int index) => Pages[index] ??= new PageWindow();

    public long Requests => Pages.Sum(page => page?.Requests ?? 0);

    public long Failed => Pages.Sum(page => page?.Failed ?? 0);

    /// <summary>Adds what another worker saw at the same time, or what came after.</summary>
    public void Add(Window other)
    {
        for (var i = 0; i < Pages.Length; i++)
        {
            if (other.Pages[i] is { } page)
            {
                Page(i).Add(page);
            }
        }

        Lag.Add(other.Lag);
        SessionsStarted += other.SessionsStarted;
        SessionsEnded += other.SessionsEnded;
        InFlightNanoseconds += other.InFlightNanoseconds;
        CpuNanoseconds += other.CpuNanoseconds;
        ConnectionsOpened += other.ConnectionsOpened;
        Waited += other.Waited;
        Level = Math.Max(Level, other.Level);
    }
}

/// <summary>Windows in order, bounded: when there are too many, neighbours are merged and the length doubles. For one thread.</summary>
internal sealed class WindowSeries(int pages, TimeSpan length, int windowsMax = WindowSeries.Max)
{
    public const int Max = 128;

    private readonly List<Window> _windows = [];

    /// <summary>Number of windows' lengths that make one of the windows kept.</summary>
    private int _merged = 1;

    public int PageCount => pages;

    public TimeSpan WindowLength => length * _merged;

    public IReadOnlyList<Window> Windows => _windows;

    /// <summary>Adds what happened in the window of number <paramref name="index"/>, counted in lengths given at the start.</summary>
    public void Add(long index, Window window)
    {
        while (index / _merged >= windowsMax)
        {
            Halve();
        }

        var at = (int)(index / _merged);
        while (_windows.Count <= at)
        {
            _windows.Add(new Window(pages));
        }

        _windows[at].Add(window);
    }

    /// <summary>Adds another series of the same length and pages, such as an agent's.</summary>
    public void Add(WindowSeries other)
    {
        while (other._merged > _merged)
        {
            Halve();
        }

        for (var i = 0; i < other._windows.Count; i++)
        {
            Add((long)i * other._merged, other._windows[i]);
        }
    }

    /// <summary>All windows from one on, as one.</summary>
    public Window Total(int from = 0, int? count = null)
    {
        var total = new Window(pages);
        foreach (var window in _windows.Skip(from).Take(count ?? int.MaxValue))
        {
            total.Add(window);
        }

        return total;
    }

    /// <summary>A series with windows as they are, for reading back.</summary>
    /// <param name="pages">Number of pages.</param>
    /// <param name="length">Length of a window as it was recorded.</param>
    /// <param name="windowLength">Length of a window now: some power of two as long.</param>
    /// <param name="windows">The windows.</param>
    public static WindowSeries Of(int pages, TimeSpan length, TimeSpan windowLength, IEnumerable<Window> windows)
    {
        var series = new WindowSeries(pages, length) { _merged = Math.Max(1, (int)Math.Round(windowLength / length)) };
        series._windows.AddRange(windows.Take(Max));
        return series;
    }

    private void Halve()
    {
        var half = new List<Window>();
        for (var i = 0; i < _windows.Count; i += 2)
        {
            var window = _windows[i];
            if (i + 1 < _windows.Count)
            {
                window.Add(_windows[i + 1]);
            }

            half.Add(window);
        }

        _windows.Clear();
        _windows.AddRange(half);
        _merged *= 2;
    }
}
