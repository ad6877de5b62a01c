using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace Pleiad.Architecture.Tests;

/// <summary>A promise that nothing shows is only a goal.</summary>
public sealed partial class PromiseTests
{
    [Fact]
    public void Every_promise_names_a_test_or_benchmark_that_exists()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs/PROMISES.md"));
        var kept = document[document.IndexOf("## Kept", StringComparison.Ordinal)..document.IndexOf("## Goals", StringComparison.Ordinal)];
        var rows = kept.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Skip(1).ToList();
        rows.ShouldNotBeEmpty();
        var tests = Repository.Files("tests").Select(file => Path.GetFileNameWithoutExtension(file.Path)).ToHashSet();
        foreach (var row in rows)
        {
            var shown = Quoted().Matches(row.Split('|')[^2]).Select(match => match.Groups[1].Value).ToList();
            shown.ShouldNotBeEmpty(row);
            foreach (var name in shown)
            {
                var exists = name.StartsWith("bench/", StringComparison.Ordinal) ? Repository.Files("bench").Any(file => file.Path.StartsWith(name.Split(' ')[0] + "/", StringComparison.Ordinal))
                    : name == "./test" || tests.Contains(name);
                exists.ShouldBeTrue($"{name} in: {row}");
            }
        }
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
