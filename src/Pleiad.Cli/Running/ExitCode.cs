namespace Pleiad.Cli.Running;

/// <summary>How the program ends; scripts rely on the numbers.</summary>
internal enum ExitCode
{
    /// <summary>It was done.</summary>
    Done = 0,

    /// <summary>It was tried and failed.</summary>
    Failed = 1,

    /// <summary>Wrong usage or input; nothing was changed.</summary>
    WrongInput = 2,

    /// <summary>Something is missing on this machine.</summary>
    Missing = 3,

    /// <summary>The server is not reachable.</summary>
    Unreachable = 4,

    /// <summary>It was measured, and is not as good as was asked for.</summary>
    Missed = 5,

    /// <summary>It was measured, and the measurement cannot be believed.</summary>
    Refused = 6,

    /// <summary>Interrupted by Ctrl-C or SIGTERM.</summary>
    Interrupted = 130,
}
