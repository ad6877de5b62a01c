using System.Diagnostics;
using Pleiad.Machines.Images;

namespace Pleiad.Machines.Tests.Guests;

/// <summary>The real guest with one of its services, for tests that need answers.</summary>
internal static class GuestImage
{
    private static readonly Lazy<Task<string>> Echo = new(BuildAsync);

    /// <summary>The kernel with the echo service: PLEIAD_TEST_IMAGE, or built once per run from the repository's guest/unikernel.</summary>
    public static Task<string> KernelAsync() => Echo.Value;

    /// <summary>The kernel with another service, built beside it.</summary>
    public static async Task<string> KernelAsync(string service) => Path.Combine(Path.GetDirectoryName(await Echo.Value)!, $"{service}.elf");

    /// <summary>An image of it as the store would give it.</summary>
    public static async Task<StoredImage> GetAsync(int port = 8080) => Of(await KernelAsync(), port);

    /// <summary>An image of any kernel that understands the guest's command line.</summary>
    public static StoredImage Of(string kernel, int port = 8080, MachinePlatform? platform = null)
    {
        var manifest = new ImageManifest(
            "test",
            kernel,
            platform ?? new MachinePlatform(MachineType.Microvm, NicModel.VirtioMmio),
            "ip={ip}/{prefix} gw={gateway} port={port}",
            4 << 20,
            port,
            "/health");
        return new StoredImage(manifest, "sha256:" + new string('0', 64), File.Exists(kernel) ? new FileInfo(kernel).Length : 0, DateTimeOffset.UnixEpoch);
    }

    private static async Task<string> BuildAsync()
    {
        if (Environment.GetEnvironmentVariable("PLEIAD_TEST_IMAGE") is { Length: > 0 } given)
        {
            return Path.GetFullPath(given);
        }

        var sources = Path.Combine(Repository(), "guest", "unikernel");
        var output = Path.Combine(Repository(), "artifacts", "guest");
        using var make = Process.Start(new ProcessStartInfo("make", ["-s", "-C", sources, $"OUT={output}", "all"]) { RedirectStandardError = true })!;
        var errors = await make.StandardError.ReadToEndAsync();
        await make.WaitForExitAsync();
        return make.ExitCode == 0
            ? Path.Combine(output, "echo.elf")
            : throw new InvalidOperationException($"the guest cannot be built in {sources}: {errors}");
    }

    public static string Repository()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Pleiad.slnx")))
            {
                return directory.FullName;
            }
        }

        throw new InvalidOperationException("Pleiad.slnx is in none of the directories above the tests");
    }
}
