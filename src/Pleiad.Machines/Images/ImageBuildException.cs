namespace Pleiad.Machines.Images;

/// <summary>Why an image could not be built.</summary>
public enum ImageBuildFailure
{
    /// <summary>Tools are not installed; the message has the command that installs them.</summary>
    ToolsMissing,

    /// <summary>The guest's sources are not beside the program.</summary>
    GuestMissing,

    /// <summary>What it is made of beside the service (lwIP's sources, Debian's kernel) could not be fetched or is not what it should be.</summary>
    FetchFailed,

    /// <summary>The service or the guest does not compile or link.</summary>
    CompileFailed,

    /// <summary>A step took longer than its limit and was ended.</summary>
    TimedOut,

    /// <summary>The cache could not be read or written.</summary>
    CacheUnusable,
}

/// <summary>One complaint of compiler or linker.</summary>
/// <param name="File">The source file as the compiler names it.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1, or null when unknown.</param>
/// <param name="Message">What is wrong.</param>
public sealed record CompilerProblem(string File, int Line, int? Column, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}:{Line}{(Column is { } column ? $":{column}" : "")}: {Message}";
}

/// <summary>An image could not be built; the store is unchanged. The message names the thing and the remedy.</summary>
public sealed class ImageBuildException : Exception
{
    /// <summary>Fails for one reason.</summary>
    public ImageBuildException(ImageBuildFailure failure, string message, Exception? innerException = null)
        : base(message, innerException) => Failure = failure;

    /// <summary>The reason in a form for programs.</summary>
    public ImageBuildFailure Failure { get; }

    /// <summary>What compiler and linker said, for <see cref="ImageBuildFailure.CompileFailed"/>; may be empty when nothing could be told apart.</summary>
    public IReadOnlyList<CompilerProblem> Problems { get; init; } = [];

    /// <summary>The last lines the tool wrote.</summary>
    public string Output { get; init; } = "";
}
