using Shouldly;
using Xunit;

namespace Pleiad.Architecture.Tests;

public sealed class ReferenceTests
{
    // Projects whose tests stand in another project's tests, with the reason.
    private static readonly Dictionary<string, (string Tests, string Reason)> TestedElsewhere = new()
    {
        ["Client"] = ("Pleiad.Server.Tests", "the client is tested against the real server"),
    };

    private static readonly IReadOnlyDictionary<string, IReadOnlySet<string>> Table =
        ReferenceTable.Read(File.ReadAllText(Path.Combine(Repository.Root, "docs", "ARCHITECTURE.md")));

    [Fact]
    public void Every_reference_between_projects_is_in_the_table()
    {
        var forbidden = Repository.Projects("src").SelectMany(project => ReferenceTable.ReferencesOf(project.Text())
            .Where(used => !Table.TryGetValue(ReferenceTable.Short(project.Name), out var allowed) || !allowed.Contains(used))
            .Select(used => $"{project} uses {used}"));

        forbidden.ShouldBeEmpty();
    }

    [Fact]
    public void The_table_has_every_project_and_no_other()
    {
        var projects = Repository.Projects("src").Select(project => ReferenceTable.Short(project.Name)).ToList();

        projects.ShouldNotBeEmpty();
        Table.Keys.ShouldBe(projects, ignoreOrder: true);
        Table.Values.SelectMany(allowed => allowed).Except(projects).ShouldBeEmpty();
    }

    [Fact]
    public void References_have_no_circle()
    {
        var left = Table.ToDictionary(row => row.Key, row => row.Value.ToHashSet());
        while (left.FirstOrDefault(row => row.Value.Count == 0) is { Key: { } free })
        {
            left.Remove(free);
            foreach (var allowed in left.Values)
            {
                allowed.Remove(free);
            }
        }

        left.Keys.ShouldBeEmpty();
    }

    [Fact]
    public void Every_project_has_tests()
    {
        var tests = Repository.Projects("tests").Select(project => project.Name).ToList();
        var without = Repository.Projects("src").Select(project => project.Name)
            .Where(project => !tests.Contains(project + ".Tests"))
            .Where(project => !TestedElsewhere.TryGetValue(ReferenceTable.Short(project), out var other) || !tests.Contains(other.Tests));

        without.ShouldBeEmpty();
    }

    [Fact]
    public void The_solution_has_every_project()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Pleiad.slnx"));
        var missing = Repository.Files("src", "tests", "bench").Where(file => file.Path.EndsWith(".csproj", StringComparison.Ordinal))
            .Where(project => !solution.Contains($"\"{project.Path}\"", StringComparison.Ordinal));

        missing.ShouldBeEmpty();
    }

    [Fact]
    public void A_table_is_read_and_one_without_its_marks_is_refused()
    {
        const string text = "x\n<!-- references -->\n| project | may use |\n|---|---|\n| Pleiad.Core | – |\n| Pleiad.A | Core |\n| Pleiad.B | all |\n<!-- /references -->\n| Pleiad.C | Core |\n";

        var table = ReferenceTable.Read(text);

        table.Keys.ShouldBe(["Core", "A", "B"]);
        table["Core"].ShouldBeEmpty();
        table["A"].ShouldBe(["Core"]);
        table["B"].ShouldBe(["Core", "A"]);
        Should.Throw<FormatException>(() => ReferenceTable.Read("| Pleiad.Core | – |"));
    }

    [Fact]
    public void References_of_a_project_file_are_read() =>
        ReferenceTable.ReferencesOf("""<Project><ItemGroup><ProjectReference Include="..\Pleiad.Core\Pleiad.Core.csproj" /><ProjectReference Include="../Pleiad.A/Pleiad.A.csproj" /></ItemGroup></Project>""")
            .ShouldBe(["Core", "A"]);
}
