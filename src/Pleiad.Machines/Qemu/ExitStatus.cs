using System.Globalization;

namespace Pleiad.Machines.Qemu;

/// <summary>How a process ended.</summary>
/// <param name="Code">Its exit status, 0–255, when it ended by itself.</param>
/// <param name="Signal">The signal that killed it, when one did.</param>
/// <remarks>Neither is known of an adopted process: only a parent is told.</remarks>
internal readonly record struct ExitStatus(int? Code, int? Signal)
{
    /// <summary>Reads a status word as <c>waitpid</c> gives it.</summary>
    public static ExitStatus FromWait(int status) =>
        (status & 0x7f) == 0 ? new ExitStatus((status >> 8) & 0xff, null) : new ExitStatus(null, status & 0x7f);

    /// <inheritdoc/>
    public override string ToString() => this switch
    {
        { Code: { } code } => string.Create(CultureInfo.InvariantCulture, $"exit status {code}"),
        { Signal: { } signal } => string.Create(CultureInfo.InvariantCulture, $"killed by signal {signal}"),
        _ => "exit status unknown",
    };
}
