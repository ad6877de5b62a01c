using System.Text;
using System.Text.RegularExpressions;
using Pleiad.Distributions.Random;
using Pleiad.Load.Http;
using Pleiad.Load.Scenarios;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Scenarios;

public sealed class ExtractionTests
{
    [Fact]
    public void The_quick_way_finds_what_the_pattern_finds()
    {
        var random = new RandomStream(5);
        foreach (var pattern in new[] { "a([^b]+)b", "ab([^c]*)ca", "aa([^b]+)", "b([^a]*)" })
        {
            var quick = BodyExtractor.OfPattern(pattern).ShouldBeOfType<BetweenExtractor>();
            for (var round = 0; round < 3000; round++)
            {
                var text = string.Concat(Enumerable.Range(0, random.NextIndex(12)).Select(_ => "abc"[random.NextIndex(3)]));
                var match = Regex.Match(text, pattern);
                var found = quick.Find(Encoding.UTF8.GetBytes(text));
                (found is null ? null : Encoding.UTF8.GetString(found)).ShouldBe(match.Success ? match.Groups[1].Value : null, $"{pattern} in {text}");
            }
        }
    }

    [Theory]
    [InlineData("a.([^b]+)b")]
    [InlineData("(\\d+)")]
    [InlineData("x([^y]+)z")]
    public void Other_patterns_are_left_to_the_runtime(string pattern) => BodyExtractor.OfPattern(pattern).ShouldBeOfType<PatternExtractor>();

    [Theory]
    [InlineData("$.a.b[1].c", """{"x":[1,{"y":2}],"a":{"b":[0,{"c":"v\"w"}]}}""", "v\"w")]
    [InlineData("$['a b']", """{"a b":12.50}""", "12.50")]
    [InlineData("$.o", """{"o":{"p":[1, 2]}}""", """{"p":[1, 2]}""")]
    [InlineData("$[2]", "[1,2]", null)]
    [InlineData("$.a", "no json", null)]
    [InlineData("$.a", """{"a":true""", "true")]
    public void A_json_path_finds_one_value(string path, string json, string? expected)
    {
        var found = JsonPath.Parse(path)!.Find(Encoding.UTF8.GetBytes(json));
        (found is null ? null : Encoding.UTF8.GetString(found)).ShouldBe(expected);
    }

    [Theory]
    [InlineData("/x?a=${v}", ValueFormName.Url, "/x?a=a%20%26%C3%A9%22")]
    [InlineData("{\"a\": \"${v:json}\"}", ValueFormName.Raw, "{\"a\": \"a \\u0026\\u00E9\\u0022\"}")]
    [InlineData("$${v} ${v:raw}", ValueFormName.Url, "${v} a &é\"")]
    public void Values_are_written_in_the_form_of_their_place(string template, ValueFormName form, string expected) => Written(template, (ValueForm)form).ShouldBe(expected);

    private static string Written(string template, ValueForm form)
    {
        var target = new ByteBuffer();
        Template.Parse(template, form, _ => 0, out var problem).TryWrite(target, [Encoding.UTF8.GetBytes("a &é\"")]).ShouldBeTrue();
        problem.ShouldBeNull();
        return Encoding.UTF8.GetString(target.Span);
    }

    /// <summary>The internal enumeration by number: test methods are public.</summary>
    public enum ValueFormName
    {
        Raw,
        Url,
        Json,
    }
}
