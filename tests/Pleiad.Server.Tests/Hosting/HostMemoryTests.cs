using Pleiad.Server.Hosting;
using Shouldly;
using Xunit;

namespace Pleiad.Server.Tests.Hosting;

public sealed class HostMemoryTests
{
    [Theory]
    [InlineData("MemTotal:       24689632 kB\nMemFree:         1000 kB\nMemAvailable:   20480 kB\nBuffers: 1 kB\n", 20L << 20)]
    [InlineData("MemTotal:       24689632 kB\nMemFree:         1000 kB\n", null)]
    [InlineData("MemAvailable:   many kB\n", null)]
    [InlineData("MemAvailable:   20480\n", null)]
    [InlineData("", null)]
    public void What_is_available_is_read_from_the_kernels_text(string text, long? bytes) => HostMemory.Read(text).ShouldBe(bytes);

    [Fact]
    public void This_host_says_what_it_has() => HostMemory.AvailableBytes()!.Value.ShouldBeGreaterThan(1 << 20);
}
