using System.Buffers.Binary;
using System.IO.Enumeration;
using System.Runtime.InteropServices;

namespace Pleiad.Machines.Images.Linux;

/// <summary>What becomes the file system of a Linux machine: a static program, or a directory.</summary>
internal static partial class RootDirectory
{
    /// <summary>Where a program given alone stands in the machine.</summary>
    public const string ServicePath = "/service";

    private const int EntriesMax = 100_000;
    private const uint ExecutableMode = 0b111_101_101;
    private const ushort MachineX64 = 62;
    private const uint SegmentInterpreter = 3;

    // These are the init's own; what stands there would hide it or be hidden.
    private static readonly string[] Reserved = ["init", "pleiad"];

    /// <summary>What is wrong with a program that is to stand alone; null when nothing is.</summary>
    public static (string Reason, string Remedy)? ProblemOfProgram(string path)
    {
        using var file = File.OpenRead(path);
        var head = new byte[64 + 32 * 56];
        var read = file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        if (read < 64 || !head.AsSpan().StartsWith("\u007fELF\u0002\u0001"u8) || BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(18)) != MachineX64)
        {
            return ("is no program for x86-64 Linux", "give a static ELF program, or a directory with all that the service needs");
        }

        var table = (int)Math.Min(BinaryPrimitives.ReadUInt64LittleEndian(head.AsSpan(32)), int.MaxValue);
        var count = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(56));
        for (var i = 0; i < count && (long)table + 56 * (i + 1) <= read; i++)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(table + 56 * i)) == SegmentInterpreter)
            {
                return ("is linked dynamically", "link it statically (dotnet: -p:StaticExecutable=true, gcc: -static), or give a directory that has its libraries, too");
            }
        }

        return null;
    }

    /// <summary>What is wrong with a directory that is to be the root; null when nothing is.</summary>
    /// <param name="root">The directory.</param>
    /// <param name="program">The service's program, absolute in the machine.</param>
    public static (string Reason, string Remedy)? ProblemOfDirectory(string root, string program)
    {
        foreach (var name in Reserved.Where(name => Exists(Path.Combine(root, name))))
        {
            return ($"has /{name}, which is the machine's own init", "leave it out; give the service's program with --command");
        }

        var inside = Path.Combine(root, program.TrimStart('/'));
        if (!Exists(inside))
        {
            return ($"has no {program}", "give the service's program with --command, as its path below the directory");
        }

        // A link may lead anywhere in the machine; whether that works, the machine shows.
        var info = new FileInfo(inside);
        return info.LinkTarget is null && (File.GetUnixFileMode(inside) & UnixFileMode.OtherExecute) == 0
            ? ($"has {program}, which not everybody may execute", "chmod +x it")
            : null;
    }

    /// <summary>Adds a program or a directory to an archive, in the order of the names.</summary>
    /// <exception cref="IOException">A file cannot be read, or is neither file, directory nor link.</exception>
    public static void AddTo(CpioArchive archive, string source)
    {
        if (!Directory.Exists(source))
        {
            archive.AddFile(ServicePath.TrimStart('/'), new FileInfo(source), ExecutableMode);
            return;
        }

        // Links are added as what they are, and nothing behind them is.
        var entries = new FileSystemEnumerable<(string Path, FileSystemInfo Entry)>(
            source,
            (ref FileSystemEntry entry) => (Path.GetRelativePath(source, entry.ToFullPath()), entry.ToFileSystemInfo()),
            new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = false })
        {
            ShouldRecursePredicate = (ref FileSystemEntry entry) => (entry.Attributes & FileAttributes.ReparsePoint) == 0,
        }.Take(EntriesMax + 1).ToList();
        if (entries.Count > EntriesMax)
        {
            throw new IOException($"{source} has more than {EntriesMax} files; make a disk image of it and build with --disk");
        }

        foreach (var (path, entry) in entries.OrderBy(entry => entry.Path, StringComparer.Ordinal))
        {
            Add(archive, path, entry);
        }
    }

    private static void Add(CpioArchive archive, string path, FileSystemInfo entry)
    {
        if (entry.LinkTarget is { } target)
        {
            archive.AddLink(path, target);
        }
        else if (entry is DirectoryInfo)
        {
            archive.AddDirectory(path, (uint)entry.UnixFileMode);
        }
        else if (IsRegularFile(entry.FullName))
        {
            archive.AddFile(path, (FileInfo)entry, (uint)entry.UnixFileMode);
        }
        else
        {
            throw new IOException($"{entry.FullName} is neither a file, a directory nor a link; remove it");
        }
    }

    // Whether opening it could wait forever (a pipe) or do something (a device), the runtime does not tell.
    private static unsafe bool IsRegularFile(string path)
    {
        const int here = -100; // AT_FDCWD
        const int noFollow = 0x100; // AT_SYMLINK_NOFOLLOW
        const uint type = 1; // STATX_TYPE
        const int modeAt = 28;
        Span<byte> answer = stackalloc byte[256];
        fixed (byte* to = answer)
        {
            return StatX(here, path, noFollow, type, to) == 0 && (BinaryPrimitives.ReadUInt16LittleEndian(answer[modeAt..]) & 0xf000) == 0x8000;
        }
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int StatX(int directory, string path, int flags, uint mask, byte* answer);

    private static bool Exists(string path) => File.Exists(path) || Directory.Exists(path) || new FileInfo(path).LinkTarget is not null;
}
