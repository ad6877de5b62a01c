namespace Pleiad.State.Sql;

/// <summary>What a caller asks of the database.</summary>
/// <param name="What">What is attempted, for errors, for example <c>submit a job</c>.</param>
internal readonly record struct Call(string What)
{
    /// <summary>
    /// Whether doing it twice comes to the same. Only then is it tried again when the connection broke during COMMIT, for then nobody knows whether the
    /// first attempt took effect.
    /// </summary>
    public bool Repeatable { get; init; }

    /// <summary>Whether it shares its COMMIT with others that wait at the same time; for calls that come in crowds.</summary>
    public bool Grouped { get; init; }
}

/// <summary>COMMIT itself failed: whether the transaction took effect is not known.</summary>
internal sealed class CommitFailedException(Exception cause) : Exception("the commit failed", cause);
