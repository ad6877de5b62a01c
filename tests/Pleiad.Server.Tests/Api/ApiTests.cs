using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Pleiad.Client;
using Pleiad.Client.Contract;
using Pleiad.Core.Documents;
using Pleiad.Server.Hosting;
using Pleiad.Server.Tests.Running;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Api;

/// <summary>What the API says to good and bad input; one real server for all.</summary>
[Trait("Group", "server")]
public sealed class ApiTests(ApiTests.Fixture fixture) : IClassFixture<ApiTests.Fixture>
{
    private const string Service = "name: primes\nimage: primes-unikernel\nmachinesMin: 0\n";

    private HttpClient Http => fixture.Http;

    [Fact]
    public async Task The_OpenAPI_document_names_every_route()
    {
        var document = await Http.GetFromJsonAsync<JsonElement>("/openapi/v1.json");
        var paths = document.GetProperty("paths").EnumerateObject().Select(path => path.Name).ToList();
        paths.ShouldBe(
            [
                "/api/v1/server", "/api/v1/services", "/api/v1/services/{name}", "/api/v1/images", "/api/v1/jobs", "/api/v1/jobs/{id}", "/api/v1/jobs/{id}/result",
                "/api/v1/jobs/{id}/cancel", "/api/v1/machines", "/api/v1/machines/{id}", "/api/v1/machines/{id}/log", "/api/v1/events", "/api/v1/settings", "/api/v1/settings/{key}",
            ],
            ignoreOrder: true);
        document.GetProperty("paths").GetProperty("/api/v1/jobs").GetProperty("post").GetProperty("operationId").GetString().ShouldBe("submitJob");
    }

    [Fact]
    public async Task Every_wrong_key_of_a_service_is_named_with_line_value_and_remedy_and_nothing_changes()
    {
        var problem = await Refused(HttpMethod.Put, "/api/v1/services/bad", "name: bad\nimage: primes-unikernel\nslots: many\nmachinesMin: 9\nmachinesMax: 2\nidleTime: 3s\n", "application/yaml");
        problem.Status.ShouldBe(400);
        problem.Problems!.Select(one => (one.Line, one.Key, one.Value)).ShouldBe(
            [(3, "slots", "many"), (4, "machinesMin", "9"), (6, "idleTime", null)]);
        problem.Problems!.ShouldAllBe(one => one.Remedy.Length > 10);
        (await fixture.Server.Client.ListServicesAsync(default)).ShouldNotContain(service => service.Name == "bad");
    }

    [Theory]
    [InlineData("name: other\nimage: primes-unikernel\n", "is not the name in the address")]
    [InlineData("name: bad\nimage: no-such-image\n", "is not in the image store")]
    [InlineData("name: bad\nname: bad\nimage: primes-unikernel\n", "Duplicate key")]
    [InlineData("", "is empty")]
    [InlineData("- a\n", "is no mapping")]
    [InlineData("name: [bad\n", "no valid YAML")]
    public async Task A_service_that_cannot_be_is_refused(string document, string reason)
    {
        var problem = await Refused(HttpMethod.Put, "/api/v1/services/bad", document, "application/yaml");
        problem.Code.ShouldBe("invalidInput");
        problem.Detail!.ShouldContain(reason);
    }

    [Theory]
    [InlineData("/api/v1/services/no-such-service", "'no-such-service'")]
    [InlineData("/no-such'path", "/no-such'path is no resource")]
    public async Task Errors_are_readable_as_they_come(string path, string said)
    {
        var text = await (await Http.GetAsync(new Uri(path, UriKind.Relative))).Content.ReadAsStringAsync();
        text.ShouldNotContain("\\u00");
        text.ShouldContain(said);
    }

