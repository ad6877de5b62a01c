using System.Runtime.InteropServices;

namespace Pleiad.Wire.Association;

/// <summary>Puts exchanges that came in the order of their ends into the order of their starts.</summary>
internal static class StartOrder
{
    // Each has to pass those that ended before it and began after it; with more of them, sorting is quicker.
    private const int StepsPerNodeMax = 64;

    public static void Sort(List<Node> list)
    {
        var nodes = CollectionsMarshal.AsSpan(list);
        var steps = (long)nodes.Length * StepsPerNodeMax;
        for (var index = 1; index < nodes.Length; index++)
        {
            var node = nodes[index];
            var at = index;
            while (at > 0 && Compare(nodes[at - 1], node) > 0)
            {
                nodes[at] = nodes[at - 1];
                at--;
            }

            nodes[at] = node;
            steps -= index - at;
            if (steps < 0)
            {
                nodes.Sort(Compare);
                return;
            }
        }
    }

    private static int Compare(Node a, Node b) => a.StartNs != b.StartNs ? a.StartNs.CompareTo(b.StartNs) : a.EndNs.CompareTo(b.EndNs);
}
