namespace Pleiad.Wire.Captures;

/// <summary>What a capture file held and what of it was lost; nothing is dropped without being counted here.</summary>
internal sealed class CaptureAccount
{
    /// <summary>Damages kept with their words; more are only counted.</summary>
    public const int DamagesMax = 20;

    private readonly List<CaptureDamage> _damages = [];

    public string Format { get; set; } = "none";

    public long Frames { get; set; }

    public long Bytes { get; set; }

    public int Interfaces { get; set; }

    /// <summary>Time of the first and last frame in nanoseconds since 1970, or null without frames.</summary>
    public long? FirstNs { get; private set; }

    public long? LastNs { get; private set; }

    /// <summary>Frames of which the capture kept only a part.</summary>
    public long FramesCut { get; set; }

    /// <summary>Frames that the capturing program itself says it lost.</summary>
    public long FramesDropped { get; set; }

    /// <summary>Frames earlier than one before them.</summary>
    public long FramesBackInTime { get; set; }

    /// <summary>Bytes of the file that could not be read as frames.</summary>
    public long BytesSkipped { get; private set; }

    public long DamageCount { get; private set; }

    public IReadOnlyList<CaptureDamage> Damages => _damages;

    public void Damage(long offset, long bytesSkipped, string what)
    {
        DamageCount++;
        BytesSkipped += bytesSkipped;
        if (_damages.Count < DamagesMax)
        {
            _damages.Add(new CaptureDamage(offset, bytesSkipped, what));
        }
    }

    public void Frame(in Frame frame)
    {
        Frames++;
        Bytes += frame.Data.Length;
        if (frame.Data.Length < frame.LengthOnWire)
        {
            FramesCut++;
        }

        if (FirstNs is null || frame.TimeNs < FirstNs)
        {
            FirstNs = frame.TimeNs;
        }

        if (LastNs is null || frame.TimeNs >= LastNs)
        {
            LastNs = frame.TimeNs;
        }
        else
        {
            FramesBackInTime++;
        }
    }
}

/// <summary>One place where a capture file could not be read.</summary>
/// <param name="Offset">Byte of the (unpacked) file, from 0.</param>
/// <param name="BytesSkipped">Bytes that were left out there; 0 when the file only ends too early.</param>
/// <param name="What">What was wrong, in words.</param>
public sealed record CaptureDamage(long Offset, long BytesSkipped, string What);

/// <summary>A file that is no capture at all, or that needs something that is not here.</summary>
public sealed class CaptureException : Exception
{
    /// <summary>Refuses a file.</summary>
    /// <param name="reason">Kind of refusal.</param>
    /// <param name="message">What was tried, what is wrong, and what to do.</param>
    /// <param name="innerException">What brought it to light.</param>
    public CaptureException(CaptureFault reason, string message, Exception? innerException = null)
        : base(message, innerException) => Reason = reason;

    /// <summary>Kind of refusal.</summary>
    public CaptureFault Reason { get; }
}

/// <summary>Why a capture cannot be read at all.</summary>
public enum CaptureFault
{
    /// <summary>Neither pcap nor pcapng.</summary>
    NoCapture,

    /// <summary>Packed in a way that cannot be unpacked here.</summary>
    CannotUnpack,

    /// <summary>No file, or no right to read it.</summary>
    Unreadable,

    /// <summary>libpcap is missing, or refused to capture.</summary>
    CannotCapture,

    /// <summary>A file of the results, or of a live capture, cannot be written.</summary>
    CannotWrite,
}
