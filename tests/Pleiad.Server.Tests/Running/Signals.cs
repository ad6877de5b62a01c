using System.Runtime.InteropServices;
using Shouldly;

namespace Pleiad.Server.Tests.Running;

/// <summary>Sends signals, as a crash or an operator would.</summary>
internal static partial class Signals
{
    internal const int Kill = 9;
    internal const int Terminate = 15;
    internal const int Stop = 19;

    internal static void Send(int process, int signal) => NativeKill(process, signal).ShouldBe(0);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int NativeKill(int process, int signal);
}
