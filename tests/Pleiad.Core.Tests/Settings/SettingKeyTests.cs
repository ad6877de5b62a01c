using Pleiad.Core.Documents;
using Pleiad.Core.Settings;
using Shouldly;
using Xunit;

namespace Pleiad.Core.Tests.Settings;

public sealed class SettingKeyTests
{
    [Fact]
    public void The_original_system_s_settings_keep_their_names_and_defaults()
    {
        var settings = new SystemSettings();

        settings[SettingKey.Find("free_count")].ShouldBe(5);
        settings[SettingKey.Find("last_connect_ms")].ShouldBe(600_000);
        settings[SettingKey.Find("ip_reserve_ms")].ShouldBe(60_000);
        settings[SettingKey.Find("min_vm_count")].ShouldBe(2);
    }

    [Fact]
    public void Every_setting_is_found_by_both_names_and_its_default_is_in_range()
    {
        foreach (var key in SettingKey.All)
        {
            SettingKey.Find(key.Key).ShouldBe(key);
            SettingKey.Find(key.Term).ShouldBe(key);
            key.Default.ShouldBeInRange(key.Min, key.Max);
            key.Meaning.ShouldNotBeEmpty();
        }

        SettingKey.All.SelectMany(key => new[] { key.Key, key.Term }).ShouldBeUnique();
    }

    [Fact]
    public void Every_value_in_range_reads_back()
    {
        var random = new Random(3);
        foreach (var key in SettingKey.All)
        {
            foreach (var value in (long[])[key.Min, key.Max, key.Default, random.NextInt64(key.Min, key.Max + 1)])
            {
                key.Parse($"{value}").ShouldBe(value);
                if (key.Unit == "ms")
                {
                    key.Parse(Duration.Format(TimeSpan.FromMilliseconds(value))).ShouldBe(value);
                }
            }

            Should.Throw<InvalidInputException>(() => key.Parse($"{key.Min - 1}"));
            Should.Throw<InvalidInputException>(() => key.Parse($"{key.Max + 1}"));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("five")]
    [InlineData("5.0")]
    [InlineData("5m")]
    [InlineData("99999999999999999999")]
    public void A_value_that_is_no_number_is_refused_with_the_rule(string text) =>
        Should.Throw<InvalidInputException>(() => SettingKey.Slots.Parse(text)).Message.ShouldContain("give a whole number of requests from 1 to 10000");

    [Fact]
    public void An_unknown_setting_is_refused_with_those_that_are_known() =>
        Should.Throw<InvalidInputException>(() => SettingKey.Find("colour")).Message.ShouldContain("free_count, last_connect_ms");
}
