using System.Text;
using Pleiad.Distributions.Random;
using Pleiad.Load.Http;
using Pleiad.Load.Scenarios;

namespace Pleiad.Load.Sessions;

/// <summary>A user in the middle of a session; used again for others.</summary>
/// <remarks>
/// <code>
/// Idle ──session──► Thinking ──due──► Asking ──answer, failure, time limit──► Thinking │ Idle
///                                       │ redirect, or a kept connection that was closed: asks again
/// </code>
/// </remarks>
internal sealed class User(TimeProvider time) : IHeaderSink
{
    private static readonly byte[] LocationName = "Location"u8.ToArray();

    private ulong _headersFound;

    /// <summary>Number of the session over all workers and agents.</summary>
    public long Session { get; set; }

    /// <summary>Number of the user; the same in each session of one user.</summary>
    public long Number { get; set; }

    /// <summary>How many sessions this user had before.</summary>
    public int Visit { get; set; }

    public UserClass Class { get; set; } = null!;

    public RandomStream Random { get; set; } = null!;

    public byte[]?[] Values { get; set; } = [];

    public CookieJar Cookies { get; } = new(time);

    public Page? Page { get; set; }

    /// <summary>When the request should begin, by the user's own behaviour; nanoseconds since the start of the run.</summary>
    public long Intended { get; set; }

    /// <summary>When it did.</summary>
    public long Started { get; set; }

    /// <summary>Since when it counts as in flight: when the generator took it up, be it only to wait for a connection.</summary>
    public long InFlightSince { get; set; }

    public long Deadline { get; set; }

    /// <summary>When the earliest of this user's deadline timers is due; there may be stale ones after it.</summary>
    public long DeadlineQueued { get; set; } = long.MaxValue;

    public int Stamp { get; set; }

    public int Step { get; set; }

    /// <summary>Whether a request is under way.</summary>
    public bool IsAsking { get; set; }

    public Link? Link { get; set; }

    public int Redirects { get; set; }

    public bool WasRetried { get; set; }

    /// <summary>The target of the request that is under way when it is a redirect's.</summary>
    public byte[]? RedirectedTo { get; set; }

    /// <summary>Method of the request that is under way; a redirect may have changed it.</summary>
    public string Method { get; set; } = "GET";

    /// <summary>Path and query of the request that is under way, for cookies.</summary>
    public ByteBuffer Target { get; } = new(128);

    public byte[]? Location { get; set; }

    public string? Encoding { get; set; }

    public bool KeepsCookies { get; set; }

    private static string TextOf(ReadOnlySpan<byte> value) => global::System.Text.Encoding.ASCII.GetString(value);

    public void BeginAnswer() => (Location, Encoding, _headersFound) = (null, null, 0);

    public void OnHeader(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        switch (name.Length)
        {
            case 10 when KeepsCookies && Ascii.EqualsIgnoreCase(name, "Set-Cookie"u8):
                Cookies.Set(value, Target.Span);
                break;
            case 8 when Ascii.EqualsIgnoreCase(name, LocationName):
                Location = value.ToArray();
                break;
            case 16 when Ascii.EqualsIgnoreCase(name, "Content-Encoding"u8):
                Encoding = TextOf(value);
                break;
        }

        var extractions = Page!.Extractions;
        for (var i = 0; i < extractions.Count; i++)
        {
            if (extractions[i].HeaderBytes is { } wanted && wanted.Length == name.Length && Ascii.EqualsIgnoreCase(name, wanted))
            {
                Values[extractions[i].Place] = value.ToArray();
                _headersFound |= 1UL << i;
            }
        }
    }

    /// <summary>The step for which the built-in values were made.</summary>
    public int BuiltInsOfStep { get; set; }

    /// <summary>What the runtime's client keeps for this user.</summary>
    public SystemSession? System { get; set; }

    /// <summary>Whether the header of the page's extraction with this index was in the answer.</summary>
    public bool HasHeaderOf(int extraction) => (_headersFound & (1UL << extraction)) != 0;
}
