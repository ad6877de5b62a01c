using Pleiad.Core.Settings;
using Shouldly;
using Xunit;

namespace Pleiad.State.Tests.Conformance;

public abstract partial class StoreConformance
{
    [Fact]
    public async Task Every_setting_begins_with_its_default()
    {
        var settings = await Store.GetSettingsAsync(Token);
        SettingKey.All.ShouldAllBe(key => settings[key] == key.Default);
    }

    [Fact]
    public async Task The_defaults_stand_in_system_params_for_anyone_to_see()
    {
        (await ExecuteAsync("select value from system_params where key = 'free_count'")).ShouldBe(5L);
        (await ExecuteAsync("select count(*) from system_params")).ShouldBe((long)SettingKey.All.Count);
    }

    [Fact]
    public async Task A_setting_keeps_its_value_through_a_new_start()
    {
        await Store.SetSettingAsync(SettingKey.IdleTimeout, 1_234, Token);
        await Store.SetSettingAsync(SettingKey.IdleTimeout, 5_678, Token);
        var other = Open();
        await other.MigrateAsync(Token);
        var settings = await other.GetSettingsAsync(Token);
        settings.Time(SettingKey.IdleTimeout).ShouldBe(TimeSpan.FromMilliseconds(5_678));
        settings[SettingKey.Slots].ShouldBe(SettingKey.Slots.Default);
    }

    [Fact]
    public async Task A_value_out_of_range_is_refused_and_nothing_changes()
    {
        await Should.ThrowAsync<ArgumentOutOfRangeException>(() => Store.SetSettingAsync(SettingKey.Slots, 0, Token));
        (await Store.GetSettingsAsync(Token))[SettingKey.Slots].ShouldBe(5);
    }

    [Fact]
    public async Task A_value_put_in_by_hand_that_is_out_of_range_is_named_with_its_range()
    {
        await ExecuteAsync("update system_params set value = -3 where key = 'free_count'");
        var error = await Should.ThrowAsync<StateException>(() => Store.GetSettingsAsync(Token));
        error.Message.ShouldContain("free_count");
        error.Message.ShouldContain("from 1 to 10000");
        await Store.SetSettingAsync(SettingKey.Slots, 7, Token);
        (await Store.GetSettingsAsync(Token))[SettingKey.Slots].ShouldBe(7);
    }

    [Fact]
    public async Task A_setting_deleted_by_hand_has_its_default()
    {
        await ExecuteAsync("delete from system_params");
        (await Store.GetSettingsAsync(Token))[SettingKey.MachinesMin].ShouldBe(SettingKey.MachinesMin.Default);
    }
}
