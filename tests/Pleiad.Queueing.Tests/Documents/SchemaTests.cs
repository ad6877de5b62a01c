using System.Text.Json;
using Pleiad.Distributions.Documents;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Tests.Fixtures;
using Shouldly;
using Xunit;

namespace Pleiad.Queueing.Tests.Documents;

/// <summary>docs/model.schema.json names what the reader reads, no more and no less.</summary>
public sealed class SchemaTests
{
    [Theory]
    [InlineData("class", "classes[1].unheard")]
    [InlineData("station", "stations[1].unheard")]
    public void The_schema_has_the_keys_that_are_read(string definition, string path)
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(Samples.Root, "docs", "model.schema.json")));
        var keys = schema.RootElement.GetProperty("$defs").GetProperty(definition).GetProperty("properties").EnumerateObject().Select(property => property.Name).Order(StringComparer.Ordinal);
        var error = Should.Throw<DocumentException>(() => Solve.Model("classes: [{ name: a, rate: 1, unheard: 1 }]\nstations: [{ name: s, service: 1ms, unheard: 1 }]"));

        error.Problems.Single(problem => problem.Path == path).Remedy.ShouldBe($"known here: {string.Join(", ", keys)}");
    }

    [Fact]
    public void The_schema_has_the_distributions_that_are_read()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(Samples.Root, "docs", "model.schema.json")));
        var names = schema.RootElement.GetProperty("$defs").GetProperty("distribution").GetProperty("oneOf")[1].GetProperty("properties").EnumerateObject().Select(property => property.Name);

        names.ShouldBe(DistributionReader.Names, ignoreOrder: true);
    }

    [Fact]
    public void Every_shipped_model_can_be_read()
    {
        var files = Directory.GetFiles(Path.Combine(Samples.Root, "samples", "models"), "*.yaml");

        files.ShouldNotBeEmpty();
        foreach (var file in files)
        {
            ModelDocument.Parse(File.ReadAllText(file), Path.GetFileName(file)).Stations.ShouldNotBeEmpty();
        }
    }
}
