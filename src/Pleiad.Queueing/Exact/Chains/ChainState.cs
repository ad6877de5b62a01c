namespace Pleiad.Queueing.Exact.Chains;

/// <summary>A request as far as the future depends on it.</summary>
/// <param name="Class">Its class.</param>
/// <param name="Step">How far it is on its way.</param>
/// <param name="Frame">The visit that waits for it (numbered by <see cref="ChainNames"/>), or -1.</param>
/// <param name="Phase">Phase of its time; or one of the marks below.</param>
/// <param name="HeldAt">Station whose server it holds while it waits for room, or -1.</param>
internal readonly record struct Token(int Class, int Step, int Frame, int Phase, int HeldAt)
{
    /// <summary>It was not yet served.</summary>
    public const int Unserved = -1;

    /// <summary>It is done, and stays on its server until there is room where it goes.</summary>
    public const int Blocked = -2;

    /// <summary>Its time is 0.</summary>
    public const int Done = -3;
}

/// <summary>A visit that waits for a call it made.</summary>
internal readonly record struct CallFrame(int Station, int Step, int Parent);

/// <summary>Small numbers for tokens and frames, so that a state is a list of numbers.</summary>
internal sealed class ChainNames
{
    private readonly Dictionary<Token, int> _tokens = [];
    private readonly Dictionary<CallFrame, int> _frames = [];

    public List<Token> Tokens { get; } = [];

    public List<CallFrame> Frames { get; } = [];

    public int Of(in Token token)
    {
        if (!_tokens.TryGetValue(token, out var name))
        {
            _tokens[token] = name = Tokens.Count;
            Tokens.Add(token);
        }

        return name;
    }

    public int Of(in CallFrame frame)
    {
        if (!_frames.TryGetValue(frame, out var name))
        {
            _frames[frame] = name = Frames.Count;
            Frames.Add(frame);
        }

        return name;
    }
}

/// <summary>Where all requests are. Lists hold numbers of tokens; requests with the same token cannot be told apart.</summary>
internal sealed class ChainState
{
    private readonly List<int> _text = [];

    public ChainState(int stations, int classes)
    {
        (Present, ForThread, Outside) = (Lists(stations), Lists(stations), Lists(stations));
        Occupied = new int[stations];
        ArrivalPhase = new int[classes];
    }

    /// <summary>By station: in service and waiting, in the order of service.</summary>
    public List<int>[] Present { get; }

    /// <summary>By station: waiting for a thread.</summary>
    public List<int>[] ForThread { get; }

    /// <summary>By station: waiting for room.</summary>
    public List<int>[] Outside { get; }

    /// <summary>By station: open visits, those waiting for calls among them.</summary>
    public int[] Occupied { get; }

    /// <summary>By class: phase of the arrival process.</summary>
    public int[] ArrivalPhase { get; }

    /// <summary>Customers of closed classes between two interactions.</summary>
    public List<int> Thinking { get; } = [];

    /// <summary>Requests in the system.</summary>
    public int Requests { get; set; }

    /// <summary>The state as numbers.</summary>
    public int[] Write()
    {
        _text.Clear();
        _text.AddRange(ArrivalPhase);
        for (var k = 0; k < Occupied.Length; k++)
        {
            _text.Add(Occupied[k]);
            Write(Present[k]);
            Write(ForThread[k]);
            Write(Outside[k]);
        }

        // Those who think are many and few differ: each kind with its number.
        Thinking.Sort();
        for (var at = 0; at < Thinking.Count;)
        {
            var count = 1;
            while (at + count < Thinking.Count && Thinking[at + count] == Thinking[at])
            {
                count++;
            }

            _text.Add(Thinking[at]);
            _text.Add(count);
            at += count;
        }

        _text.Add(Requests);
        return [.. _text];
    }

    public void Read(int[] text)
    {
        var at = 0;
        for (var c = 0; c < ArrivalPhase.Length; c++)
        {
            ArrivalPhase[c] = text[at++];
        }

        for (var k = 0; k < Occupied.Length; k++)
        {
            Occupied[k] = text[at++];
            at = Read(text, at, Present[k]);
            at = Read(text, at, ForThread[k]);
            at = Read(text, at, Outside[k]);
        }

        Thinking.Clear();
        while (at < text.Length - 1)
        {
            for (var i = 0; i < text[at + 1]; i++)
            {
                Thinking.Add(text[at]);
            }

            at += 2;
        }

        Requests = text[at];
    }

    private static List<int>[] Lists(int count) => [.. Enumerable.Range(0, count).Select(_ => new List<int>())];

    private static int Read(int[] text, int at, List<int> list)
    {
        list.Clear();
        var count = text[at++];
        for (var i = 0; i < count; i++)
        {
            list.Add(text[at++]);
        }

        return at;
    }

    private void Write(List<int> list)
    {
        _text.Add(list.Count);
        _text.AddRange(list);
    }
}

/// <summary>States are the same when their numbers are.</summary>
internal sealed class StateComparer : IEqualityComparer<int[]>
{
    public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

    public int GetHashCode(int[] obj)
    {
        var hash = new HashCode();
        hash.AddBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(obj.AsSpan()));
        return hash.ToHashCode();
    }
}
