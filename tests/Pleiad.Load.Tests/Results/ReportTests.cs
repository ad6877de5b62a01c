using System.Xml.Linq;
using Pleiad.Load.Results;
using Pleiad.Load.Tests.Kit;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Results;

public sealed class ReportTests
{
    [Fact]
    public async Task A_result_survives_json_and_its_report_is_well_formed_and_needs_nothing_else()
    {
        await using var server = new KnownServer();
        var result = await Kit.Load.RunAsync(Kit.Load.Read("name: \"<b>&\"\npages: { page: { url: / } }\ntransitions: { page: {} }\nload: { rate: 200, duration: 3s, connections: shared }"), Kit.Load.Options(server));

        RunResult.FromJson(result.ToJson()).ToJson().ShouldBe(result.ToJson());
        var html = HtmlReport.Write(result);
        html.ShouldContain("&lt;b&gt;&amp;");
        html.ShouldNotContain("http-equiv");
        html.ShouldNotContain("<script");
        html.ShouldNotContain("src=");
        html.Split("<svg").Length.ShouldBe(7);
        foreach (var svg in html.Split("<svg").Skip(1).Select(part => "<svg" + part[..(part.IndexOf("</svg>", StringComparison.Ordinal) + 6)]))
        {
            XElement.Parse(svg).Descendants().Count().ShouldBeGreaterThan(5);
            svg.ShouldNotContain("NaN");
        }

        Should.Throw<InvalidDataException>(() => RunResult.FromJson("{}"));
        Should.Throw<InvalidDataException>(() => RunResult.FromJson("no"));
    }
}
