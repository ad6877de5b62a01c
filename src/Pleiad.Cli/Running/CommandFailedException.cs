namespace Pleiad.Cli.Running;

/// <summary>A command could not do what was asked; the message names the thing, the value and the remedy.</summary>
internal sealed class CommandFailedException(string message) : Exception(message);
