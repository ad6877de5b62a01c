using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Pleiad.Core.Identity;
using Pleiad.Gateway.Dispatch;
using Pleiad.Gateway.Transport;
using Yarp.ReverseProxy.Forwarder;

namespace Pleiad.Gateway.Front;

/// <summary>
/// A request's way, in order: name the service, get a slot, forward, and then retry on another machine or answer. The slot is held from the grant until the
/// answer is through, the client is gone, or the machine failed.
/// </summary>
internal sealed partial class GatewayPipeline(
    IServiceDirectory directory, MachineTransport transport, IHttpForwarder forwarder, GatewayOptions options, TimeProvider time, ILogger<GatewayPipeline> logger)
{
    /// <summary>What nginx and others log for a client that went away; no client sees it.</summary>
    private const int ClientGone = 499;

    private readonly ForwarderRequestConfig _config = new()
    {
        ActivityTimeout = options.AnswerTimeout,
        Version = HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    public async Task HandleAsync(HttpContext context)
    {
        // 1. Name the service.
        var target = RequestTarget.Find(context.Request, directory);
        if (target.Dispatcher is not { } dispatcher)
        {
            await GatewayProblem.NoService(target.Name).WriteAsync(context);
            return;
        }

        var began = time.GetTimestamp();
        try
        {
            await HandleAsync(context, target, dispatcher);
        }
        finally
        {
            options.Finished?.Invoke(new GatewayRequest(dispatcher.Service, context.Response.StatusCode, time.GetElapsedTime(began)));
        }
    }

    private async Task HandleAsync(HttpContext context, RequestTarget target, IDispatcher dispatcher)
    {
        if (HttpMethods.IsConnect(context.Request.Method))
        {
            await GatewayProblem.BadRequest(target.Name, StatusCodes.Status405MethodNotAllowed, "The gateway opens no tunnels (CONNECT).").WriteAsync(context);
            return;
        }

        AllowAnyBodySize(context);
        var waited = TimeSpan.Zero;
        var failed = default(MachineId);
        for (var attempt = 1; ; attempt++)
        {
            // 2. Get a slot.
            DispatchResult got;
            try
            {
                got = attempt == 1
                    ? await dispatcher.AcquireAsync(WorkKind.Request, context.RequestAborted)
                    : await AcquireElsewhereAsync(dispatcher, failed, waited, context.RequestAborted);
            }
            catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
            {
                context.Response.StatusCode = ClientGone;
                return;
            }

            waited += got.Waited;
            if (got.Lease is not { } lease)
            {
                await RefuseAsync(context, target.Name, dispatcher.Options, got.Outcome, waited);
                return;
            }

            using (lease)
            {
                // 3. Forward.
                var link = transport.LinkOf(lease);
                link.Begin();
                var error = await forwarder.SendAsync(context, link.Prefix, link.Invoker, _config, new ForwardAttempt(target, lease, waited));

                // 4. Retry or answer.
                link.End();
                if (error == ForwarderError.None)
                {
                    return;
                }

                if (IsAnsweredAll(context, error))
                {
                    return;
                }

                if (context.RequestAborted.IsCancellationRequested)
                {
                    context.Response.StatusCode = context.Response.HasStarted ? context.Response.StatusCode : ClientGone;
                    return;
                }

                if (IsMachinesFault(error) && !link.Sent)
                {
                    dispatcher.Suspend(lease.Machine, options.Suspension);
                }

                if (!await GoesElsewhereAsync(context, target.Name, lease, link, error, attempt))
                {
                    return;
                }

                failed = lease.Machine;
            }

            context.Response.Clear();
        }
    }

    /// <summary>A slot for a request that had one before: it keeps its admission (it is not counted against the limit) and what is left of its deadline.</summary>
    private async ValueTask<DispatchResult> AcquireElsewhereAsync(IDispatcher dispatcher, MachineId failed, TimeSpan waited, CancellationToken aborted)
    {
        var left = dispatcher.Options.QueueDeadline - waited;
        if (left <= TimeSpan.Zero)
        {
            return new DispatchResult(DispatchOutcome.DeadlinePassed, null, TimeSpan.Zero);
        }

        using var limit = new CancellationTokenSource(left, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, aborted);
        try
        {
            return await dispatcher.AcquireElsewhereAsync(WorkKind.Job, failed, either.Token);
        }
        catch (OperationCanceledException) when (!aborted.IsCancellationRequested)
        {
            return new DispatchResult(DispatchOutcome.DeadlinePassed, null, left);
        }
    }

    private async Task RefuseAsync(HttpContext context, string service, DispatcherOptions bounds, DispatchOutcome outcome, TimeSpan waited)
    {
        var why = outcome == DispatchOutcome.Closed ? null : directory.WhyUnavailable(service);
        var problem = outcome switch
        {
            DispatchOutcome.QueueFull => GatewayProblem.QueueFull(service, bounds.QueueLimit, why),
            DispatchOutcome.DeadlinePassed => GatewayProblem.DeadlinePassed(service, bounds.QueueDeadline, waited, why),
            _ => GatewayProblem.Closed(service),
        };
        if (outcome != DispatchOutcome.Closed)
        {
            var kind = outcome == DispatchOutcome.QueueFull ? GatewayEventKind.QueueFull : GatewayEventKind.DeadlinePassed;
            options.Happened?.Invoke(new GatewayEvent(kind, service, null, problem.Detail));
        }

        await problem.WriteAsync(context);
    }

    /// <summary>Decides what becomes of a request whose attempt failed, and answers it unless it goes to another machine.</summary>
    /// <returns>True when another attempt is due.</returns>
    private async Task<bool> GoesElsewhereAsync(HttpContext context, string service, ISlotLease lease, SlotLink link, ForwarderError error, int attempt)
    {
        var machine = lease.Machine.Value;
        var cause = context.Features.Get<IForwarderErrorFeature>()?.Exception;
        var what = cause is AggregateException { InnerExceptions: [var first, ..] } ? first.Message : cause?.Message ?? error.ToString();
        if (context.Response.HasStarted)
        {
            // The answer had begun (or was complete, and only the request was not): the forwarder ended it as it can be ended.
            LogCutShort(logger, service, machine, what);
            return false;
        }

        if (error == ForwarderError.RequestTimedOut)
        {
            var late = GatewayProblem.AnswerTimedOut(service, machine, options.AnswerTimeout);
            Tell(GatewayEventKind.AnswerTimedOut, service, lease, late.Detail);
            await late.WriteAsync(context);
            return false;
        }

        if (!IsMachinesFault(error))
        {
            var status = context.Response.StatusCode is >= 400 and < 500 and var given ? given : StatusCodes.Status400BadRequest;
            await GatewayProblem.BadRequest(service, status, $"The request could not be forwarded: {what}").WriteAsync(context);
            return false;
        }

        var reason = WhyNotAgain(context.Request.Method, link, attempt);
        if (reason is null && !context.Response.HasStarted)
        {
            Tell(GatewayEventKind.Retried, service, lease, $"{what} {(link.Sent ? "The request is idempotent" : "Nothing of the request was sent")}; it goes to another machine.");
            return true;
        }

        var failed = GatewayProblem.MachineFailed(service, machine, attempt, $"{what} {reason}");
        Tell(GatewayEventKind.MachineFailed, service, lease, failed.Detail);
        await failed.WriteAsync(context);
        return false;
    }

    /// <returns>Null when the request may go to another machine.</returns>
    private string? WhyNotAgain(string method, SlotLink link, int attempt) =>
        link.Answered ? "The request was not repeated, as an answer had begun."
        : link.BodyBegun ? "The request was not repeated, as its body was already on the way."
        : link.Sent && !IsIdempotent(method) ? $"The request was not repeated, as {method} is not idempotent and may have been carried out."
        : attempt >= options.AttemptsMax ? $"That was attempt {attempt} of {options.AttemptsMax}."
        : null;

    private void Tell(GatewayEventKind kind, string service, ISlotLease lease, string reason)
    {
        LogFailed(logger, kind, service, lease.Machine.Value, reason);
        options.Happened?.Invoke(new GatewayEvent(kind, service, lease.Machine, reason));
    }

    /// <summary>Bodies stream through without being kept, so their size is the service's business; what Kestrel still bounds is their slowness.</summary>
    private static void AllowAnyBodySize(HttpContext context)
    {
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
            && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = null;
        }
    }

    /// <summary>
    /// Whether the answer is complete and only the rest of the request was dropped, as the machine did not wait for it. The machine's headers tell:
    /// the forwarder clears them when the answer itself failed.
    /// </summary>
    private static bool IsAnsweredAll(HttpContext context, ForwarderError error) =>
        error is ForwarderError.RequestBodyCanceled or ForwarderError.RequestBodyClient or ForwarderError.RequestBodyDestination
        && !context.RequestAborted.IsCancellationRequested
        && context.Response.Headers.ContainsKey(ForwardAttempt.MachineHeader);

    private static bool IsIdempotent(string method) =>
        HttpMethods.IsGet(method) || HttpMethods.IsHead(method) || HttpMethods.IsOptions(method)
        || HttpMethods.IsPut(method) || HttpMethods.IsDelete(method) || HttpMethods.IsTrace(method);

    private static bool IsMachinesFault(ForwarderError error) => error is ForwarderError.Request or ForwarderError.RequestBodyDestination
        or ForwarderError.ResponseHeaders or ForwarderError.ResponseBodyDestination or ForwarderError.UpgradeResponseDestination;
}
