using Pleiad.Machines.Processes;

namespace Pleiad.Machines.Images;

/// <summary>The programs that build images.</summary>
internal static class Toolchain
{
    private static readonly (string Tool, string Package)[] ForMake =
        [("gcc", "gcc"), ("make", "make"), ("ld", "binutils"), ("strip", "binutils"), ("sha256sum", "coreutils"), ("sh", "dash")];

    private static readonly (string Tool, string Package)[] ForFetch = [("apt-get", "apt"), ("dpkg-source", "dpkg-dev"), ("flock", "util-linux")];

    private static readonly (string Tool, string Package)[] ForInit =
        [("gcc", "gcc"), ("make", "make"), ("ld", "binutils"), ("sh", "dash"), ("sed", "sed"), ("apt-get", "apt"), ("dpkg-deb", "dpkg")];

    private static readonly (string Tool, string Package)[] ForKernel =
        [("flex", "flex"), ("bison", "bison"), ("bc", "bc"), ("perl", "perl-base"), ("tar", "tar"), ("strip", "binutils"), ("/usr/include/gelf.h", "libelf-dev")];

    /// <summary>Refuses when tools are missing, naming all of them and the command that installs them.</summary>
    /// <param name="fetch">Whether lwIP's sources are still to be fetched.</param>
    /// <param name="searchPath">Directories with ':' between; the variable PATH.</param>
    /// <exception cref="ImageBuildException">Tools are missing.</exception>
    public static void Require(bool fetch, string? searchPath) => Require("a unikernel", fetch ? ForMake.Concat(ForFetch) : ForMake, searchPath);

    /// <summary>The same for a Linux image.</summary>
    /// <param name="compileKernel">Whether a kernel is to be compiled.</param>
    /// <param name="searchPath">The variable PATH.</param>
    /// <exception cref="ImageBuildException">Tools are missing.</exception>
    public static void RequireForLinux(bool compileKernel, string? searchPath) =>
        Require(compileKernel ? "the trimmed kernel" : "a Linux image", compileKernel ? ForInit.Concat(ForKernel) : ForInit, searchPath);

    /// <summary>The same for modules of a kernel that are packed.</summary>
    /// <exception cref="ImageBuildException">A tool is missing.</exception>
    public static void RequireForPackedModules(string? searchPath) => Require("from a kernel with packed modules", [("xz", "xz-utils")], searchPath);

    private static void Require(string what, IEnumerable<(string Tool, string Package)> needed, string? searchPath)
    {
        var missing = needed.Where(need => need.Tool.StartsWith('/') ? !File.Exists(need.Tool) : ToolProcess.Find(need.Tool, searchPath) is null).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        var tools = string.Join(", ", missing.Select(need => need.Tool));
        var packages = string.Join(' ', missing.Select(need => need.Package).Distinct());
        var asRoot = Environment.IsPrivilegedProcess ? "" : "sudo ";
        var remedy = missing.Exists(need => need.Tool == "apt-get")
            ? "build on a Debian machine, where the sources of the rest come from"
            : $"install with: {asRoot}apt-get install -y --no-install-recommends {packages}";
        throw new ImageBuildException(ImageBuildFailure.ToolsMissing, $"building {what} needs {tools}, not found on the search path; {remedy}");
    }

    /// <summary>Versions of compiler and linker, one line each.</summary>
    public static async Task<IReadOnlyList<string>> VersionsAsync(TimeProvider time, CancellationToken cancellation)
    {
        var versions = new List<string>();
        foreach (var tool in (string[])["gcc", "ld"])
        {
            var result = await ToolProcess.RunAsync(tool, ["--version"], Path.GetTempPath(), TimeSpan.FromSeconds(30), time, cancellation);
            versions.Add(result.Lines is [var first, ..] ? first : "");
        }

        return versions;
    }
}
