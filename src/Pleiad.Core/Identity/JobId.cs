namespace Pleiad.Core.Identity;

/// <summary>Names one job; ids sort by the time of submission.</summary>
/// <param name="Value">A version 7 UUID.</param>
public readonly record struct JobId(Guid Value)
{
    /// <summary>A new id for a job submitted at <paramref name="now"/>.</summary>
    public static JobId New(DateTimeOffset now) => new(Guid.CreateVersion7(now));

    /// <summary>Reads an id as <see cref="ToString"/> writes it.</summary>
    public static bool TryParse(string? text, out JobId id)
    {
        var read = Guid.TryParse(text, out var value);
        id = new JobId(value);
        return read;
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString();
}
