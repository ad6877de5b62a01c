using Pleiad.Core.Documents;
using Pleiad.Machines.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images;

/// <summary>The builder with real make, on a guest of three lines whose "kernel" is a file made beforehand; what gcc says comes from gcc.</summary>
public sealed class UnikernelBuilderTests : IDisposable
{
    private const string Makefile = """
        $(OUT)/$(NAME).elf: $(SERVICE)
        	@echo built >> $(HERE)../log
        	@gcc -Wall -Werror -fsyntax-only $(SERVICE)
        	@if [ -f $(HERE)hang ]; then sleep 600; fi
        	@cp $(HERE)kernel.elf $@
        HERE := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
        """;

    private readonly TemporaryDirectory _directory = new();
    private readonly ImageStore _store;
    private readonly string _service;

    public UnikernelBuilderTests()
    {
        _directory.Write("guest/unikernel/Makefile", Makefile + "\n");
        _directory.Write("guest/unikernel/fetch-lwip.sh", "mkdir -p $1/src/include/lwip && touch $1/src/include/lwip/init.h\n");
        new ElfFile().WriteTo(Path.Combine(_directory.Path, "guest/unikernel"));
        _directory.Write("guest/services/primes/primes.c", "int primes(void);\n");
        _directory.Write("guest/services/echo/echo.c", "int echo(void);\n");
        _service = _directory.Write("mine/mine.c", "int mine(void);\n");
        _store = new ImageStore(Path.Combine(_directory.Path, "images"));
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_service_becomes_an_image_and_the_second_time_comes_from_the_cache()
    {
        var steps = new Steps();
        var first = await Builder().BuildAsync(_service, "mine", new UnikernelBuildOptions { MemoryBytes = 8 << 20, Port = 81, Health = "/up" }, steps, CancellationToken.None);
        var second = await Builder().BuildAsync(_service, "mine", new UnikernelBuildOptions { MemoryBytes = 8 << 20, Port = 81, Health = "/up" }, steps, CancellationToken.None);

        first.FromCache.ShouldBeFalse();
        second.FromCache.ShouldBeTrue();
        second.Image.ShouldBe(first.Image);
        (first.Image.Manifest.MemoryBytes, first.Image.Manifest.Port, first.Image.Manifest.Health).ShouldBe((8 << 20, 81, "/up"));
        _store.Find("mine").ShouldBe(first.Image);
        steps.Told.ShouldBe(["fetching lwIP's sources from the Debian archive", "compiling mine"]);
        Builds().ShouldBe(1);
        WorkDirectories().ShouldBe(0);
    }

    [Theory]
    [InlineData("mine/mine.c", "int other(void);\n")]
    [InlineData("mine/table.h", "#define N 1\n")]
    [InlineData("guest/unikernel/new.c", "int x;\n")]
    [InlineData("guest/unikernel/include/new.h", "int x;\n")]
    public async Task A_change_of_any_source_builds_again(string file, string content)
    {
        await Build();
        _directory.Write(file, content);

        (await Build()).FromCache.ShouldBeFalse();
    }

    [Fact]
    public async Task A_change_of_the_guest_s_own_tests_does_not()
    {
        await Build();
        _directory.Write("guest/unikernel/test/test.c", "int x;\n");

        (await Build()).FromCache.ShouldBeTrue();
    }

    [Fact]
    public async Task What_does_not_compile_is_told_with_file_and_line_and_stores_nothing()
    {
        File.WriteAllText(_service, "int mine(void)\n{\n    return nothing;\n}\n");

        var error = await Should.ThrowAsync<ImageBuildException>(Build);

        error.Failure.ShouldBe(ImageBuildFailure.CompileFailed);
        var problem = error.Problems.ShouldHaveSingleItem();
        (problem.File, problem.Line).ShouldBe((_service, 3));
        error.Message.ShouldContain($"{_service}:3:12: ");
        error.Message.ShouldContain("nothing");
        _store.List().ShouldBeEmpty();
        Directory.GetFiles(Path.Combine(_directory.Path, "cache", "kernels")).ShouldBeEmpty();
        File.WriteAllText(_service, "int mine(void);\n");
        (await Build()).Image.Manifest.Name.ShouldBe("mine");
    }

    [Fact]
    public async Task A_build_that_takes_too_long_is_ended()
    {
        _directory.Write("guest/unikernel/hang", "");
        var options = Options();
        options.MakeTimeout = TimeSpan.FromSeconds(2);

        var error = await Should.ThrowAsync<ImageBuildException>(() => new UnikernelBuilder(_store, options).BuildAsync(_service, "mine", null, null, CancellationToken.None));

        error.Failure.ShouldBe(ImageBuildFailure.TimedOut);
        WorkDirectories().ShouldBe(0);
    }

    [Fact]
    public async Task Sources_of_lwIP_that_cannot_be_fetched_are_told_with_what_was_said()
    {
        _directory.Write("guest/unikernel/fetch-lwip.sh", "echo no such mirror >&2; exit 1\n");

        var error = await Should.ThrowAsync<ImageBuildException>(Build);

        error.Failure.ShouldBe(ImageBuildFailure.FetchFailed);
        error.Message.ShouldContain("no such mirror");
    }

    [Fact]
    public async Task Two_builders_at_once_build_once()
    {
        var built = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Build()));

