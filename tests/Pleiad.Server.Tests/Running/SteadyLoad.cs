using System.Collections.Concurrent;
using System.Net;

namespace Pleiad.Server.Tests.Running;

/// <summary>Clients that ask a service again and again, each after its last answer, and keep every answer.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private readonly HttpClient _gateway;
    private readonly string _path;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task[] _clients;
    private int _disposed;
    private ConcurrentQueue<string> _answers = new();

    internal SteadyLoad(HttpClient gateway, string path, int clients)
    {
        (_gateway, _path) = (gateway, path);
        _clients = [.. Enumerable.Range(0, clients).Select(_ => Task.Run(AskAsync))];
    }

    /// <summary>What was answered since the last call: the body, or what went wrong.</summary>
    internal IReadOnlyList<string> Take() => [.. Interlocked.Exchange(ref _answers, new ConcurrentQueue<string>())];

    /// <summary>The number of answers since <see cref="Take"/>.</summary>
    internal int Count => _answers.Count;

    /// <summary>Ends after the answers that are under way; safe to repeat.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            await _stop.CancelAsync();
            await Task.WhenAll(_clients);
            _stop.Dispose();
        }
    }

    private async Task AskAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            string answer;
            try
            {
                using var response = await _gateway.GetAsync(new Uri(_path, UriKind.Relative));
                var body = await response.Content.ReadAsStringAsync();
                answer = response.StatusCode == HttpStatusCode.OK ? body : $"{(int)response.StatusCode} {body}";
            }
            catch (HttpRequestException error)
            {
                answer = error.Message;
            }

            _answers.Enqueue(answer);
        }
    }
}
