using Shouldly;

namespace Pleiad.State.Tests.Conformance;

internal static class ShouldlyExtensions
{
    /// <summary>The only element that fits.</summary>
    public static T ShouldHaveSingleItem<T>(this IEnumerable<T> items, Func<T, bool> fits) => items.Where(fits).ToArray().ShouldHaveSingleItem();
}
