using System.Runtime.InteropServices;

namespace Pleiad.Cli.Running;

/// <summary>Ctrl-C, SIGTERM and a closed terminal: the first asks for an end in order, the second ends the process at once.</summary>
internal sealed partial class Signals : IDisposable
{
    private readonly CancellationTokenSource _interrupted = new();
    private readonly PosixSignalRegistration[] _registrations;

    public Signals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Handle),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Handle),
        PosixSignalRegistration.Create(PosixSignal.SIGHUP, Handle),
    ];

    public CancellationToken Interrupted => _interrupted.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _interrupted.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (_interrupted.IsCancellationRequested)
        {
            // Past other libraries' handlers and everything orderly; what is left is swept at the next start.
            ShowCursor();
            ExitNow((int)ExitCode.Interrupted);
        }

        context.Cancel = true;
        _interrupted.Cancel();
    }

    /// <summary>A live table hides the cursor; nobody else will show it again.</summary>
    private static void ShowCursor()
    {
        if (!Console.IsOutputRedirected)
        {
            Console.Out.Write("\e[?25h");
        }
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void ExitNow(int status);
}
