using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;

namespace Pleiad.Machines.Cloning;

/// <summary>The pools of a host, one per image that is to start quickly.</summary>
internal sealed class WarmPools(HostContext host) : IAsyncDisposable
{
    private readonly Dictionary<string, WarmPool> _pools = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly List<Task> _ending = [];
    private bool _closed;

    /// <summary>Makes the pools fit; what is not wanted any more ends in the background.</summary>
    public void Prepare(IReadOnlyCollection<WarmImage> images)
    {
        var wanted = Plan(images, host.Options.SparesMax);
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _ending.RemoveAll(task => task.IsCompleted);
            foreach (var (digest, pool) in _pools.Where(pair => !wanted.ContainsKey(pair.Key)).ToArray())
            {
                _pools.Remove(digest);
                _ending.Add(pool.DisposeAsync().AsTask());
            }

            foreach (var (digest, (image, counts)) in wanted)
            {
                if (_pools.TryGetValue(digest, out var pool))
                {
                    pool.Configure(counts);
                }
                else
                {
                    _pools[digest] = new WarmPool(host, image, counts);
                }
            }
        }
    }

    /// <summary>Spares of an image that are ready to be taken.</summary>
    public int ReadyOf(string digest) => Find(digest)?.Ready ?? 0;

    /// <summary>Where stopped machines of an image have been proven and nothing else was ordered.</summary>
    public IReadOnlyList<MachineAddress> HomesOf(string digest) => Find(digest)?.Homes ?? [];

    /// <summary>Takes or makes a spare of an image; see <see cref="WarmPool.TakeAsync"/>.</summary>
    public Task<(Spare? Spare, string? Why)> TakeAsync(StoredImage image, StartMode start, MachineAddress address, CancellationToken cancellation) =>
        Find(image.Digest)?.TakeAsync(start, address, cancellation) ?? Task.FromResult<(Spare?, string?)>((null, WhyNone(image.Manifest, start)));

    /// <summary>The start that took a spare of an image has come to its end; see <see cref="WarmPool.Refill"/>.</summary>
    public void Refill(StoredImage image) => Find(image.Digest)?.Refill();

    /// <summary>A machine made from an image's template did not come up.</summary>
    public void Failed(StoredImage image, string why) => Find(image.Digest)?.Failed(why);

    public ValueTask DisposeAsync() => EndAsync(abandon: false);

    /// <summary>Ends all pools; with <paramref name="abandon"/> the processes of their spares stay, as after a kill.</summary>
    public async ValueTask EndAsync(bool abandon)
    {
        Task[] ending;
        lock (_gate)
        {
            _closed = true;
            ending = [.. _ending, .. _pools.Values.Select(pool => pool.EndAsync(abandon).AsTask())];
            _pools.Clear();
        }

        await Task.WhenAll(ending);
    }

    /// <summary>How many spares each image gets: what its services ask for, one image after the other while the host's bound allows.</summary>
    internal static IReadOnlyDictionary<string, (StoredImage Image, SpareCounts Counts)> Plan(IEnumerable<WarmImage> images, int sparesMax)
    {
        var plan = new Dictionary<string, (StoredImage, SpareCounts)>(StringComparer.Ordinal);
        var left = sparesMax;
        foreach (var group in images.Where(image => image.Start != StartMode.Cold && image.Image.Manifest.Cloneable).GroupBy(image => image.Image.Digest, StringComparer.Ordinal))
        {
            var resume = Math.Min(left, group.Where(image => image.Start != StartMode.Clone).Sum(image => image.Spares));
            var clone = Math.Min(left - resume, group.Where(image => image.Start == StartMode.Clone).Sum(image => image.Spares));
            left -= resume + clone;
            plan[group.Key] = (group.First().Image, new SpareCounts(resume, clone));
        }

        return plan;
    }

    private WarmPool? Find(string digest)
    {
        lock (_gate)
        {
            return _pools.GetValueOrDefault(digest);
        }
    }

    private static string? WhyNone(ImageManifest image, StartMode start) =>
        image.Cloneable ? "no template of its image is wanted"
        : start == StartMode.Auto ? null
        : $"image {image.Name} is not cloneable: its guest does not say that it takes a new identity (image.yaml, cloneable)";
}
