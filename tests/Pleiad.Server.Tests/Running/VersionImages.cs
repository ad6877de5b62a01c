using Pleiad.Machines.Images;
using Pleiad.TestKit;

namespace Pleiad.Server.Tests.Running;

/// <summary>Images of one service in several versions: each answers <c>/version</c> with its own letter, after some milliseconds of work.</summary>
internal static class VersionImages
{
    internal static string Name(char version) => $"version-{version}";

    internal static async Task EnsureAsync(params char[] versions)
    {
        await TestImages.EnsureAsync();
        using var sources = new TempDirectory("versions");
        var builder = new UnikernelBuilder(new ImageStore(TestImages.Store), new UnikernelBuilderOptions { CacheDirectory = TestImages.Cache });
        foreach (var version in versions)
        {
            var source = sources.File($"{Name(version)}.c");
            await File.WriteAllTextAsync(source, Source(version));
            await builder.BuildAsync(source, Name(version), null, null, CancellationToken.None);
        }
    }

    private static string Source(char version) => $$"""
        #include "service.h"

        static void complete(struct request *request)
        {
            for (volatile int turn = 0; turn < 1000000; turn++) {
            }
            request_answer(request, &(struct answer){.status = 200, .content_type = "text/plain", .body = "{{version}}", .length = 1});
        }

        const struct service service = {.name = "{{Name(version)}}", .complete = complete};
        """;
}
