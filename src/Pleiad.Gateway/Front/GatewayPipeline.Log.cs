using Microsoft.Extensions.Logging;

namespace Pleiad.Gateway.Front;

/// <content>Its log messages: event ids 2000–2099.</content>
internal sealed partial class GatewayPipeline
{
    [LoggerMessage(2000, LogLevel.Warning, "{Kind}: a request to service {Service} on machine {Machine}: {Reason}")]
    private static partial void LogFailed(ILogger logger, GatewayEventKind kind, string service, string machine, string reason);

    [LoggerMessage(2001, LogLevel.Information, "An answer of service {Service} by machine {Machine} was cut short: {Reason}")]
    private static partial void LogCutShort(ILogger logger, string service, string machine, string reason);
}
