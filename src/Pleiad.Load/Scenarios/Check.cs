using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;

namespace Pleiad.Load.Scenarios;

/// <summary>Statuses that count as success, for example <c>200</c>, <c>2xx</c> or <c>200, 302</c>.</summary>
internal sealed class StatusSet
{
    private readonly ulong[] _bits = new ulong[16];

    /// <summary>All below 400.</summary>
    public static StatusSet Good { get; } = Of(Enumerable.Range(100, 300));

    public bool Has(int status) => (uint)status < 1000 && (_bits[status >> 6] & (1UL << (status & 63))) != 0;

    public static StatusSet? Parse(IEnumerable<string> words)
    {
        var all = new List<int>();
        foreach (var word in words.Select(word => word.Trim()))
        {
            if (word is [>= '1' and <= '9', 'x', 'x'])
            {
                all.AddRange(Enumerable.Range((word[0] - '0') * 100, 100));
            }
            else if (word.Length == 3 && int.TryParse(word, out var status) && status >= 100)
            {
                all.Add(status);
            }
            else
            {
                return null;
            }
        }

        return all.Count == 0 ? null : Of(all);
    }

    private static StatusSet Of(IEnumerable<int> statuses)
    {
        var set = new StatusSet();
        foreach (var status in statuses)
        {
            set._bits[status >> 6] |= 1UL << (status & 63);
        }

        return set;
    }
}

/// <summary>Something an answer's body has to keep.</summary>
internal abstract class Check
{
    /// <summary>Longest time a pattern may search in one answer.</summary>
    public static readonly TimeSpan PatternLimit = TimeSpan.FromMilliseconds(250);

    public abstract bool Holds(ReadOnlySpan<byte> body);
}

internal sealed class ContainsCheck(string text, bool wanted) : Check
{
    private readonly byte[] _text = Encoding.UTF8.GetBytes(text);

    public override bool Holds(ReadOnlySpan<byte> body) => body.IndexOf(_text) >= 0 == wanted;
}

internal sealed class PatternCheck(Regex pattern) : Check
{
    public override bool Holds(ReadOnlySpan<byte> body)
    {
        var chars = ArrayPool<char>.Shared.Rent(body.Length);
        try
        {
            var count = Encoding.UTF8.GetChars(body, chars);
            return pattern.IsMatch(chars.AsSpan(0, count));
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(chars);
        }
    }
}

internal sealed class JsonCheck(JsonPath path, string? expected) : Check
{
    private readonly byte[]? _expected = expected is null ? null : Encoding.UTF8.GetBytes(expected);

    public override bool Holds(ReadOnlySpan<byte> body) => path.Find(body) is { } found && (_expected is null || found.AsSpan().SequenceEqual(_expected));
}
