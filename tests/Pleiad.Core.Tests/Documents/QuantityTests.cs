using Pleiad.Core.Documents;
using Shouldly;
using Xunit;

namespace Pleiad.Core.Tests.Documents;

public sealed class QuantityTests
{
    [Theory]
    [InlineData("0s", 0)]
    [InlineData("1ms", 1)]
    [InlineData("500ms", 500)]
    [InlineData("1.5s", 1_500)]
    [InlineData("10m", 600_000)]
    [InlineData("1h", 3_600_000)]
    [InlineData("2d", 172_800_000)]
    [InlineData("0.4ms", 0)]
    public void A_time_is_read(string text, long milliseconds)
    {
        Duration.TryParse(text, out var read).ShouldBeTrue();
        read.ShouldBe(TimeSpan.FromMilliseconds(milliseconds));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("10")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("+1s")]
    [InlineData("1 s")]
    [InlineData(" 1s")]
    [InlineData("1,5s")]
    [InlineData("1e3s")]
    [InlineData("1S")]
    [InlineData("NaNs")]
    [InlineData("10us")]
    [InlineData("99999999999999999999d")]
    [InlineData("3651d")]
    public void What_is_no_time_is_refused(string? text)
    {
        Duration.TryParse(text, out var read).ShouldBeFalse();
        read.ShouldBe(default);
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(999, "999ms")]
    [InlineData(90_000, "90s")]
    [InlineData(600_000, "10m")]
    [InlineData(7_200_000, "2h")]
    [InlineData(86_400_000, "1d")]
    public void A_time_is_written_in_the_largest_unit_that_keeps_it_whole(long milliseconds, string text) =>
        Duration.Format(TimeSpan.FromMilliseconds(milliseconds)).ShouldBe(text);

    [Fact]
    public void Every_time_that_is_written_is_read_back()
    {
        var random = new Random(20_26);
        long[] units = [1, 1_000, 60_000, 3_600_000, 86_400_000];
        for (var round = 0; round < 10_000; round++)
        {
            var unit = units[random.Next(units.Length)];
            var time = TimeSpan.FromMilliseconds(unit * random.NextInt64(Math.Min(3_650L * 86_400_000 / unit, 100_000)));

            Duration.TryParse(Duration.Format(time), out var read).ShouldBeTrue(Duration.Format(time));

            read.ShouldBe(time);
        }
    }

    [Theory]
    [InlineData("0", 0)]
    [InlineData("7", 7)]
    [InlineData("7B", 7)]
    [InlineData("64KiB", 65_536)]
    [InlineData("4MiB", 4_194_304)]
    [InlineData("1GiB", 1_073_741_824)]
    [InlineData("8589934591GiB", 8_589_934_591L << 30)]
    public void A_size_is_read(string text, long bytes)
    {
        ByteSize.TryParse(text, out var read).ShouldBeTrue();
        read.ShouldBe(bytes);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("MiB")]
    [InlineData("B")]
    [InlineData("4M")]
    [InlineData("4MB")]
    [InlineData("4 MiB")]
    [InlineData("4mib")]
    [InlineData("-4MiB")]
    [InlineData("1.5MiB")]
    [InlineData("0x10")]
    [InlineData("8589934592GiB")]
    [InlineData("9223372036854775808")]
    public void What_is_no_size_is_refused(string? text)
    {
        ByteSize.TryParse(text, out var read).ShouldBeFalse();
        read.ShouldBe(0);
    }

    [Fact]
    public void Every_size_that_is_written_is_read_back()
    {
        var random = new Random(17);
        for (var round = 0; round < 10_000; round++)
        {
            var bytes = round == 0 ? long.MaxValue : random.NextInt64(1L << random.Next(1, 33)) << (10 * random.Next(4));

            ByteSize.TryParse(ByteSize.Format(bytes), out var read).ShouldBeTrue(ByteSize.Format(bytes));

            read.ShouldBe(bytes);
        }
    }
}
