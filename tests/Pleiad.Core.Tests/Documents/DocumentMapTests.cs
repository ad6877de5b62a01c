using Pleiad.Core.Documents;
using Shouldly;
using Xunit;

namespace Pleiad.Core.Tests.Documents;

public sealed class DocumentMapTests
{
    [Fact]
    public void Values_are_read_by_their_type()
    {
        var map = DocumentMap.Parse("name: a\ncount: 7\nsize: 4MiB\ntime: 1.5s\nmode: fast\nbelow: { deep: { er: 2 } }\nlist: [x, y]\nfree: { A: 1, B: two }\n", "f");

        map.Text("name").ShouldBe("a");
        map.WholeNumber("count", 1, 10).ShouldBe(7);
        map.Size("size", 1, 1 << 30).ShouldBe(4 << 20);
        map.Duration("time", TimeSpan.Zero, TimeSpan.FromHours(1)).ShouldBe(TimeSpan.FromSeconds(1.5));
        map.Choice("mode", ["slow", "fast"]).ShouldBe("fast");
        map.Map("below").Map("deep").WholeNumber("er", 0, 9).ShouldBe(2);
        map.TextList("list").ShouldBe(["x", "y"]);
        map.TextMap("free").ShouldBe(new Dictionary<string, string> { ["A"] = "1", ["B"] = "two" });
        map.Finish();
    }

    [Fact]
    public void Absent_keys_that_are_not_required_are_null_or_empty_and_no_problem()
    {
        var map = DocumentMap.Parse("name: a", "f");

        map.Text("name");
        map.Text("other").ShouldBeNull();
        map.WholeNumber("count", 1, 10).ShouldBeNull();
        map.Map("below").Text("x").ShouldBeNull();
        map.TextList("list").ShouldBeEmpty();
        map.TextMap("free").ShouldBeEmpty();
        map.Finish();
    }

    [Fact]
    public void All_problems_come_at_once_in_the_order_of_their_lines()
    {
        var map = DocumentMap.Parse("count: 11\nsize: 4MB\ntime: soon\nmode: warp\nbelow:\n  er: x\n  what: 1\nextra: 1\n", "file.yaml");
        map.WholeNumber("count", 1, 10);
        map.Size("size", 1, 100);
        map.Duration("time", TimeSpan.Zero, TimeSpan.FromHours(1));
        map.Choice("mode", ["slow", "fast"]);
        map.Map("below").WholeNumber("er", 0, 9);
        map.Text("name", required: true);

        var error = Should.Throw<InvalidInputException>(map.Finish);

        error.Subject.ShouldBe("file.yaml");
        error.Problems.Select(problem => (problem.Line, problem.Key, problem.Value, problem.Reason)).ShouldBe([
            (null, "name", null, "is missing"),
            (1, "count", "11", "is out of range"),
            (2, "size", "4MB", "is no size"),
            (3, "time", "soon", "is no length of time"),
            (4, "mode", "warp", "is not allowed"),
            (6, "below.er", "x", "is no whole number"),
            (7, "below.what", null, "is no known key"),
            (8, "extra", null, "is no known key"),
        ]);
        error.Problems.ShouldAllBe(problem => problem.Remedy.Length > 0);
        error.Problems[^1].Remedy.ShouldContain("below, count, mode, name, size, time");
        error.Message.ShouldContain("file.yaml: line 4: mode 'warp' is not allowed; give one of slow, fast");
    }

    [Theory]
    [InlineData("count: [1]", "count", "is no single value")]
    [InlineData("count: { a: 1 }", "count", "is no single value")]
    [InlineData("count:", "count", "is empty")]
    [InlineData("count: 1.5", "count", "is no whole number")]
    [InlineData("count: 99999999999999999999", "count", "is no whole number")]
    [InlineData("count: -1", "count", "is out of range")]
    [InlineData("below: 3", "below", "is no mapping")]
    [InlineData("below: [a]", "below", "is no mapping")]
    [InlineData("list: a", "list", "is no list of texts")]
    [InlineData("list: [[a]]", "list", "is no list of texts")]
    public void A_value_of_the_wrong_type_is_a_problem_with_its_line(string text, string key, string reason)
    {
        var map = DocumentMap.Parse("# first line\n" + text, "f");
        map.WholeNumber("count", 0, 10);
        map.Map("below");
        map.TextList("list");

        var problem = Should.Throw<InvalidInputException>(map.Finish).Problems.ShouldHaveSingleItem();

        (problem.Key, problem.Reason, problem.Line).ShouldBe((key, reason, 2));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("# only a remark", "is empty")]
    [InlineData("- a\n- b", "is no mapping")]
    [InlineData("just words", "is no mapping")]
    [InlineData("a: 1\n---\nb: 2", "holds several documents")]
    [InlineData("a: 1\nb: [1", "is no valid YAML")]
    [InlineData("a: 1\n\tb: 2", "is no valid YAML")]
    [InlineData("a: 1\na: 2", "is no valid YAML")]
    [InlineData("a: *nowhere", "is no valid YAML")]
    [InlineData("? [a, b]\n: 1", "a key that is no plain text")]
    [InlineData("a: &x 1\n*x : 2", "a key that is no plain text")]
    public void A_text_that_is_no_mapping_is_refused(string text, string reason)
    {
        var problem = Should.Throw<InvalidInputException>(() => DocumentMap.Parse(text, "f")).Problems.ShouldHaveSingleItem();

        problem.Reason.ShouldContain(reason);
    }

