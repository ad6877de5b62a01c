using Pleiad.Core.Documents;
using Pleiad.Machines.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images;

public sealed class ImageStoreTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTime _time = new();
    private readonly ImageStore _store;

    public ImageStoreTests() => _store = new ImageStore(Path.Combine(_directory.Path, "images"), _time);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task An_imported_image_is_found_by_name_and_by_digest()
    {
        var source = _directory.WriteImage("primes-unikernel", seed: 1, "memory: 4MiB\nport: 81\n");

        var image = await _store.ImportAsync(source);

        image.Digest.ShouldMatch("^sha256:[0-9a-f]{64}$");
        image.Bytes.ShouldBe(new FileInfo(image.Manifest.Kernel).Length);
        image.Stored.ShouldBe(_time.GetUtcNow());
        image.Manifest.MemoryBytes.ShouldBe(4 << 20);
        File.ReadAllBytes(image.Manifest.Kernel).ShouldBe(new ElfFile { Seed = 1 }.Bytes());
        _store.Find("primes-unikernel").ShouldBe(image);
        _store.Get(image.Digest).ShouldBe(image);
        _store.List().ShouldBe([image]);
        File.Delete(source);
        new ImageStore(_store.StoreDirectory).Find("primes-unikernel").ShouldBe(image);
    }

    [Fact]
    public void A_store_that_was_never_written_is_empty()
    {
        _store.List().ShouldBeEmpty();
        _store.Find("a").ShouldBeNull();
        _store.Find("../a").ShouldBeNull();
        _store.Pins().ShouldBeEmpty();
        Should.Throw<ImageStoreException>(() => _store.Get("sha256:" + new string('0', 64))).Failure.ShouldBe(ImageStoreFailure.NotFound);
        Should.Throw<ImageStoreException>(() => _store.Get("../../etc/passwd")).Failure.ShouldBe(ImageStoreFailure.NotFound);
        Directory.Exists(_store.StoreDirectory).ShouldBeFalse();
    }

    [Fact]
    public async Task The_list_has_all_names_in_order()
    {
        foreach (var name in (string[])["b", "c", "a"])
        {
            await _store.ImportAsync(_directory.WriteImage(name));
        }

        _store.List().Select(image => image.Manifest.Name).ShouldBe(["a", "b", "c"]);
        Blobs().ShouldHaveSingleItem("three names of one kernel share its file");
    }

    [Fact]
    public async Task The_same_content_again_changes_nothing()
    {
        var first = await _store.ImportAsync(_directory.WriteImage("a"));
        _time.Now += TimeSpan.FromHours(1);

        (await _store.ImportAsync(_directory.WriteImage("a"))).ShouldBe(first);

        Blobs().Length.ShouldBe(1);
    }

    [Fact]
    public async Task Other_content_takes_the_name_over_and_the_old_goes()
    {
        var old = await _store.ImportAsync(_directory.WriteImage("a", seed: 1));

        var now = await _store.ImportAsync(_directory.WriteImage("a", seed: 2));

        _store.Find("a").ShouldBe(now);
        now.Digest.ShouldNotBe(old.Digest);
        Blobs().ShouldBe([now.Manifest.Kernel]);
        Should.Throw<ImageStoreException>(() => _store.Get(old.Digest)).Failure.ShouldBe(ImageStoreFailure.NotFound);
    }

    [Fact]
    public async Task Another_manifest_for_the_same_kernel_is_another_image()
    {
        var old = await _store.ImportAsync(_directory.WriteImage("a"));

        var now = await _store.ImportAsync(_directory.WriteImage("a", further: "memory: 8MiB"));

        now.Digest.ShouldNotBe(old.Digest);
        now.Manifest.Kernel.ShouldBe(old.Manifest.Kernel);
    }

    [Fact]
    public async Task A_manifest_with_problems_stores_nothing()
    {
        var path = _directory.Write("bad/image.yaml", "name: a\nkernel: none.elf\nmemory: lots");

        var error = await Should.ThrowAsync<InvalidInputException>(() => _store.ImportAsync(path));

        error.Problems.Count.ShouldBe(2);
        _store.List().ShouldBeEmpty();
        Directory.Exists(_store.StoreDirectory).ShouldBeFalse();
    }

    [Fact]
    public async Task A_removed_image_is_gone_with_its_kernel()
    {
        await _store.ImportAsync(_directory.WriteImage("a", seed: 1));
        var other = await _store.ImportAsync(_directory.WriteImage("b", seed: 2));

        await _store.RemoveAsync("a");

        _store.List().ShouldBe([other]);
        Blobs().ShouldBe([other.Manifest.Kernel]);
        var again = await Should.ThrowAsync<ImageStoreException>(() => _store.RemoveAsync("a"));
        again.Failure.ShouldBe(ImageStoreFailure.NotFound);
        again.Message.ShouldContain("there is no image named 'a'; 'pleiad image list'");
        (await Should.ThrowAsync<ImageStoreException>(() => _store.RemoveAsync("../images"))).Failure.ShouldBe(ImageStoreFailure.NotFound);
    }

    [Fact]
    public async Task An_image_in_use_is_not_removed_and_the_users_are_named()
    {
        var image = await _store.ImportAsync(_directory.WriteImage("a"));
        var owner = new ImageOwner(_directory.Make("data"), "primes");
        await _store.PinAsync("a", image.Digest, owner);
        await _store.PinAsync("a", image.Digest, owner);

        var error = await Should.ThrowAsync<ImageStoreException>(() => _store.RemoveAsync("a"));

        error.Failure.ShouldBe(ImageStoreFailure.InUse);
        error.Users.ShouldBe([new ImagePin("a", image.Digest, owner)]);
        error.Message.ShouldContain($"image a is used by service primes of {owner.DataDirectory}");
        _store.Find("a").ShouldBe(image);

        await _store.UnpinAsync(owner);
        await _store.RemoveAsync("a");
        _store.List().ShouldBeEmpty();
    }

    [Fact]
    public async Task Force_takes_the_name_away_and_the_pinned_image_stays_until_its_last_user_goes()
    {
        var image = await _store.ImportAsync(_directory.WriteImage("a"));
        var (one, two) = (new ImageOwner(_directory.Make("data"), "one"), new ImageOwner(_directory.Make("data"), "two"));
        await _store.PinAsync("a", image.Digest, one);
        await _store.PinAsync("a", image.Digest, two);

        await _store.RemoveAsync("a", force: true);

        _store.Find("a").ShouldBeNull();
        _store.Get(image.Digest).ShouldBe(image);
        await _store.UnpinAsync(one);
        _store.Get(image.Digest).ShouldBe(image);
        await _store.UnpinAsync(two);
        Blobs().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_service_that_moves_on_to_a_new_image_keeps_the_old_one_until_it_lets_go()
    {
        var old = await _store.ImportAsync(_directory.WriteImage("a", seed: 1));
        var owner = new ImageOwner(_directory.Make("data"), "primes");
        await _store.PinAsync("a", old.Digest, owner);
        var now = await _store.ImportAsync(_directory.WriteImage("a", seed: 2));
        await _store.PinAsync("a", now.Digest, owner);

        _store.Get(old.Digest).ShouldBe(old);
        await _store.UnpinAsync(owner, keep: now.Digest);

        Should.Throw<ImageStoreException>(() => _store.Get(old.Digest)).Failure.ShouldBe(ImageStoreFailure.NotFound);
        _store.Pins().ShouldBe([new ImagePin("a", now.Digest, owner)]);
    }

    [Fact]
    public async Task An_image_that_is_not_there_cannot_be_pinned()
    {
        var owner = new ImageOwner(_directory.Path, "primes");

        (await Should.ThrowAsync<ImageStoreException>(() => _store.PinAsync("a", "sha256:" + new string('1', 64), owner))).Failure.ShouldBe(ImageStoreFailure.NotFound);

        _store.Pins().ShouldBeEmpty();
    }

    [Fact]
    public async Task Pins_of_a_data_directory_that_is_gone_no_longer_count()
    {
        var image = await _store.ImportAsync(_directory.WriteImage("a"));
        var data = _directory.Make("data");
        await _store.PinAsync("a", image.Digest, new ImageOwner(data, "primes"));
        Directory.Delete(data);

        await _store.RemoveAsync("a");

        _store.Pins().ShouldBeEmpty();
        Blobs().ShouldBeEmpty();
    }

    private string[] Blobs() => [.. Directory.EnumerateFiles(Path.Combine(_store.StoreDirectory, "blobs"))];
}