    [Fact]
    public async Task A_service_is_created_changed_shown_and_removed()
    {
        using var created = await Http.PutAsync("/api/v1/services/primes", new StringContent(Service));
        created.StatusCode.ShouldBe(HttpStatusCode.Created);
        using var changed = await Http.PutAsync("/api/v1/services/primes", new StringContent("""{"name":"primes","image":"primes-unikernel","machinesMin":0,"slots":7}"""));
        changed.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await fixture.Server.Client.GetServiceAsync("primes", default)).Slots.ShouldBe(7);
        (await Http.DeleteAsync("/api/v1/services/primes")).StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await Http.DeleteAsync("/api/v1/services/primes")).StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("""{"service":"primes","path":"/x","nmae":"typo"}""", "nmae")]
    [InlineData("""{"service":"primes"}""", "path")]
    [InlineData("""{"service":"primes","path":5}""", "path")]
    [InlineData("""{"service":"No Name","path":"no-slash","method":"get"}""", "service")]
    [InlineData("""{"service":"primes","path":"/x\r\nHost: evil"}""", "path")]
    [InlineData("""{"service":"primes","path":"/x","method":"GET","body":"aGk="}""", "body")]
    [InlineData("{", "JSON")]
    public async Task A_job_that_cannot_be_is_refused(string document, string named)
    {
        var problem = await Refused(HttpMethod.Post, "/api/v1/jobs", document, "application/json");
        problem.Status.ShouldBe(400);
        (problem.Detail + string.Join(" ", problem.Problems?.Select(one => one.Key) ?? [])).ShouldContain(named);
    }

    [Fact]
    public async Task A_job_for_a_service_that_is_not_there_is_refused()
    {
        var problem = await Refused(HttpMethod.Post, "/api/v1/jobs", """{"service":"nobody","path":"/x"}""", "application/json");
        problem.Status.ShouldBe(404);
        problem.Title!.ShouldContain("'nobody'");
    }

    [Theory]
    [InlineData("/api/v1/jobs/17", 400)]
    [InlineData("/api/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057", 404)]
    [InlineData("/api/v1/jobs?limit=0", 400)]
    [InlineData("/api/v1/jobs?state=asleep", 400)]
    [InlineData("/api/v1/machines/m-1", 400)]
    [InlineData("/api/v1/machines/m-0123456789", 404)]
    [InlineData("/api/v1/events?kind=nothing", 400)]
    [InlineData("/api/v1/services/none", 404)]
    [InlineData("/api/v2/services", 404)]
    public async Task What_is_not_there_is_said_as_a_problem_document(string path, int status)
    {
        using var answer = await Http.GetAsync(path);
        ((int)answer.StatusCode).ShouldBe(status);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await answer.Content.ReadFromJsonAsync(ContractJson.Default.ApiProblem))!.Detail.ShouldNotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("free_count", "0", "from 1 to 10000")]
    [InlineData("free_count", "five", "whole number")]
    [InlineData("colour", "5", "is no setting")]
    public async Task A_setting_out_of_its_range_is_refused(string key, string value, string reason)
    {
        var refused = await Should.ThrowAsync<PleiadApiException>(() => fixture.Server.Client.SetSettingAsync(key, value, default));
        refused.Problem.Detail!.ShouldContain(reason);
    }

    [Fact]
    public async Task A_setting_takes_either_of_its_names_and_times_with_a_unit()
    {
        (await fixture.Server.Client.SetSettingAsync("idleTimeout", "5m", default)).Value.ShouldBe(300_000);
        (await fixture.Server.Client.ListSettingsAsync(default)).Single(setting => setting.Key == "last_connect_ms").Value.ShouldBe(300_000);
    }

    [Theory]
    [InlineData("evil.example", null, 403)]
    [InlineData("localhost", null, 200)]
    [InlineData("127.0.0.1", "http://evil.example", 403)]
    [InlineData("127.0.0.1", "http://localhost:3000", 200)]
    public async Task Without_a_token_only_loopback_names_are_served(string host, string? origin, int status)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/services") { Headers = { Host = host } };
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using var answer = await Http.SendAsync(request);
        ((int)answer.StatusCode).ShouldBe(status);
    }

    [Fact]
    public async Task Metrics_are_Prometheus_text()
    {
        (await Http.GetAsync("/metrics")).Content.Headers.ContentType!.ToString().ShouldBe("text/plain; version=0.0.4; charset=utf-8");
        var families = PrometheusReader.Read(await Http.GetStringAsync("/metrics"));
        families["pleiad_machines"].Type.ShouldBe("gauge");
        families["pleiad_dispatched_total"].Type.ShouldBe("counter");
        families["pleiad_slot_wait_seconds"].Type.ShouldBe("histogram");

        // Every family, with its labels, is in the documentation.
        var documented = await File.ReadAllTextAsync(Path.Combine(TestImages.Source, "docs", "metrics.md"));
        families.Keys.ShouldAllBe(name => documented.Contains($"`{name}`", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_port_or_data_directory_in_use_is_said_with_the_option_to_change()
    {
        var options = new PleiadServerOptions { Data = fixture.Server.Data, Listen = "http://127.0.0.1:0", Gateway = "http://127.0.0.1:0" };
        (await Should.ThrowAsync<InvalidInputException>(() => PleiadServer.StartAsync(options, _ => { }, TimeProvider.System, default))).Message.ShouldContain("is in use by another pleiad");

        await using var second = await TestServer.StartAsync();
        var taken = new PleiadServerOptions { Data = second.Data + "2", Images = TestImages.Store, Cache = TestImages.Cache, Accelerator = "tcg", Listen = second.Server.Api.ToString(), Gateway = "http://127.0.0.1:0" };
        var error = await Should.ThrowAsync<InvalidInputException>(() => PleiadServer.StartAsync(taken, _ => { }, TimeProvider.System, default));
        error.Message.ShouldContain("--listen");
        error.Message.ShouldContain("is in use by another process");
        Leftovers.Of(second.Data + "2").ShouldBeEmpty();
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", "not loopback")]
    [InlineData("https://127.0.0.1:0", "is no address of this kind")]
    [InlineData("http://pleiad.example:0", "has no IP address")]
    public async Task An_address_that_cannot_or_may_not_be_listened_on_is_refused(string address, string reason)
    {
        var options = new PleiadServerOptions { Data = fixture.Server.Data + "3", Listen = address };
        (await Should.ThrowAsync<InvalidInputException>(() => PleiadServer.StartAsync(options, _ => { }, TimeProvider.System, default))).Message.ShouldContain(reason);
        Directory.Exists(fixture.Server.Data + "3").ShouldBeFalse();
    }

    [Fact]
    public async Task With_a_token_the_API_serves_only_who_has_it()
    {
        await using var server = await TestServer.StartAsync(options => options.Token = "s3cret");
        (await server.Client.ListServicesAsync(default)).ShouldBeEmpty();
        using var stranger = new HttpClient { BaseAddress = server.Server.Api };
        (await stranger.GetAsync("/api/v1/services")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await stranger.GetAsync("/metrics")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await stranger.GetAsync("/healthz")).StatusCode.ShouldBe(HttpStatusCode.OK);
        stranger.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
        (await stranger.GetAsync("/api/v1/services")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    private async Task<ApiProblem> Refused(HttpMethod method, string path, string body, string type)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body, Encoding.UTF8, type) };
        using var answer = await Http.SendAsync(request);
        answer.IsSuccessStatusCode.ShouldBeFalse();
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        return (await answer.Content.ReadFromJsonAsync(ContractJson.Default.ApiProblem))!;
    }

    public sealed class Fixture : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        internal HttpClient Http { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await TestServer.StartAsync();
            Http = new HttpClient { BaseAddress = Server.Server.Api };
        }

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await Server.DisposeAsync();
        }
    }
}
