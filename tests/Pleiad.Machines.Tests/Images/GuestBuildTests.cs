using Pleiad.Machines.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images;

/// <summary>One cache for all tests of the class, so that lwIP's sources are fetched once.</summary>
public sealed class GuestBuildCache : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public string Path => _directory.Path;

    public void Dispose() => _directory.Dispose();
}

/// <summary>The guest of this repository, built by the real tools from lwIP's real sources.</summary>
[Trait("Group", "guest")]
public sealed class GuestBuildTests(GuestBuildCache cache) : IClassFixture<GuestBuildCache>, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_shipped_images_build_are_small_and_come_from_the_cache_after()
    {
        var store = new ImageStore(Path.Combine(_directory.Path, "images"));
        var builder = new UnikernelBuilder(store, new UnikernelBuilderOptions { CacheDirectory = cache.Path });
        foreach (var shipped in ShippedImages.All)
        {
            var image = await builder.EnsureShippedAsync(shipped.Name, null, CancellationToken.None);

            image.Bytes.ShouldBeLessThan(100 * 1024);
            image.Manifest.MemoryBytes.ShouldBeLessThanOrEqualTo(4 << 20);
            using var kernel = File.OpenRead(image.Manifest.Kernel);
            ElfKernel.Inspect(kernel).Entry.ShouldBe(KernelEntry.Pvh);
            var again = await builder.BuildAsync(GuestSources.Locate(null).Service(shipped.Service), shipped.Name, null, null, CancellationToken.None);
            again.FromCache.ShouldBeTrue();
            again.Image.ShouldBe(image);
        }
    }

    [Fact]
    public async Task An_error_in_a_service_is_told_with_its_file_and_line()
    {
        var guest = GuestSources.Locate(null);
        var source = _directory.Write("broken/broken.c", File.ReadAllText(guest.Service("echo")) + "\nint broken(void) { return nothing; }\n");
        var builder = new UnikernelBuilder(new ImageStore(_directory.Make("images")), new UnikernelBuilderOptions { CacheDirectory = cache.Path });

        var error = await Should.ThrowAsync<ImageBuildException>(() => builder.BuildAsync(source, "broken", null, null, CancellationToken.None));

        error.Failure.ShouldBe(ImageBuildFailure.CompileFailed);
        error.Problems.ShouldContain(problem => problem.File == source && problem.Line == File.ReadAllLines(source).Length && problem.Message.Contains("nothing"));
    }
}