        built.Count(build => !build.FromCache).ShouldBe(1);
        built.Select(build => build.Image.Digest).Distinct().ShouldHaveSingleItem();
        Builds().ShouldBe(1);
    }

    [Fact]
    public async Task Input_that_cannot_be_used_is_told_at_once()
    {
        var error = await Should.ThrowAsync<InvalidInputException>(() => Builder().BuildAsync(Path.Combine(_directory.Path, "no where.c"), "My Service", null, null, CancellationToken.None));
        error.Problems.Select(problem => problem.Key).ShouldBe(["name", "service", "service"]);

        var option = await Should.ThrowAsync<InvalidInputException>(() => Builder().BuildAsync(_service, "mine", new UnikernelBuildOptions { MemoryBytes = 3, Port = 0 }, null, CancellationToken.None));
        option.Problems.Select(problem => problem.Key).ShouldBe(["memory", "port"]);

        (await Should.ThrowAsync<InvalidInputException>(() => Builder().BuildAsync(Path.Combine(_directory.Path, "mine"), "mine", null, null, CancellationToken.None))).Message.ShouldContain("does not exist");
        _store.List().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_guest_that_is_not_there_is_told()
    {
        var options = new UnikernelBuilderOptions { CacheDirectory = _directory.Make("cache"), GuestDirectory = _directory.Make("empty") };

        var error = await Should.ThrowAsync<ImageBuildException>(() => new UnikernelBuilder(_store, options).BuildAsync(_service, "mine", null, null, CancellationToken.None));

        error.Failure.ShouldBe(ImageBuildFailure.GuestMissing);
        error.Message.ShouldContain("unikernel/Makefile");
    }

    [Fact]
    public async Task Only_the_kernels_used_last_are_kept()
    {
        var options = Options();
        options.KernelsKeptMax = 2;
        for (var round = 0; round < 5; round++)
        {
            File.WriteAllText(_service, $"int mine{round}(void);\n");
            await new UnikernelBuilder(_store, options).BuildAsync(_service, "mine", null, null, CancellationToken.None);
        }

        Directory.GetFiles(Path.Combine(_directory.Path, "cache", "kernels")).Length.ShouldBe(2);
        (await Build()).FromCache.ShouldBeTrue();
    }

    [Fact]
    public async Task A_shipped_image_is_built_at_first_use_and_follows_its_sources()
    {
        var first = await Builder().EnsureShippedAsync("primes-unikernel", null, CancellationToken.None);
        (await Builder().EnsureShippedAsync("primes-unikernel", null, CancellationToken.None)).ShouldBe(first);
        Builds().ShouldBe(1);

        new ElfFile { Seed = 9 }.WriteTo(Path.Combine(_directory.Path, "guest/unikernel"));
        var second = await Builder().EnsureShippedAsync("primes-unikernel", null, CancellationToken.None);

        second.Digest.ShouldNotBe(first.Digest);
        _store.Find("primes-unikernel").ShouldBe(second);
        second.Manifest.MemoryBytes.ShouldBe(4 << 20);
    }

    [Fact]
    public async Task An_image_of_a_shipped_name_that_a_user_imported_stays()
    {
        var own = await _store.ImportAsync(_directory.WriteImage("echo-unikernel", seed: 5));

        (await Builder().EnsureShippedAsync("echo-unikernel", null, CancellationToken.None)).ShouldBe(own);

        Builds().ShouldBe(0);
    }

    [Fact]
    public async Task A_shipped_image_that_is_damaged_is_built_again()
    {
        var first = await Builder().EnsureShippedAsync("echo-unikernel", null, CancellationToken.None);
        File.Delete(first.Manifest.Kernel);

        (await Builder().EnsureShippedAsync("echo-unikernel", null, CancellationToken.None)).Damage.ShouldBeNull();
    }

    [Fact]
    public async Task Without_the_guest_s_sources_the_image_built_before_is_used()
    {
        var first = await Builder().EnsureShippedAsync("echo-unikernel", null, CancellationToken.None);
        File.Delete(Path.Combine(_directory.Path, "guest/unikernel/Makefile"));
        var steps = new Steps();

        (await Builder().EnsureShippedAsync("echo-unikernel", steps, CancellationToken.None)).ShouldBe(first);

        steps.Told.ShouldHaveSingleItem().ShouldStartWith("using image echo-unikernel as it was built before");
        await Should.ThrowAsync<ImageBuildException>(() => Builder().EnsureShippedAsync("primes-unikernel", null, CancellationToken.None));
    }

    [Fact]
    public async Task A_name_that_is_not_shipped_is_refused_with_those_that_are() =>
        (await Should.ThrowAsync<InvalidInputException>(() => Builder().EnsureShippedAsync("nginx", null, CancellationToken.None))).Message.ShouldContain("primes-unikernel, echo-unikernel");

    private Task<UnikernelBuild> Build() => Builder().BuildAsync(_service, "mine", null, null, CancellationToken.None);

    private UnikernelBuilder Builder() => new(_store, Options());

    private UnikernelBuilderOptions Options() =>
        new() { CacheDirectory = Path.Combine(_directory.Path, "cache"), GuestDirectory = Path.Combine(_directory.Path, "guest") };

    private int WorkDirectories()
    {
        var work = Path.Combine(_directory.Path, "cache", "work");
        return Directory.Exists(work) ? Directory.GetDirectories(work).Length : 0;
    }

    private int Builds()
    {
        var log = Path.Combine(_directory.Path, "guest/log");
        return File.Exists(log) ? File.ReadAllLines(log).Length : 0;
    }

    private sealed class Steps : IProgress<string>
    {
        public List<string> Told { get; } = [];

        public void Report(string value) => Told.Add(value);
    }
}
