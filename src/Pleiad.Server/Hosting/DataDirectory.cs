using System.Security.Cryptography;
using System.Text;
using Pleiad.Core.Documents;

namespace Pleiad.Server.Hosting;

/// <summary>
/// The directory of one Pleiad: <c>state.db</c>, <c>images/</c>, <c>machines/</c>, <c>logs/</c>, <c>cache/</c>. Whoever runs machines from it holds its lock,
/// which the kernel gives back when the process ends in whatever way.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    private readonly FileStream _lock;

    private DataDirectory(string path, FileStream held)
    {
        Path = path;
        _lock = held;
    }

    /// <summary>Where data is kept unless told otherwise: <c>PLEIAD_DATA</c>, else <c>/var/lib/pleiad</c> for root, else <c>~/.local/share/pleiad</c>.</summary>
    public static string Default =>
        Environment.GetEnvironmentVariable("PLEIAD_DATA") is { Length: > 0 } given
            ? System.IO.Path.GetFullPath(given)
            : Environment.IsPrivilegedProcess
                ? "/var/lib/pleiad"
                : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "pleiad");

    /// <summary>Absolute path.</summary>
    public string Path { get; }

    /// <summary>The image store below <paramref name="data"/>.</summary>
    public static string ImagesOf(string data) => System.IO.Path.Combine(data, "images");

    /// <summary>Downloads and probe results that can be made again, below <paramref name="data"/>.</summary>
    public static string CacheOf(string data) => System.IO.Path.Combine(data, "cache");

    /// <summary>Records, sockets and logs of running machines below <paramref name="data"/>.</summary>
    public static string MachinesOf(string data) => System.IO.Path.Combine(data, "machines");

    /// <summary>Name of the network namespace of the machines of <paramref name="data"/>; the same after each restart, another for each directory.</summary>
    public static string NamespaceOf(string data) =>
        "pleiad-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(System.IO.Path.GetFullPath(data))))[..8];

    /// <summary>Makes the directory (only its owner may look in) and takes its lock.</summary>
    /// <exception cref="InvalidInputException">Another process holds the lock, or the directory cannot be made.</exception>
    public static DataDirectory Open(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        try
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return new DataDirectory(path, new FileStream(LockOf(path), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException error) when (File.Exists(LockOf(path)))
        {
            throw new InvalidInputException("--data", new InputProblem(path, null, "is in use by another pleiad", "stop that one, or give another directory with --data"), error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException("--data", new InputProblem(path, null, $"cannot be used ({error.Message.TrimEnd('.')})", "give a directory that you may write to with --data or PLEIAD_DATA"), error);
        }
    }

    /// <summary>Whether some process holds the directory's lock.</summary>
    public static bool IsInUse(string path)
    {
        if (!File.Exists(LockOf(path)))
        {
            return false;
        }

        try
        {
            using var held = new FileStream(LockOf(path), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    /// <summary>Gives the lock back.</summary>
    public void Dispose() => _lock.Dispose();

    private static string LockOf(string path) => System.IO.Path.Combine(path, "lock");
}
