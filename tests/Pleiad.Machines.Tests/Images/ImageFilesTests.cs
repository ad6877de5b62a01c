using System.Buffers.Binary;
using Pleiad.Core.Documents;
using Pleiad.Machines.Images;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images;

/// <summary>The store with images of several files.</summary>
public sealed class ImageFilesTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ImageStore _store;

    public ImageFilesTests() => _store = new ImageStore(Path.Combine(_directory.Path, "images"));

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Every_file_is_stored_and_goes_with_the_image()
    {
        var source = Write("a", "initramfs of a");

        var image = await _store.ImportAsync(source);

        File.ReadAllText(image.Manifest.Initramfs!).ShouldBe("initramfs of a");
        new FileInfo(image.Manifest.Disk!).Length.ShouldBe(1 << 20);
        image.Bytes.ShouldBe(image.Manifest.Files.Sum(file => new FileInfo(file.Path).Length));
        _store.Find("a").ShouldBe(image);
        new ImageStore(_store.StoreDirectory).Get(image.Digest).ShouldBe(image);
        (await _store.ImportAsync(source)).ShouldBe(image);
        (await _store.VerifyAsync()).ShouldBe([image]);

        var other = await _store.ImportAsync(Write("b", "initramfs of b"));
        other.Digest.ShouldNotBe(image.Digest);
        (other.Manifest.Kernel, other.Manifest.Disk).ShouldBe((image.Manifest.Kernel, image.Manifest.Disk));
        await _store.RemoveAsync("a");
        Blobs().Order().ShouldBe(other.Manifest.Files.Select(file => file.Path).Order());
        await _store.RemoveAsync("b");
        Blobs().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("initramfs")]
    [InlineData("disk")]
    public async Task A_file_that_is_missing_or_changed_is_told_and_mended_by_importing_again(string key)
    {
        var source = Write("a", "initramfs of a");
        var image = await _store.ImportAsync(source);
        var path = image.Manifest.Files.Single(file => file.Key == key).Path;
        var bytes = await File.ReadAllBytesAsync(path);
        File.Delete(path);
        Should.Throw<ImageStoreException>(() => _store.Find("a")).Message.ShouldContain($"{key} {path} is missing");

        bytes[0] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);
        Should.Throw<ImageStoreException>(() => _store.Get(image.Digest)).Message.ShouldContain("has other content than was stored");

        (await _store.ImportAsync(source)).Damage.ShouldBeNull();
        (await _store.VerifyAsync()).ShouldHaveSingleItem().Damage.ShouldBeNull();
    }

    [Fact]
    public async Task A_disk_that_is_mostly_empty_takes_little_room()
    {
        var source = Write("a", "x");
        var image = await _store.ImportAsync(source);
        using var disk = File.OpenRead(image.Manifest.Disk!);
        var content = new byte[disk.Length];
        disk.ReadExactly(content);
        content.AsSpan(0, 512).ContainsAnyExcept((byte)'d').ShouldBeFalse();
        content.AsSpan(512, content.Length - 513).ContainsAnyExcept((byte)0).ShouldBeFalse();
        content[^1].ShouldBe((byte)'e', "and a hole does not eat what is behind it");
        var blocks = await Shell("stat", "-c", "%b", image.Manifest.Disk!);
        (long.Parse(blocks) * 512).ShouldBeLessThan(512 << 10);
    }

    [Fact]
    public async Task A_record_from_before_there_were_further_files_reads_as_before()
    {
        var image = await _store.ImportAsync(_directory.WriteImage("old"));
        var record = Directory.GetFiles(Path.Combine(_store.StoreDirectory, "images")).ShouldHaveSingleItem();
        var text = await File.ReadAllTextAsync(record);
        text.ShouldNotContain("\"further\": {");
        await File.WriteAllTextAsync(record, text.Replace(",\n  \"further\": null", ""));

        _store.Find("old").ShouldBe(image);
        image.Manifest.Kind.ShouldBe(ImageKind.Unikernel);
        text.ShouldNotContain("vcpus", Case.Insensitive, "an image keeps its digest when Pleiad learns a new key");
    }

    [Theory]
    [InlineData(4, 0, 0, 1 << 20, "is a qcow2 of version 4")]
    [InlineData(3, 512, 0, 1 << 20, "with a backing file")]
    [InlineData(3, 0, 4, 1 << 20, "with an external data file")]
    [InlineData(2, 0, 0, 0, "is a disk without a size")]
    public void A_qcow2_that_reads_other_files_or_is_odd_is_refused(uint version, ulong backing, ulong features, ulong bytes, string reason)
    {
        var disk = DiskImage.Inspect(new MemoryStream(Qcow2(version, backing, features, bytes)));
        disk.Format.ShouldBe(DiskFormat.Qcow2);
        disk.Reason.ShouldNotBeNull().ShouldContain(reason);
        disk.Remedy.ShouldNotBeNullOrEmpty();
    }

    [Fact]
    public void A_whole_qcow2_and_a_raw_disk_are_told_apart()
    {
        DiskImage.Inspect(new MemoryStream(Qcow2(3, 0, 0, 5 << 20))).ShouldBe(new DiskInspection(DiskFormat.Qcow2, 5 << 20));
        DiskImage.Inspect(new MemoryStream(new byte[1024])).ShouldBe(new DiskInspection(DiskFormat.Raw, 1024));
        DiskImage.Inspect(new MemoryStream(Qcow2(3, 0, 0, 1)[..40])).Reason.ShouldNotBeNull().ShouldContain("cut off");
        DiskImage.Inspect(new MemoryStream()).Reason.ShouldBe("is empty");
    }

    [Fact]
    public async Task A_disk_that_became_another_since_its_manifest_was_read_is_refused()
    {
        var source = Write("a", "x");
        var manifest = ImageDocument.Load(source);
        await File.WriteAllBytesAsync(manifest.Disk!, Qcow2(3, 512, 0, 1 << 20));
        (await Should.ThrowAsync<InvalidInputException>(() => _store.ImportAsync(manifest, source, CancellationToken.None))).Problems.ShouldHaveSingleItem().Key.ShouldBe("disk");
        _store.List().ShouldBeEmpty();
    }

    private static byte[] Qcow2(uint version, ulong backing, ulong features, ulong bytes)
    {
        var header = new byte[512];
        BinaryPrimitives.WriteUInt32BigEndian(header, 0x514649fb);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), version);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(8), backing);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(24), bytes);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(72), features);
        return header;
    }

    private string Write(string name, string initramfs)
    {
        var directory = _directory.Make(name);
        new ElfFile().WriteTo(directory);
        File.WriteAllText(Path.Combine(directory, "root.cpio"), initramfs);
        using (var disk = File.Create(Path.Combine(directory, "root.img")))
        {
            disk.Write([.. Enumerable.Repeat((byte)'d', 512)]);
            disk.SetLength(1 << 20);
            disk.Position = disk.Length - 1;
            disk.WriteByte((byte)'e');
        }

        return _directory.Write($"{name}/image.yaml", $"name: {name}\nkind: disk\nkernel: kernel.elf\ninitramfs: root.cpio\ndisk: root.img\n");
    }

    private string[] Blobs() => Directory.GetFiles(Path.Combine(_store.StoreDirectory, "blobs"));

    private static Task<string> Shell(string tool, params string[] arguments) =>
        Processes.Programs.RunAsync(Processes.Programs.Find(tool)!, arguments, "", TimeSpan.FromSeconds(30), CancellationToken.None);
}
