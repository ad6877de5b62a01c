using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pleiad.Core.Documents;

/// <summary>
/// Refuses what could make a small document cost much: deep nesting (trees are built by recursion), many aliases, and keys that are not plain texts (which are
/// compared by walking all they refer to).
/// </summary>
internal sealed class BoundedYamlParser(IParser inner) : IParser
{
    /// <summary>Deepest nesting of mappings and lists.</summary>
    public const int DepthMax = 32;

    /// <summary>Most aliases (<c>*name</c>) in a document.</summary>
    public const int AliasesMax = 64;

    // One entry for each open collection: whether its next node is a key, or null in a list.
    private readonly Stack<bool?> _open = new();
    private int _aliases;

    /// <inheritdoc/>
    public ParsingEvent? Current => inner.Current;

    /// <inheritdoc/>
    public bool MoveNext()
    {
        if (!inner.MoveNext())
        {
            return false;
        }

        switch (inner.Current)
        {
            case MappingEnd or SequenceEnd:
                _open.Pop();
                break;
            case Scalar:
                TakePlace(isText: true);
                break;
            case AnchorAlias alias:
                TakePlace(isText: false);
                Require(++_aliases <= AliasesMax, alias, $"more than {AliasesMax} aliases");
                break;
            case MappingStart or SequenceStart:
                TakePlace(isText: false);
                _open.Push(inner.Current is MappingStart ? true : null);
                Require(_open.Count <= DepthMax, inner.Current, $"nested deeper than {DepthMax} levels");
                break;
        }

        return true;
    }

    private void TakePlace(bool isText)
    {
        if (_open.TryPop(out var isKey))
        {
            Require(isText || isKey != true, inner.Current!, "a key that is no plain text");
            _open.Push(!isKey);
        }
    }

    private static void Require(bool kept, ParsingEvent at, string what)
    {
        if (!kept)
        {
            throw new YamlException(at.Start, at.End, what);
        }
    }
}
