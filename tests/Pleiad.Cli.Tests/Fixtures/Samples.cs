using Pleiad.Client.Contract;

namespace Pleiad.Cli.Tests.Fixtures;

/// <summary>One of each thing of the API, with fixed values.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    public static readonly ServiceInfo Primes = new(
        "primes", "primes-unikernel", 5, 2, 8, 600_000, 60_000, 1_000, 30_000, 10_000, "auto", 2, 1, 2, 1, 0, 3, 4, 5, "3 in work and 4 waiting need 2 machines", null);

    public static readonly ServiceInfo Echo = Primes with { Name = "echo", Image = "echo-unikernel", Problem = "the last start failed: QEMU ended" };

    public static readonly ImageInfo Image = new(
        "primes-unikernel", "sha256:" + new string('a', 64), "unikernel", 57_896, 4 << 20, "microvm", "virtio-mmio", 8080, "/health", Now.AddHours(-2));

    public static readonly JobInfo Done = new(
        "01a2011f-5f1b-7f20-b922-d6c76e6b2a0d", "primes", "test1", "GET", "/primes?n=1000", "done", 1, "m-aaaaaaaaaa", Now.AddSeconds(-10), Now.AddSeconds(-9), Now.AddSeconds(-7),
        1_000, 2_000, 200, "{\"n\":1000,\"primes\":168}", null);

    public static readonly JobInfo Waiting = Done with
    {
        Id = "01a2011f-5f5d-79f2-95e3-63250025391b", Name = "test2", State = "waiting", Attempts = 0, Machine = null, Sent = null, Ended = null, WaitedMs = 3_500, RanMs = null, Status = null, Result = null,
    };

    public static readonly JobInfo Failed = Done with
    {
        Id = "01a2011f-6340-79a7-9b4b-103d11b2a699", Name = "test3", State = "failed", Status = 500, Result = "oh", Error = "the service answered 500",
    };

    public static readonly MachineInfo Machine = new(
        "m-aaaaaaaaaa", "primes", Image.Digest, "ready", "10.77.0.2", 8080, 5, 2, 0.73, 38L << 20, 1_200_000, 4 << 20, 0.5, 12, Now.AddMilliseconds(-120), Now.AddMinutes(-1), 91.4, "cold", "its template is being made",
        "1 in work and 3 waiting need 4 machines", 4711, false);

    public static readonly MachineInfo Starting = Machine with { Id = "m-aabbbbbbbb", State = "starting", Ip = "10.77.0.3", FreeSlots = 0, Slots = 5, Cpu = 0, LastContact = null, StartMs = null, StartWay = null, StartNote = null };

    public static readonly SettingInfo Slots = new("free_count", "slots", 5, "requests", 5, 1, 10_000, "requests at once per machine");

    public static EventInfo Event(long id) => new(id, Now.AddSeconds(id), "machineStarting", $"reason {id}", "primes", "m-aaaaaaaaaa", null);
}
