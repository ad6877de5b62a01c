namespace Pleiad.Client;

/// <summary>How long and how often a <see cref="PleiadClient"/> tries.</summary>
public sealed class PleiadClientOptions
{
    /// <summary>Longest wait for the beginning of an answer, the time a call asked to be held back apart.</summary>
    /// <value>30 s by default; more than zero.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often a call that may be repeated is tried again.</summary>
    /// <value>2 by default; 0 or more.</value>
    public int Retries { get; set; } = 2;

    /// <summary>How often following events and waiting for a job try again in a row; with the default delays that rides out a restart of a minute.</summary>
    /// <value>16 by default; 0 or more.</value>
    public int FollowRetries { get; set; } = 16;

    /// <summary>Wait before the first repetition; each further one waits twice as long.</summary>
    /// <value>100 ms by default; more than zero.</value>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait before a repetition, also when the server asks for more.</summary>
    /// <value>5 s by default.</value>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(5);
}
