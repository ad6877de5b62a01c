using System.Diagnostics;
using Pleiad.Core.Documents;
using Pleiad.Machines.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images;

/// <summary>What the store does with damage, crashes, other processes, full disks and missing rights.</summary>
public sealed class ImageStoreFailureTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ImageStore _store;

    public ImageStoreFailureTests() => _store = new ImageStore(Path.Combine(_directory.Path, "images"));

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("missing", "is missing")]
    [InlineData("shorter", "has 10 bytes instead of 4096")]
    [InlineData("other", "has other content than was stored")]
    public async Task A_damaged_kernel_is_told_at_use_and_mended_by_importing_again(string kind, string said)
    {
        var image = await _store.ImportAsync(_directory.WriteImage("a"));
        var other = await _store.ImportAsync(_directory.WriteImage("b", seed: 7));
        Damage(image.Manifest.Kernel, kind, keepTime: false);

        var error = Should.Throw<ImageStoreException>(() => _store.Find("a"));

        error.Failure.ShouldBe(ImageStoreFailure.Damaged);
        error.Message.ShouldContain(said);
        error.Message.ShouldContain("import image a again");
        Should.Throw<ImageStoreException>(() => _store.Get(image.Digest)).Failure.ShouldBe(ImageStoreFailure.Damaged);
        _store.List().Select(each => each.Damage is null).ShouldBe([false, true]);
        _store.Find("b").ShouldBe(other);

        await _store.ImportAsync(_directory.WriteImage("a"));
        _store.Find("a")!.Damage.ShouldBeNull();
    }

    [Fact]
    public async Task A_change_that_keeps_size_and_time_is_found_by_verifying()
    {
        var image = await _store.ImportAsync(_directory.WriteImage("a"));
        await _store.ImportAsync(_directory.WriteImage("b", seed: 7));
        Damage(image.Manifest.Kernel, "other", keepTime: true);

        _store.Find("a").ShouldNotBeNull("size and time are what is looked at");
        var verified = await _store.VerifyAsync();

        verified.Select(each => (each.Manifest.Name, each.Damage is null)).ShouldBe([("a", false), ("b", true)]);
        verified[0].Damage!.ShouldContain("has other content than was stored");
    }

    [Fact]
    public async Task A_kernel_whose_time_changed_but_not_its_content_is_whole()
    {
        var image = await _store.ImportAsync(_directory.WriteImage("a"));
        File.SetLastWriteTimeUtc(image.Manifest.Kernel, new DateTime(2001, 1, 1, 0, 0, 0, DateTimeKind.Utc));

        _store.Find("a").ShouldBe(image);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"manifest":"name: a","kernelBytes":1}""")]
    public async Task A_damaged_record_makes_only_its_image_unusable(string content)
    {
        var image = await _store.ImportAsync(_directory.WriteImage("a"));
        var other = await _store.ImportAsync(_directory.WriteImage("b", seed: 7));
        var record = Path.Combine(_store.StoreDirectory, "images", image.Digest["sha256:".Length..] + ".json");
        File.WriteAllText(record, content);

        Should.Throw<ImageStoreException>(() => _store.Find("a")).Failure.ShouldBe(ImageStoreFailure.Damaged);
        _store.List().Select(each => (each.Manifest.Name, each.Damage is null)).ShouldBe([("a", false), ("b", true)]);
        await _store.ImportAsync(_directory.WriteImage("c", seed: 8));
        _store.Find("b").ShouldBe(other);

        await _store.RemoveAsync("a");
        _store.List().Select(each => each.Manifest.Name).ShouldBe(["b", "c"]);
    }

    [Fact]
    public async Task A_name_without_a_digest_is_damage_that_importing_mends()
    {
        await _store.ImportAsync(_directory.WriteImage("a"));
        File.WriteAllText(Path.Combine(_store.StoreDirectory, "names", "a"), "sha256:../../etc/passwd");

        Should.Throw<ImageStoreException>(() => _store.Find("a")).Message.ShouldContain("holds no digest; import image a again");

        await _store.ImportAsync(_directory.WriteImage("a"));
        _store.Find("a").ShouldNotBeNull();
    }

    [Fact]
    public async Task A_damaged_pin_keeps_everything_in_place_and_is_named()
    {
        var old = await _store.ImportAsync(_directory.WriteImage("a", seed: 1));
        await _store.PinAsync("a", old.Digest, new ImageOwner(_directory.Path, "primes"));
        var pin = Directory.GetFiles(Path.Combine(_store.StoreDirectory, "pins")).ShouldHaveSingleItem();
        File.WriteAllText(pin, "{");

        await _store.ImportAsync(_directory.WriteImage("a", seed: 2));

        _store.Get(old.Digest).ShouldBe(old);
        (await Should.ThrowAsync<ImageStoreException>(() => _store.RemoveAsync("a"))).Message.ShouldContain(pin);
    }

    [Fact]
    public async Task What_a_crash_left_is_invisible_and_swept()
    {
        await _store.ImportAsync(_directory.WriteImage("a"));
        var root = _store.StoreDirectory;
        var leftovers = new[]
        {
            _directory.Write(Path.Combine(root, "temp", "half"), "half a kernel"),
            _directory.Write(Path.Combine(root, "blobs", new string('a', 64)), "a kernel without a record"),
            _directory.Write(Path.Combine(root, "images", new string('b', 64) + ".json"), "a record without a name"),
        };

        _store.List().ShouldHaveSingleItem();
        (await _store.CollectAsync()).ShouldBe("a kernel without a record".Length);

        leftovers.ShouldAllBe(path => !File.Exists(path));
        _store.Find("a").ShouldNotBeNull();
    }

    [Fact]
    public async Task An_import_that_is_cancelled_leaves_nothing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => _store.ImportAsync(_directory.WriteImage("a"), cancelled.Token));

        _store.List().ShouldBeEmpty();
        Directory.EnumerateFiles(_store.StoreDirectory, "*", SearchOption.AllDirectories).Select(Path.GetFileName).Except(["lock"]).ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_process_that_changes_the_store_is_waited_for()
    {
        await _store.ImportAsync(_directory.WriteImage("a"));
        using var holder = await HoldLockAsync();
        var impatient = new ImageStore(_store.StoreDirectory) { LockWaitMax = TimeSpan.FromMilliseconds(40) };

        var error = await Should.ThrowAsync<ImageStoreException>(() => impatient.ImportAsync(_directory.WriteImage("b")));
        error.Failure.ShouldBe(ImageStoreFailure.Busy);
        error.Message.ShouldContain(Path.Combine(_store.StoreDirectory, "lock"));
        _store.Find("a").ShouldNotBeNull("reading needs no lock");

        var import = _store.ImportAsync(_directory.WriteImage("b"));
        import.IsCompleted.ShouldBeFalse();
        holder.StandardInput.Close();
        (await import).Manifest.Name.ShouldBe("b");
        await holder.WaitForExitAsync();
    }

    [Fact]
    public async Task Many_writers_and_readers_at_once_see_only_whole_images()
    {
        var sources = Enumerable.Range(0, 4).Select(seed => _directory.WriteImage("a", seed)).ToArray();
        var writers = Enumerable.Range(0, 4).Select(writer => Task.Run(async () =>
        {
            var store = new ImageStore(_store.StoreDirectory);
            for (var round = 0; round < 15; round++)
            {
                await store.ImportAsync(sources[(writer + round) % sources.Length]);
            }
        })).ToArray();
        var written = Task.WhenAll(writers);
        var seen = 0;
        while (!written.IsCompleted)
        {
            if (_store.Find("a") is { } image)
            {
                image.Damage.ShouldBeNull();
                seen++;
            }

            _store.List().ShouldAllBe(each => each.Damage == null);
        }

        await written;
        seen.ShouldBeGreaterThan(0);
        Directory.GetFiles(Path.Combine(_store.StoreDirectory, "blobs")).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_full_disk_is_told_and_nothing_is_left_of_the_import()
    {
        await using var disk = await SmallDisk.MountAsync(_directory.Make("disk"), "size=128k");
        var store = new ImageStore(Path.Combine(disk.Path, "images"));
        await store.ImportAsync(_directory.WriteImage("small"));
        var large = new ElfFile { MultibootAt = 256 * 1024 }.WriteTo(_directory.Make("large"));
        var manifest = _directory.Write("large/image.yaml", $"name: large\nkernel: {large}");

        var error = await Should.ThrowAsync<ImageStoreException>(() => store.ImportAsync(manifest));

        error.Failure.ShouldBe(ImageStoreFailure.DiskFull);
        error.Message.ShouldContain("free some space");
        store.List().ShouldHaveSingleItem().Manifest.Name.ShouldBe("small");
        Directory.GetFiles(Path.Combine(disk.Path, "images", "temp")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_is_told()
    {
        await using var disk = await SmallDisk.MountAsync(_directory.Make("disk"), "size=256k");
        var store = new ImageStore(Path.Combine(disk.Path, "images"));
        var image = await store.ImportAsync(_directory.WriteImage("a"));
        await disk.MakeReadOnlyAsync();

        var error = await Should.ThrowAsync<ImageStoreException>(() => store.ImportAsync(_directory.WriteImage("b")));

        error.Failure.ShouldBe(ImageStoreFailure.NoPermission);
        error.Message.ShouldContain("--data");
        store.Find("a").ShouldBe(image);
    }

    [Fact]
    public async Task A_file_where_the_store_should_be_is_told()
    {
        var file = _directory.Write("file", "x");

        var error = await Should.ThrowAsync<ImageStoreException>(() => new ImageStore(file).ImportAsync(_directory.WriteImage("a")));

        error.Message.ShouldContain(file);
    }

    [Fact]
    public async Task A_source_that_changed_into_something_else_is_refused()
    {
        var source = _directory.WriteImage("a");
        var manifest = ImageDocument.Load(source);
        File.WriteAllText(manifest.Kernel, "no kernel any more");

        var error = await Should.ThrowAsync<InvalidInputException>(() => _store.ImportAsync(manifest, source, CancellationToken.None));
        error.Message.ShouldContain("is no ELF file");

        File.Delete(manifest.Kernel);
        (await Should.ThrowAsync<InvalidInputException>(() => _store.ImportAsync(manifest, source, CancellationToken.None))).Message.ShouldContain("cannot be read");
        _store.List().ShouldBeEmpty();
    }

    private static void Damage(string path, string kind, bool keepTime)
    {
        var time = File.GetLastWriteTimeUtc(path);
        var bytes = File.ReadAllBytes(path);
        File.Delete(path);
        if (kind == "missing")
        {
            return;
        }

        bytes[^1] ^= 1;
        File.WriteAllBytes(path, kind == "shorter" ? bytes[..10] : bytes);
        File.SetLastWriteTimeUtc(path, keepTime ? time : time.AddSeconds(1));
    }

    private async Task<Process> HoldLockAsync()
    {
        var start = new ProcessStartInfo("flock", ["-x", Path.Combine(_store.StoreDirectory, "lock"), "sh", "-c", "echo held; read line"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var holder = Process.Start(start)!;
        (await holder.StandardOutput.ReadLineAsync()).ShouldBe("held");
        return holder;
    }
}
