using System.Diagnostics;
using System.Globalization;
using System.Text;
using Pleiad.Machines.Images.Linux;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Images.Linux;

/// <summary>The archive that becomes a machine's first file system, read back by a reader of its own.</summary>
public sealed class RootFileSystemTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Files_links_directories_and_devices_are_in_it_as_they_were_given()
    {
        using var stream = new MemoryStream();
        using (var archive = new CpioArchive(stream))
        {
            archive.AddFile("a/b/c.txt", "hello"u8, 0b110_100_100);
            archive.AddLink("a/link", "b/c.txt");
            archive.AddDirectory("tmp", 0b1_111_111_111);
            archive.AddDevice("dev/console", 5, 1);
        }

        var entries = Read(stream.ToArray());

        entries.Select(entry => (entry.Path, entry.Mode, entry.Text)).ShouldBe([
            ("a/b/c.txt", 0b1000_000_110_100_100u, "hello"),
            ("a", 0b0100_000_111_101_101u, ""),
            ("a/b", 0b0100_000_111_101_101u, ""),
            ("a/link", 0b1010_000_111_111_111u, "b/c.txt"),
            ("tmp", 0b0100_001_111_111_111u, ""),
            ("dev", 0b0100_000_111_101_101u, ""),
            ("dev/console", 0b0010_000_110_000_000u, ""),
        ], ignoreOrder: true);
        entries.Single(entry => entry.Path == "dev/console").Device.ShouldBe((5u, 1u));
        foreach (var path in entries.Select(entry => entry.Path).Where(path => path.Contains('/')))
        {
            var parent = path[..path.LastIndexOf('/')];
            entries.FindIndex(entry => entry.Path == parent).ShouldBeLessThan(entries.FindIndex(entry => entry.Path == path), "the kernel makes no directories by itself");
        }

        (stream.Length % 4).ShouldBe(0);
    }

    [Fact]
    public void A_directory_becomes_the_same_bytes_each_time_and_nothing_behind_a_link_comes_along()
    {
        _directory.Write("root/usr/bin/server", "#!");
        _directory.Write("root/usr/lib/lib.so", "library");
        _directory.Write("outside/secret", "secret");
        File.CreateSymbolicLink(Path.Combine(_directory.Path, "root/outside"), "../outside");
        File.CreateSymbolicLink(Path.Combine(_directory.Path, "root/dangling"), "/nowhere");
        Directory.CreateDirectory(Path.Combine(_directory.Path, "root/empty"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.SetUnixFileMode(Path.Combine(_directory.Path, "root/usr/bin/server"), (UnixFileMode)0b111_101_101);

        var first = Archive();
        File.SetLastWriteTimeUtc(Path.Combine(_directory.Path, "root/usr/bin/server"), DateTime.UnixEpoch);

        Archive().ShouldBe(first);
        var entries = Read(first);
        entries.Select(entry => entry.Path).ShouldBe(["dangling", "empty", "outside", "usr", "usr/bin", "usr/bin/server", "usr/lib", "usr/lib/lib.so"]);
        entries.Single(entry => entry.Path == "outside").Text.ShouldBe("../outside");
        entries.Single(entry => entry.Path == "usr/bin/server").Mode.ShouldBe(0b1000_000_111_101_101u);
        entries.Single(entry => entry.Path == "empty").Mode.ShouldBe(0b0100_000_111_000_000u);
    }

    [Fact]
    public async Task A_pipe_is_refused_by_name_and_not_waited_for()
    {
        _directory.Make("root");
        using (var make = Process.Start("mkfifo", [Path.Combine(_directory.Path, "root/pipe")]))
        {
            await make.WaitForExitAsync();
        }

        Should.Throw<IOException>(Archive).Message.ShouldContain("root/pipe is neither a file, a directory nor a link");
    }

    [Fact]
    public void A_directory_is_looked_at_before_it_is_built()
    {
        var root = _directory.Make("root");
        RootDirectory.ProblemOfDirectory(root, "/service")!.Value.Reason.ShouldBe("has no /service");
        var service = _directory.Write("root/service", "x");
        File.SetUnixFileMode(service, (UnixFileMode)0b110_100_100);
        RootDirectory.ProblemOfDirectory(root, "/service")!.Value.Reason.ShouldContain("not everybody may execute");
        File.SetUnixFileMode(service, (UnixFileMode)0b111_101_101);
        RootDirectory.ProblemOfDirectory(root, "/service").ShouldBeNull();
        _directory.Write("root/init", "x");
        RootDirectory.ProblemOfDirectory(root, "/service")!.Value.Reason.ShouldContain("has /init");
    }

    [Fact]
    public void A_program_that_needs_libraries_or_is_none_is_refused()
    {
        RootDirectory.ProblemOfProgram("/bin/sh")!.Value.Reason.ShouldBe("is linked dynamically");
        RootDirectory.ProblemOfProgram(_directory.Write("script", "#!/bin/sh\n"))!.Value.Reason.ShouldBe("is no program for x86-64 Linux");
        RootDirectory.ProblemOfProgram(_directory.Write("empty", ""))!.Value.Reason.ShouldBe("is no program for x86-64 Linux");
    }

    [Fact]
    public void The_init_is_told_what_to_run()
    {
        Initramfs.Service(new LinuxBuildOrder { Name = "a" }).ShouldBe("user 1000 1000\ndirectory /\nargument /service\n");
        Initramfs.Service(new LinuxBuildOrder { Name = "a", User = (33, 0), Command = ["/bin/x", "two words", ""] })
            .ShouldBe("user 33 0\ndirectory /\nargument /bin/x\nargument two words\nargument \n");
    }

    private byte[] Archive()
    {
        using var stream = new MemoryStream();
        using (var archive = new CpioArchive(stream))
        {
            RootDirectory.AddTo(archive, Path.Combine(_directory.Path, "root"));
        }

        return stream.ToArray();
    }

    private static List<(string Path, uint Mode, string Text, (uint, uint) Device)> Read(byte[] bytes)
    {
        var entries = new List<(string, uint, string, (uint, uint))>();
        for (var at = 0; ;)
        {
            var head = Encoding.ASCII.GetString(bytes, at, 110);
            head[..6].ShouldBe("070701");
            uint Field(int index) => uint.Parse(head.AsSpan(6 + 8 * index, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            var name = Encoding.UTF8.GetString(bytes, at + 110, (int)Field(11) - 1);
            at = Aligned(at + 110 + (int)Field(11));
            if (name == "TRAILER!!!")
            {
                at.ShouldBe(bytes.Length);
                return entries;
            }

            (Field(2), Field(3), Field(5)).ShouldBe((0u, 0u, 0u), "root's, and without a time");
            entries.Add((name, Field(1), Encoding.UTF8.GetString(bytes, at, (int)Field(6)), (Field(9), Field(10))));
            at = Aligned(at + (int)Field(6));
        }

        static int Aligned(int at) => (at + 3) & ~3;
    }
}
