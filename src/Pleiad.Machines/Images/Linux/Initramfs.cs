using System.Globalization;
using System.Text;

namespace Pleiad.Machines.Images.Linux;

/// <summary>Writes the first file system of a Linux machine: init, modules, what is to run, and the service's file system.</summary>
internal static class Initramfs
{
    private const string Folder = "pleiad";
    private const uint FileMode644 = 0b110_100_100;
    private const uint FileMode755 = 0b111_101_101;

    /// <summary>Writes it; not compressed, since unpacking takes an emulated processor longer than reading.</summary>
    /// <param name="path">Where it goes.</param>
    /// <param name="init">The init.</param>
    /// <param name="kernel">Its modules are loaded.</param>
    /// <param name="order">The rest.</param>
    /// <returns>Its size in bytes.</returns>
    public static long Write(string path, string init, LinuxKernel kernel, LinuxBuildOrder order)
    {
        using var to = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 17);
        using (var archive = new CpioArchive(to))
        {
            // A kernel that finds no console says so on each start.
            archive.AddDevice("dev/console", 5, 1);
            archive.AddFile("init", new FileInfo(init), FileMode755);
            AddModules(archive, kernel, order.Disk is not null);
            archive.AddFile($"{Folder}/service", Encoding.UTF8.GetBytes(Service(order)), FileMode644);
            if (order.Source is not null)
            {
                RootDirectory.AddTo(archive, Path.GetFullPath(order.Source));
            }
        }

        return to.Length;
    }

    /// <summary>The file that tells the init what to run; see guest/linux/configuration.h.</summary>
    internal static string Service(LinuxBuildOrder order) => string.Concat(
        [
            string.Create(CultureInfo.InvariantCulture, $"user {order.User.User} {order.User.Group}\n"),
            "directory /\n",
            .. CommandOf(order).Select(argument => $"argument {argument}\n"),
        ]);

    /// <summary>The service's program and its arguments.</summary>
    public static IReadOnlyList<string> CommandOf(LinuxBuildOrder order) => order.Command.Count > 0 ? order.Command : [RootDirectory.ServicePath];

    private static void AddModules(CpioArchive archive, LinuxKernel kernel, bool disk)
    {
        var modules = kernel.Modules.Where(module => disk || !module.EndsWith($"-{KernelModules.Disk}.ko", StringComparison.Ordinal)).ToList();
        foreach (var module in modules)
        {
            archive.AddFile($"{Folder}/{Path.GetFileName(module)}", new FileInfo(module), FileMode644);
        }

        if (modules.Count > 0)
        {
            archive.AddFile($"{Folder}/modules", Encoding.UTF8.GetBytes(string.Concat(modules.Select(module => $"/{Folder}/{Path.GetFileName(module)}\n"))), FileMode644);
        }
    }
}
