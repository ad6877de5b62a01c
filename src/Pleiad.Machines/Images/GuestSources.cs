using System.Security.Cryptography;
using System.Text;

namespace Pleiad.Machines.Images;

/// <summary>
/// The guest's sources: <c>unikernel/</c> the kernel with its Makefile, <c>linux/</c> the init of Linux machines with its own, <c>services/NAME/NAME.c</c> the services
/// that come with it.
/// </summary>
internal sealed class GuestSources
{
    /// <summary>The variable that names the directory when it is not beside the program.</summary>
    public const string Variable = "PLEIAD_GUEST";

    private const int FilesMax = 2_000;
    private const long FileBytesMax = 16L << 20;

    private GuestSources(string root) => Root = root;

    public string Root { get; }

    public string Unikernel => Path.Combine(Root, "unikernel");

    public string Linux => Path.Combine(Root, "linux");

    public string FetchScript => Path.Combine(Unikernel, "fetch-lwip.sh");

    public string Service(string name) => Path.Combine(Root, "services", name, name + ".c");

    /// <summary>Finds the sources: where <paramref name="given"/> or the variable says, else in a directory <c>guest</c> beside or above the program.</summary>
    /// <exception cref="ImageBuildException">They are not there.</exception>
    public static GuestSources Locate(string? given)
    {
        var named = given ?? Environment.GetEnvironmentVariable(Variable);
        if (!string.IsNullOrEmpty(named))
        {
            return IsGuest(named)
                ? new GuestSources(Path.GetFullPath(named))
                : throw new ImageBuildException(ImageBuildFailure.GuestMissing, $"'{named}' holds no unikernel/Makefile; give the directory guest of Pleiad's sources");
        }

        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var guest = Path.Combine(directory.FullName, "guest");
            if (IsGuest(guest))
            {
                return new GuestSources(guest);
            }
        }

        throw new ImageBuildException(
            ImageBuildFailure.GuestMissing,
            $"the guest's sources are in no directory above {AppContext.BaseDirectory}; set {Variable} to the directory guest of Pleiad's sources");
    }

    /// <summary>A hash over all that a kernel is made of: the guest's sources, the service and the headers beside it, and the tools.</summary>
    /// <param name="service">The service's source file.</param>
    /// <param name="further">Anything else that decides what comes out.</param>
    public string Key(string service, IEnumerable<string> further) => Hash(
        [
            .. Tree(Unikernel, "guest/"),
            ("service/" + Path.GetFileName(service), service),
            .. Files(Path.GetDirectoryName(service)!, "*.h", SearchOption.TopDirectoryOnly).Select(header => ("service/" + Path.GetFileName(header), header)),
        ],
        further);

    /// <summary>A hash over all that the init of Linux machines is made of.</summary>
    /// <param name="further">Anything else that decides what comes out.</param>
    public string LinuxKey(IEnumerable<string> further) => Hash(Tree(Linux, "linux/"), further);

    /// <summary>A hash over files with their names, and texts.</summary>
    internal static string Hash(IEnumerable<(string Name, string Path)> files, IEnumerable<string> further)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, path) in files)
        {
            Add(name, File.ReadAllBytes(path));
        }

        foreach (var text in further)
        {
            Add("further", Encoding.UTF8.GetBytes(text));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());

        void Add(string name, byte[] content)
        {
            // Lengths keep two neighbours from reading like one.
            hash.AppendData(Encoding.UTF8.GetBytes($"{name.Length} {content.Length} {name}"));
            hash.AppendData(content);
        }
    }

    private static IEnumerable<(string Name, string Path)> Tree(string directory, string prefix) =>
        Files(directory, "*", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetRelativePath(directory, file), Path: file))
            .Where(file => !file.Name.StartsWith("test/", StringComparison.Ordinal))
            .Select(file => (prefix + file.Name, file.Path));

    private static bool IsGuest(string directory) => File.Exists(Path.Combine(directory, "unikernel", "Makefile"));

    private static IEnumerable<string> Files(string directory, string pattern, SearchOption depth) =>
        Directory.EnumerateFiles(directory, pattern, depth)
            .Where(file => new FileInfo(file).Length <= FileBytesMax)
            .Order(StringComparer.Ordinal)
            .Take(FilesMax);
}
