using System.CommandLine;

namespace Pleiad.Cli.Completion;

/// <summary>Values that only the server knows.</summary>
internal enum ValueKind
{
    Service,
    Image,
    Machine,
    Job,
    Setting,
}

/// <summary>
/// Marks arguments and options whose values complete. The library asks its sources without a way to wait, so a source only notes what is wanted
/// and <see cref="CompleteCommand"/> asks the server for it.
/// </summary>
internal static class Complete
{
    [ThreadStatic]
    private static List<ValueKind>? _wanted;

    public static Argument<T> With<T>(Argument<T> argument, ValueKind kind)
    {
        argument.CompletionSources.Clear();
        argument.CompletionSources.Add(_ => Note(kind));
        return argument;
    }

    public static Option<T> With<T>(Option<T> option, ValueKind kind)
    {
        option.CompletionSources.Clear();
        option.CompletionSources.Add(_ => Note(kind));
        return option;
    }

    /// <summary>The kinds that <paramref name="complete"/> asked for.</summary>
    public static IReadOnlyList<ValueKind> WantedBy(Action complete)
    {
        _wanted = [];
        complete();
        var wanted = _wanted;
        _wanted = null;
        return wanted;
    }

    private static IEnumerable<string> Note(ValueKind kind)
    {
        _wanted?.Add(kind);
        return [];
    }
}
