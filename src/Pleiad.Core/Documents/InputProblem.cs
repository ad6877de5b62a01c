namespace Pleiad.Core.Documents;

/// <summary>One thing wrong with what a user gave, with what to do about it.</summary>
/// <param name="Key">The key, option or file, for example <c>queue.limit</c>.</param>
/// <param name="Value">What was given, or null when nothing was.</param>
/// <param name="Reason">What is wrong, for example <c>is no number</c>.</param>
/// <param name="Remedy">What is allowed or what to do, for example <c>give a whole number from 1 to 100000</c>.</param>
/// <param name="Line">Line of the document, from 1, or null when there is none.</param>
public sealed record InputProblem(string Key, string? Value, string Reason, string Remedy, int? Line = null)
{
    /// <inheritdoc/>
    public override string ToString() =>
        $"{(Line is { } line ? $"line {line}: " : "")}{Key}{(Value is null ? "" : $" '{Value}'")} {Reason}; {Remedy}";
}

/// <summary>What a user gave cannot be used; carries every problem found, not only the first. Nothing was changed.</summary>
public sealed class InvalidInputException : Exception
{
    /// <summary>Refuses <paramref name="subject"/> for <paramref name="problems"/>.</summary>
    /// <param name="subject">What was refused, for example <c>service.yaml</c>.</param>
    /// <param name="problems">At least one problem.</param>
    /// <param name="innerException">What brought it to light, if anything did.</param>
    public InvalidInputException(string subject, IReadOnlyList<InputProblem> problems, Exception? innerException = null)
        : base($"{subject}: {string.Join(Environment.NewLine + subject + ": ", problems)}", innerException)
    {
        Subject = subject;
        Problems = problems;
    }

    /// <summary>Refuses <paramref name="subject"/> for one problem.</summary>
    public InvalidInputException(string subject, InputProblem problem, Exception? innerException = null)
        : this(subject, [problem], innerException)
    {
    }

    /// <summary>What was refused, for example a file's name.</summary>
    public string Subject { get; }

    /// <summary>Every problem found, at least one.</summary>
    public IReadOnlyList<InputProblem> Problems { get; }
}
