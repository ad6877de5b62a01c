using System.ComponentModel;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Pleiad.Machines.Networks;

namespace Pleiad.Machines.Isolation;

/// <summary>The file system as the machines' processes see it: a mount namespace that all of one host share.</summary>
/// <remarks>
/// Its root is a small read-only tmpfs with read-only binds of what <see cref="ViewPlan"/> names, a <c>/proc</c> in which a process sees only those of its
/// own user, and a <c>/dev</c> of a few harmless nodes. Nothing of any machine is in it: sockets, taps, logs and RAM files are handed over as open descriptors.
/// Making a namespace takes milliseconds, entering one microseconds; so it is made once, and costs a machine next to nothing.
/// The mounts exist in that namespace alone and are gone with the last process in it, however Pleiad ends.
/// </remarks>
internal sealed class PrivateView : IDisposable
{
    private const string OwnMounts = "/proc/thread-self/ns/mnt";

    /// <summary>A directory of the view by which it is told from any other.</summary>
    private const string Mark = "/.pleiad-view";

    private PrivateView(SafeFileHandle inside, SafeFileHandle outside) => (Inside, Outside) = (inside, outside);

    /// <summary>The machines' mount namespace.</summary>
    public SafeFileHandle Inside { get; }

    /// <summary>The mount namespace it was made from.</summary>
    public SafeFileHandle Outside { get; }

    /// <summary>Makes a view.</summary>
    /// <param name="plan">What is in it.</param>
    /// <param name="mountPoint">An empty directory; it stays empty in all other namespaces.</param>
    /// <exception cref="IOException">It cannot be made, mostly for lack of privileges.</exception>
    public static async Task<PrivateView> MakeAsync(ViewPlan plan, string mountPoint)
    {
        var made = new TaskCompletionSource<PrivateView>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var answers = new AnswerThread("pleiad view answers");

        // A thread of its own, for it cannot share its root directory with others any more; it ends when the view is made.
        var thread = new Thread(() =>
        {
            try
            {
                var view = Make(plan, mountPoint);
                answers.Post(() => made.SetResult(view));
            }
            catch (Exception e)
            {
                answers.Post(() => made.SetException(e)); // Whatever it is, it is the asker's.
            }
        }) { IsBackground = true, Name = "pleiad view" };
        thread.Start();
        try
        {
            return await made.Task;
        }
        catch (Win32Exception e)
        {
            throw new IOException($"no private view of the file system: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        Inside.Dispose();
        Outside.Dispose();
    }

    private static PrivateView Make(ViewPlan plan, string mountPoint)
    {
        GuardedCalls.Prepare();
        var outside = NetworkCalls.Open(OwnMounts, NetworkCalls.OpenReadOnly);
        SafeFileHandle? inside = null;
        try
        {
            Must(SystemCalls.Unshare(SystemCalls.NewMounts), "make a mount namespace");
            Mount("none", "/", null, SystemCalls.Recursive | SystemCalls.Private, null);
            Mount("tmpfs", mountPoint, "tmpfs", SystemCalls.NoSetUid, "mode=0755,size=256k");
            Fill(plan, mountPoint);
            Mount("tmpfs", mountPoint, "tmpfs", SystemCalls.Remount | SystemCalls.ReadOnlyMount | SystemCalls.NoSetUid, "mode=0755,size=256k");
            inside = NetworkCalls.Open(OwnMounts, NetworkCalls.OpenReadOnly);
            MakeRoot(mountPoint, inside, outside);
            return new PrivateView(inside, outside);
        }
        catch
        {
            inside?.Dispose();
            outside.Dispose();
            throw;
        }
    }

    private static void Fill(ViewPlan plan, string root)
    {
        foreach (var (link, target) in plan.Links)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(root + link)!);
            File.CreateSymbolicLink(root + link, target);
        }

        foreach (var source in plan.Binds)
        {
            var target = root + source;
            if (File.Exists(source))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.WriteAllBytes(target, []);
            }
            else
            {
                Directory.CreateDirectory(target);
            }

            const nuint Harmless = SystemCalls.ReadOnlyMount | SystemCalls.NoSetUid | SystemCalls.NoDevices;
            Mount(source, target, null, SystemCalls.Bind, null);
            Mount("none", target, null, SystemCalls.Bind | SystemCalls.Remount | Harmless, null);
        }

        Directory.CreateDirectory(root + Mark);
        Directory.CreateDirectory(root + "/dev");
        foreach (var (name, device) in plan.Devices)
        {
            var path = $"{root}/dev/{name}";
            Must(SystemCalls.MakeNode(path, SystemCalls.CharacterDevice | SystemCalls.ForAll, device), $"make the device node {name}");
            Must(SystemCalls.ChangeMode(path, SystemCalls.ForAll), $"open the device node {name} to all");
        }

        // Only the process's own directory: hidden are all other users' processes, and all of /proc that is not about processes.
        Directory.CreateDirectory(root + "/proc");
        Mount("proc", root + "/proc", "proc", SystemCalls.NoSetUid | SystemCalls.NoDevices | SystemCalls.NoExecution, "hidepid=invisible,subset=pid");
    }

    /// <summary>Makes the mounted directory the namespace's root, lets go of the host's, and leaves the namespace.</summary>
    private static unsafe void MakeRoot(string mountPoint, SafeFileHandle inside, SafeFileHandle outside)
    {
        fixed (byte* root = Encoding.UTF8.GetBytes(mountPoint + '\0'))
        fixed (byte* mark = Encoding.UTF8.GetBytes(Mark + '\0'))
        fixed (byte* here = ".\0"u8)
        {
            GuardedCall[] calls =
            [
                // Undone last: back to the host's namespace, where the thread then ends.
                new(RawCall.Nothing, new RawCall(SystemCalls.SetNamespace, (int)outside.DangerousGetHandle(), SystemCalls.NewMounts)),
                new(new RawCall(SystemCalls.ChangeDirectory, (nint)root), RawCall.Nothing),
                new(new RawCall(SystemCalls.PivotRoot, (nint)here, (nint)here), RawCall.Nothing), // The old root lies on the new one then.
                new(new RawCall(SystemCalls.Unmount, (nint)here, SystemCalls.DetachMount), RawCall.Nothing),

                // Who enters comes to the namespace's own root, which in a chroot is not the one that was changed.
                new(new RawCall(SystemCalls.SetNamespace, (int)inside.DangerousGetHandle(), SystemCalls.NewMounts), RawCall.Nothing),
                new(new RawCall(SystemCalls.ChangeDirectory, (nint)mark), RawCall.Nothing),
            ];
            var result = GuardedCalls.Run(calls, null, []);
            if (result.Error != 0)
            {
                throw result.FailedCall == calls.Length - 1
                    ? new IOException("Pleiad runs in a chroot, whose root is not that of its mount namespace")
                    : SystemCalls.Error("cannot make the view's root", result.Error);
            }
        }
    }

    private static void Mount(string source, string target, string? kind, nuint flags, string? options) =>
        Must(SystemCalls.Mount(source, target, kind, flags, options), $"mount {(kind is null ? source : kind)} at {target}");

    private static void Must(int result, string attempted)
    {
        if (result < 0)
        {
            throw SystemCalls.Error($"cannot {attempted}");
        }
    }
}
