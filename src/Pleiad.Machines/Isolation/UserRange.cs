using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Pleiad.Machines.Isolation;

/// <summary>The user ids of one host's machines: a range of their own for each machines' directory, so that no two machines on a computer share a user.</summary>
/// <remarks>
/// The ranges lie where neither accounts nor systemd's containers have theirs (0x70000000 and above). Which one a directory has follows from its hash;
/// files in a directory of <c>/run</c> see to it that two directories never have the same. A machine's user owns nothing on disk, so nothing has to be
/// remembered beyond the processes: after a restart the users of those that still run are taken, whatever the files say.
/// </remarks>
internal sealed class UserRange
{
    /// <summary>Ids in a range.</summary>
    public const int Size = 1 << 16;

    /// <summary>First id of the first range.</summary>
    public const uint First = 0x7000_0000;

    /// <summary>Ranges there are: they end below 0x7ffe0000, where systemd has foreign ids.</summary>
    public const int Ranges = 0xffd;

    /// <summary>Where ranges are taken.</summary>
    public const string DefaultRegistry = "/run/pleiad/users";

    private const int TriesMax = 64;

    private readonly string _file;
    private readonly HashSet<uint> _taken = [];
    private readonly Lock _gate = new();
    private uint _next;

    private UserRange(uint start, string file)
    {
        Start = start;
        _file = file;
        _next = (uint)RandomNumberGenerator.GetInt32(Size); // So that an id is not used again soon, not even after a restart.
    }

    /// <summary>The first id.</summary>
    public uint Start { get; }

    /// <summary>Takes the range of a directory.</summary>
    /// <param name="directory">The machines' directory.</param>
    /// <param name="registry">Where ranges are taken.</param>
    /// <exception cref="IOException">None is to be had.</exception>
    /// <exception cref="UnauthorizedAccessException">The registry is not this user's.</exception>
    public static UserRange Open(string directory, string registry = DefaultRegistry)
    {
        Directory.CreateDirectory(registry, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var wanted = BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes(directory))) % Ranges;
        for (uint i = 0; i < TriesMax; i++)
        {
            var range = (wanted + i) % Ranges;
            var file = Path.Combine(registry, range.ToString(CultureInfo.InvariantCulture));
            if (TryTake(file, directory))
            {
                return new UserRange(First + (range * Size), file);
            }
        }

        throw new IOException($"{TriesMax} ranges of user ids are taken one after another in {registry}; remove the files of directories that are no more");
    }

    /// <summary>Gives back the range an earlier run of a directory had; no machine of it may run.</summary>
    public static void Forget(string directory, string registry = DefaultRegistry)
    {
        if (Directory.Exists(registry))
        {
            foreach (var file in Directory.EnumerateFiles(registry).Where(file => OwnerOf(file) == directory))
            {
                File.Delete(file);
            }
        }
    }

    /// <summary>Whether an id is of this range.</summary>
    public bool Contains(uint user) => user >= Start && user - Start < Size;

    /// <summary>Takes an id that no machine has.</summary>
    /// <exception cref="IOException">All are taken.</exception>
    public uint Take()
    {
        lock (_gate)
        {
            for (var i = 0; i < Size; i++)
            {
                var user = Start + (_next++ % Size);
                if (_taken.Add(user))
                {
                    return user;
                }
            }
        }

        throw new IOException($"all {Size} users of this directory have a machine");
    }

    /// <summary>Marks the id of a machine that runs already.</summary>
    public void Mark(uint user)
    {
        lock (_gate)
        {
            _taken.Add(user);
        }
    }

    /// <summary>Gives an id back; its process has ended.</summary>
    public void Return(uint user)
    {
        lock (_gate)
        {
            _taken.Remove(user);
        }
    }

    /// <summary>Gives the range back; no machine of it may run.</summary>
    public void Forget() => File.Delete(_file);

    private static bool TryTake(string file, string directory)
    {
        var mine = $"{file}.{Guid.NewGuid():N}";
        File.WriteAllText(mine, directory);
        try
        {
            // A second attempt after another's file, whose directory is gone, was removed.
            for (var attempt = 0; attempt < 2; attempt++)
            {
                if (TryPublish(mine, file) || OwnerOf(file) == directory)
                {
                    return true;
                }

                if (OwnerOf(file) is { } owner && Directory.Exists(owner))
                {
                    return false;
                }

                File.Delete(file);
            }

            return false;
        }
        finally
        {
            File.Delete(mine);
        }
    }

    /// <summary>Gives a whole file a name, unless that is taken.</summary>
    private static bool TryPublish(string from, string to)
    {
        if (File.Exists(to))
        {
            return false;
        }

        try
        {
            File.Move(from, to, overwrite: false); // link and unlink: one of two wins.
            return true;
        }
        catch (IOException) when (File.Exists(to))
        {
            return false;
        }
    }

    private static string? OwnerOf(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return null; // Removed this moment.
        }
    }
}
