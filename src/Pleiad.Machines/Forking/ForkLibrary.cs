using System.ComponentModel;
using Microsoft.Win32.SafeHandles;
using Pleiad.Machines.Cloning;
using Pleiad.Machines.Processes;

namespace Pleiad.Machines.Forking;

/// <summary>There can be no fork server on this host, and to try again is of no use.</summary>
internal sealed class ForkLackingException(string message) : IOException(message);

/// <summary>The library that makes QEMU a fork server, compiled from <c>fork_server.c</c> where it is to run.</summary>
/// <remarks>
/// Compiled once in each run of Pleiad, in a tenth of a second, and kept in memory without a name and sealed: no file of it can be stale, left behind or changed.
/// </remarks>
internal sealed class ForkLibrary(string directory, TimeProvider time) : IDisposable
{
    private const string Compiler = "gcc";
    private const string Sources = "Forking/";
    private const string Output = "fork-server.so";
    private static readonly string[] Arguments = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-shared", "-fPIC", "-fvisibility=hidden", "-Wl,--build-id=none", "-s", "-o", Output];
    private static readonly TimeSpan CompileTimeMax = TimeSpan.FromSeconds(60);

    private MemoryFile? _file;
    private ForkLackingException? _lacking;

    /// <summary>Why there can be none here, with the remedy; null when nothing is known to be missing.</summary>
    public static string? Lacking(Func<string, string?> find) =>
        find(Compiler) is null ? $"{Compiler} is not found, which compiles the fork server; on Debian: apt-get install --no-install-recommends gcc libc6-dev" : null;

    /// <summary>The library; one call at a time.</summary>
    /// <exception cref="ForkLackingException">It cannot be had on this host.</exception>
    /// <exception cref="IOException">It cannot be had now.</exception>
    public async Task<SafeFileHandle> GetAsync(CancellationToken cancellation)
    {
        try
        {
            _file ??= _lacking is null ? await CompileAsync(cancellation) : throw _lacking;
            return _file.Handle;
        }
        catch (ForkLackingException e)
        {
            _lacking = e;
            throw;
        }
    }

    /// <summary>Removes what a run that was killed while it compiled has left.</summary>
    public static void RemoveLeft(string directory)
    {
        if (Directory.Exists(WorkOf(directory)))
        {
            Directory.Delete(WorkOf(directory), recursive: true);
        }
    }

    public void Dispose() => _file?.Dispose();

    private static string WorkOf(string directory) => Path.Combine(directory, "fork-server");

    private async Task<MemoryFile> CompileAsync(CancellationToken cancellation)
    {
        if (Lacking(Programs.Find) is { } lacking)
        {
            throw new ForkLackingException(lacking);
        }

        try
        {
            var work = Directory.CreateDirectory(WorkOf(directory)).FullName;
            var sources = await WriteSourcesAsync(work, cancellation);
            var result = await ToolProcess.RunAsync(Compiler, [.. Arguments, .. sources.Where(name => name.EndsWith(".c", StringComparison.Ordinal))], work, CompileTimeMax, time, cancellation);
            return result.ExitCode == 0
                ? await KeepAsync(Path.Combine(work, Output))
                : throw new ForkLackingException($"the fork server does not compile: {string.Join("; ", result.Lines.Take(3))}");
        }
        catch (Exception e) when (e is Win32Exception or TimeoutException or UnauthorizedAccessException)
        {
            throw new IOException($"the fork server cannot be compiled: {e.Message}", e);
        }
        finally
        {
            RemoveLeft(directory);
        }
    }

    private static async Task<IReadOnlyList<string>> WriteSourcesAsync(string work, CancellationToken cancellation)
    {
        var assembly = typeof(ForkLibrary).Assembly;
        var names = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Sources, StringComparison.Ordinal)).Select(name => name[Sources.Length..]).ToList();
        foreach (var name in names)
        {
            await using var source = assembly.GetManifestResourceStream(Sources + name)!;
            await using var file = File.Create(Path.Combine(work, name));
            await source.CopyToAsync(file, cancellation);
        }

        return names;
    }

    private static async Task<MemoryFile> KeepAsync(string path)
    {
        var bytes = await File.ReadAllBytesAsync(path);
        var file = MemoryFile.Create("pleiad-fork-server", bytes.Length);
        try
        {
            await RandomAccess.WriteAsync(file.Handle, bytes, 0);
            file.Seal();
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
