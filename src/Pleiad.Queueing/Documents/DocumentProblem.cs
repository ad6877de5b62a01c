namespace Pleiad.Queueing.Documents;

/// <summary>One thing wrong with a document, with what to do about it.</summary>
/// <param name="Line">Line, from 1, or null when there is none.</param>
/// <param name="Path">Where, for example <c>stations[2].service.browse</c>.</param>
/// <param name="Value">What was given, or null when nothing was.</param>
/// <param name="Reason">What is wrong, for example <c>is no station</c>.</param>
/// <param name="Remedy">What is allowed or what to do.</param>
public sealed record DocumentProblem(int? Line, string Path, string? Value, string Reason, string Remedy)
{
    /// <inheritdoc/>
    public override string ToString() => $"{(Line is { } line ? $"line {line}: " : "")}{Path}{(Value is null ? "" : $" '{Value}'")} {Reason}; {Remedy}";
}

/// <summary>A document cannot be used; carries every problem found, not only the first.</summary>
public sealed class DocumentException : Exception
{
    /// <summary>Refuses <paramref name="subject"/>.</summary>
    /// <param name="subject">The document, usually a file's name.</param>
    /// <param name="problems">At least one problem.</param>
    /// <param name="innerException">What brought it to light, if anything did.</param>
    public DocumentException(string subject, IReadOnlyList<DocumentProblem> problems, Exception? innerException = null)
        : base($"{subject}: {string.Join(Environment.NewLine + subject + ": ", problems)}", innerException) => (Subject, Problems) = (subject, problems);

    /// <summary>The document, usually a file's name.</summary>
    public string Subject { get; }

    /// <summary>Every problem found, in the order of lines.</summary>
    public IReadOnlyList<DocumentProblem> Problems { get; }
}
