using Pleiad.Core.Identity;

namespace Pleiad.Gateway.Front;

/// <summary>What happened to a request besides being answered by a machine.</summary>
public enum GatewayEventKind
{
    /// <summary>It goes to another machine after its first one failed.</summary>
    Retried,

    /// <summary>It was refused: the queue has no place.</summary>
    QueueFull,

    /// <summary>It was refused: no slot became free in time.</summary>
    DeadlinePassed,

    /// <summary>The machine failed and the request could not be repeated, or had no attempt left.</summary>
    MachineFailed,

    /// <summary>The machine made no progress for <see cref="GatewayOptions.AnswerTimeout"/>.</summary>
    AnswerTimedOut,
}

/// <summary>A request of a known service that ended.</summary>
/// <param name="Service">The service asked for.</param>
/// <param name="Status">Status of the answer; 499 when the client went away before there was one.</param>
/// <param name="Duration">From its head to the end of its answer.</param>
public readonly record struct GatewayRequest(string Service, int Status, TimeSpan Duration);

/// <summary>Something that happened to a request; told once per occurrence, whoever records it bounds the rate.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Service">The service asked for.</param>
/// <param name="Machine">The machine that failed, if one did.</param>
/// <param name="Reason">Why, in a sentence.</param>
public readonly record struct GatewayEvent(GatewayEventKind Kind, string Service, MachineId? Machine, string Reason);
