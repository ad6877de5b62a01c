using Pleiad.Machines.Processes;

namespace Pleiad.Machines.Images;

/// <summary>The programs that build a unikernel.</summary>
internal static class Toolchain
{
    private static readonly (string Tool, string Package)[] ForMake =
        [("gcc", "gcc"), ("make", "make"), ("ld", "binutils"), ("strip", "binutils"), ("sha256sum", "coreutils"), ("sh", "dash")];

    private static readonly (string Tool, string Package)[] ForFetch = [("apt-get", "apt"), ("dpkg-source", "dpkg-dev"), ("flock", "util-linux")];

    /// <summary>Refuses when tools are missing, naming all of them and the command that installs them.</summary>
    /// <param name="fetch">Whether lwIP's sources are still to be fetched.</param>
    /// <param name="searchPath">Directories with ':' between; the variable PATH.</param>
    /// <exception cref="UnikernelBuildException">Tools are missing.</exception>
    public static void Require(bool fetch, string? searchPath)
    {
        var missing = (fetch ? ForMake.Concat(ForFetch) : ForMake).Where(need => ToolProcess.Find(need.Tool, searchPath) is null).ToList();
        if (missing.Count == 0)
        {
            return;
        }

        var tools = string.Join(", ", missing.Select(need => need.Tool));
        var packages = string.Join(' ', missing.Select(need => need.Package).Distinct());
        var asRoot = Environment.IsPrivilegedProcess ? "" : "sudo ";
        var remedy = missing.Exists(need => need.Tool == "apt-get")
            ? "build on a Debian machine, where lwIP's sources come from"
            : $"install with: {asRoot}apt-get install -y --no-install-recommends {packages}";
        throw new UnikernelBuildException(UnikernelBuildFailure.ToolsMissing, $"building a unikernel needs {tools}, not found on the search path; {remedy}");
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