    [Fact]
    public void A_key_that_stands_twice_is_refused_with_the_line()
    {
        var problem = Should.Throw<InvalidInputException>(() => DocumentMap.Parse("a: 1\nb: 2\na: 3\n", "f")).Problems.ShouldHaveSingleItem();

        problem.Line.ShouldNotBeNull();
        problem.Reason.ShouldContain("uplicate");
    }

    [Fact]
    public void A_key_that_stands_twice_in_a_mapping_below_is_refused() =>
        Should.Throw<InvalidInputException>(() => DocumentMap.Parse("q: { a: 1, a: 2 }", "f"));

    [Fact]
    public void JSON_is_read_too()
    {
        var map = DocumentMap.Parse("""{"name": "a", "count": 3, "list": ["x"]}""", "f");

        map.Text("name").ShouldBe("a");
        map.WholeNumber("count", 0, 9).ShouldBe(3);
        map.TextList("list").ShouldBe(["x"]);
        map.Finish();
    }

    [Fact]
    public void An_alias_stands_for_what_it_names()
    {
        var map = DocumentMap.Parse("a: &x { count: 3 }\nb: *x", "f");

        map.Map("a").WholeNumber("count", 0, 9).ShouldBe(3);
        map.Map("b").WholeNumber("count", 0, 9).ShouldBe(3);
        map.Finish();
    }

    [Fact]
    public void A_small_document_that_stands_for_a_huge_one_is_refused_at_once()
    {
        // Ten levels of ten aliases each: 10^10 texts when expanded.
        var levels = Enumerable.Range(1, 10).Select(level => $"l{level}: &l{level} [{string.Join(", ", Enumerable.Repeat($"*l{level - 1}", 10))}]");

        var problem = Should.Throw<InvalidInputException>(() => DocumentMap.Parse("l0: &l0 x\n" + string.Join('\n', levels), "f")).Problems.ShouldHaveSingleItem();

        problem.Reason.ShouldContain($"more than {BoundedYamlParser.AliasesMax} aliases");
    }

    [Fact]
    public void A_document_within_the_bounds_is_not_expanded_for_an_error_message()
    {
        // Six levels of ten: a million texts if the message showed them all.
        var levels = Enumerable.Range(1, 6).Select(level => $"l{level}: &l{level} [{string.Join(", ", Enumerable.Repeat($"*l{level - 1}", 10))}]");
        var map = DocumentMap.Parse("l0: &l0 x\n" + string.Join('\n', levels), "f");
        map.Text("l6");

        Should.Throw<InvalidInputException>(map.Finish).Message.Length.ShouldBeLessThan(2_000);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    public void Deep_nesting_is_refused_and_does_not_exhaust_the_stack(string opening)
    {
        var text = "a: " + (opening == "- " ? "\n" : "") + string.Concat(Enumerable.Repeat(opening, 100_000));

        var problem = Should.Throw<InvalidInputException>(() => DocumentMap.Parse(text, "f")).Problems.ShouldHaveSingleItem();

        problem.Reason.ShouldContain($"nested deeper than {BoundedYamlParser.DepthMax} levels");
    }

    [Fact]
    public void Nesting_up_to_the_bound_is_read()
    {
        var below = BoundedYamlParser.DepthMax - 1;
        var map = DocumentMap.Parse("a: " + new string('[', below) + new string(']', below), "f");

        map.Has("a").ShouldBeTrue();
        Should.Throw<InvalidInputException>(() => DocumentMap.Parse("a: " + new string('[', below + 1) + new string(']', below + 1), "f"));
    }

    [Fact]
    public void A_document_longer_than_the_bound_is_refused() =>
        Should.Throw<InvalidInputException>(() => DocumentMap.Parse("a: " + new string('x', DocumentMap.LengthMax), "f")).Message.ShouldContain("are read");

    [Fact]
    public void A_text_that_breaks_its_rule_is_a_problem_and_comes_back_as_null()
    {
        var map = DocumentMap.Parse("name: 'No Name'", "f");

        map.Text("name", accepts: text => !text.Contains(' '), rule: "give one word").ShouldBeNull();

        Should.Throw<InvalidInputException>(map.Finish).Message.ShouldBe("f: line 1: name 'No Name' is not allowed; give one word");
    }
}
