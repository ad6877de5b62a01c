using System.Globalization;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;

namespace Pleiad.Machines.Cloning;

/// <content>The task that makes what is missing: the template first, then its spares.</content>
internal sealed partial class WarmPool
{
    private async Task MakeAsync()
    {
        Template? mine = null;
        try
        {
            while (true)
            {
                try
                {
                    var next = Next(mine);
                    switch (next)
                    {
                        case Step.Discard:
                            await DiscardAsync(static _ => true);
                            if (mine is { } old)
                            {
                                mine = null;
                                await DropAsync(old);
                            }

                            await PauseAsync();
                            break;
                        case Step.Bury:
                            await DiscardAsync(static spare => spare.Exited.IsCompleted);
                            break;
                        case Step.Trim:
                            await TrimAsync();
                            break;
                        case Step.Template:
                            mine = await InTurnAsync(() => Template.MakeAsync(_host, _image.Manifest, _stop.Token));
                            Publish(mine);
                            break;
                        case Step.Clone or Step.Resume:
                            if (await InTurnAsync(() => MakeSpareAsync(mine!, next == Step.Resume)) is { } spare)
                            {
                                Add(spare);
                            }

                            break;
                        default:
                            await _wake.Reader.ReadAsync(_stop.Token);
                            break;
                    }
                }
                catch (Exception e) when (IsExpected(e))
                {
                    await OnFailureAsync(mine, e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The pool is closed.
        }
        catch (Exception e)
        {
            _host.Log.PoolFailed(_image.Manifest.Name, e);
            Failed($"a defect in Pleiad: {e.Message}");
        }
        finally
        {
            lock (_gate)
            {
                _template = null;
            }

            if (mine is not null)
            {
                await DropAsync(mine);
            }
        }
    }

    private enum Step
    {
        Wait,
        Template,
        Resume,
        Clone,
        Bury,
        Trim,
        Discard,
    }

    private Step Next(Template? mine)
    {
        lock (_gate)
        {
            if (mine is null)
            {
                return Step.Template;
            }

            if (_template is null)
            {
                return Step.Discard;
            }

            if (_spares.Exists(spare => spare.Exited.IsCompleted))
            {
                return Step.Bury;
            }

            var resume = _spares.Count(spare => spare.Way == StartMode.Resume);
            var clone = _spares.Count - resume;
            return resume < _wanted.Proven ? Step.Resume
                : clone < _wanted.Fresh ? Step.Clone
                : resume > _wanted.Proven || clone > _wanted.Fresh ? Step.Trim
                : Step.Wait;
        }
    }

    private async Task<T> InTurnAsync<T>(Func<Task<T>> work)
    {
        await _host.Starts.WaitAsync(_stop.Token);
        try
        {
            return await work();
        }
        finally
        {
            _host.Starts.Release();
        }
    }

    private async Task<Spare?> MakeSpareAsync(Template template, bool run) => run
        ? await Spare.ProveAsync(_host, _image.Manifest, template, _stop.Token)
        : await Spare.CloneAsync(_host, _image.Manifest, template, _stop.Token);

    private void Publish(Template template)
    {
        lock (_gate)
        {
            _template = template;
        }

        Notice(
            HostNoticeKind.TemplateReady,
            string.Create(
                CultureInfo.InvariantCulture,
                $"made in {template.Duration.TotalMilliseconds:0} ms, {template.StateBytes / 1024.0:0} KiB beside its memory: machines of it are cloned from now on"));
    }

    private void Add(Spare spare)
    {
        lock (_gate)
        {
            _failures = 0;
            _spares.Add(spare);
        }

        _ = spare.Exited.ContinueWith(_ => Wake(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private Task TrimAsync()
    {
        var surplus = new HashSet<Spare>();
        lock (_gate)
        {
            surplus.UnionWith(_spares.Where(spare => spare.Way == StartMode.Resume).Skip(_wanted.Proven));
            surplus.UnionWith(_spares.Where(spare => spare.Way == StartMode.Clone).Skip(_wanted.Fresh));
        }

        return DiscardAsync(surplus.Contains);
    }

    private async Task DiscardAsync(Func<Spare, bool> which)
    {
        Spare[] discarded;
        lock (_gate)
        {
            discarded = [.. _spares.Where(which)];
            _spares.RemoveAll(spare => discarded.Contains(spare));
        }

        await Task.WhenAll(discarded.Select(DisposeAsync));
    }

    private async Task DisposeAsync(Spare spare)
    {
        try
        {
            await spare.DisposeAsync();
        }
        catch (Exception e) when (IsExpected(e) || e is ObjectDisposedException)
        {
            _host.Log.Left(spare.Id, e.Message);
        }
    }

    /// <summary>Lets go of a template; whoever still makes a clone of it is the last.</summary>
    private ValueTask DropAsync(Template template)
    {
        lock (_gate)
        {
            _template = ReferenceEquals(_template, template) ? null : _template;
        }

        return template.ReleaseAsync();
    }

    private async Task OnFailureAsync(Template? template, string why)
    {
        if (template is null)
        {
            lock (_gate)
            {
                _failures++;
                _why = $"its template could not be made: {why}";
            }

            Notice(HostNoticeKind.TemplateFailed, $"{why}; machines of it start cold");
            await PauseAsync();
        }
        else
        {
            Failed(template, $"a spare could not be made: {why}");
        }
    }

    private Task PauseAsync()
    {
        int failures;
        lock (_gate)
        {
            failures = _failures;
        }

        var pause = PauseMin * Math.Pow(2, Math.Clamp(failures - 1, 0, 10));
        return Task.Delay(pause < PauseMax ? pause : PauseMax, _host.Time, _stop.Token);
    }
}
