using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Pleiad.Load.Running;
using Pleiad.Load.Tests.Kit;
using Pleiad.TestKit;
using Shouldly;
using Xunit;

namespace Pleiad.Load.Tests.Http;

public sealed class ModernProtocolTests
{
    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Tls_and_http2_carry_the_same_scenario(bool tls, bool http2)
    {
        var protocols = new System.Collections.Concurrent.ConcurrentBag<string>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        using var certificate = Certificate();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options => options.Listen(System.Net.IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = http2 ? HttpProtocols.Http2 : HttpProtocols.Http1;
            if (tls)
            {
                listen.UseHttps(certificate);
            }
        }));
        await using var site = builder.Build();
        site.Run(async context =>
        {
            protocols.Add(context.Request.Protocol + (context.Request.IsHttps ? "s" : ""));
            await context.Response.WriteAsync($"key=[{context.Request.Query["k"]}]");
        });
        await site.StartAsync();
        var scenario = Kit.Load.Read("name: m\npages: { a: { url: /a?k=1, extract: { k: { regex: 'key=\\[(\\d)' } } }, b: { url: \"/b?k=${k}\", checks: { contains: 'key=[1]' } } }\ntransitions: { a: { b: 1 } }\nload: { rate: 50, duration: 2s }");
        var options = new LoadOptions { Target = new Uri(site.Urls.First()), Http2 = http2, AcceptsAnyCertificate = true, Seed = 2, Grace = TimeSpan.FromSeconds(20) };
        var total = (await Kit.Load.RecordAsync(scenario, options)).Series.Total();

        total.Failed.ShouldBe(0);
        total.Pages[1]!.Requests.ShouldBeInRange(10, total.Pages[0]!.Requests);
        total.Requests.ShouldBeGreaterThan(20);
        protocols.Distinct().ShouldBe([(http2 ? "HTTP/2" : "HTTP/1.1") + (tls ? "s" : "")]);
        if (tls)
        {
            var refused = await Kit.Load.RunAsync(scenario, options with { AcceptsAnyCertificate = false });
            refused.Total.Failures.Keys.ShouldContain("tls");
            refused.Total.Failures["tls"].ShouldBeGreaterThan(20);
            refused.Findings.ShouldContain(finding => finding.Remedy.Contains("--insecure"));
        }
    }

    [Theory]
    [InlineData(HttpEngine.Auto)]
    [InlineData(HttpEngine.System)]
    public async Task A_page_may_name_another_host_and_no_connection_outlives_the_run(HttpEngine engine)
    {
        await using var server = new KnownServer();
        var scenario = Kit.Load.Read("name: host\npages: { a: { url: /a, headers: { Host: shop.test } } }\ntransitions: { a: { a: { probability: 0.99, think: 1s } } }\nload: { rate: 20, duration: 1s }");
        var record = await Kit.Load.RecordAsync(scenario, Kit.Load.Options(server) with { Engine = engine });

        record.Series.Total().Requests.ShouldBeGreaterThan(5);
        server.Requests.ShouldAllBe(seen => seen.Headers["Host"] == "shop.test");
        await Eventually.BecomesTrueAsync(() => server.ConnectionsOpen == 0, TimeSpan.FromSeconds(20), () => $"{server.ConnectionsOpen} open");
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
