using System.Diagnostics;
using System.Net;
using System.Text;
using Pleiad.Core.Identity;
using Pleiad.Core.Services;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Processes;
using Pleiad.Machines.Qemu;
using Pleiad.Machines.Tests.Guests;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Hosting;

public sealed class SmallPartsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("plt-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_record_is_read_as_it_was_written()
    {
        var order = new MachineOrder(
            MachineId.New(), "primes", GuestImage.Of("/k,\"x\".elf"), new MachineAddress(IPAddress.Parse("10.77.0.9"), 8080), TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(3), "no slot was free");
        var path = Path.Combine(_directory, "machine.json");
        var record = MachineRecord.Of(order, NetworkMode.Namespace, DateTimeOffset.UnixEpoch) with { ProcessId = 5, ProcessStart = 77, Start = new MachineStart(StartMode.Resume, TimeSpan.FromMilliseconds(90.5), "why"), ProcessName = "m-0000000000" };
        record.Write(path);

        var read = MachineRecord.Read(path, out _).ShouldNotBeNull();

        read.ShouldBe(record);
        read.Order.ShouldBe(order);
        read.Process.ShouldBe(new ProcessIdentity(5, 77));
        Directory.GetFiles(_directory).ShouldBe([path]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"form\":2}")]
    [InlineData("[]")]
    public void A_damaged_record_is_none_and_says_why(string text)
    {
        var path = Path.Combine(_directory, "machine.json");
        File.WriteAllText(path, text);

        MachineRecord.Read(path, out var problem).ShouldBeNull();
        problem.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("{\"uptimeMs\":1500,\"requests\":3,\"active\":1,\"connections\":2,\"cpuBusy\":0.25,\"memoryUsedBytes\":100,\"memoryTotalBytes\":4194304}", true)]
    [InlineData("{\"uptimeMs\":0}", true)]
    [InlineData("{\"status\":\"Healthy\"}", false)]
    [InlineData("{\"uptimeMs\":\"long\"}", false)]
    [InlineData("{\"uptimeMs\":", false)]
    [InlineData("ok", false)]
    [InlineData("", false)]
    public void A_guests_report_is_read_and_other_texts_are_tolerated(string text, bool isReport) =>
        (GuestHealthReader.Read(Encoding.UTF8.GetBytes(text)) is not null).ShouldBe(isReport);

    [Fact]
    public void A_guests_report_has_its_numbers_in_their_ranges()
    {
        var health = GuestHealthReader.Read("{\"uptimeMs\":1500,\"requests\":3,\"cpuBusy\":7.5,\"memoryTotalBytes\":4194304}"u8.ToArray()).ShouldNotBeNull();

        health.ShouldBe(new GuestHealth(1500, 3, 0, 0, 1, 0, 4_194_304));
    }

    [Fact]
    public void A_full_log_loses_its_oldest_half_and_begins_with_a_whole_line()
    {
        var path = Path.Combine(_directory, "x.log");
        File.WriteAllLines(path, Enumerable.Range(0, 200).Select(i => $"line {i:000}"));

        SerialLog.Bound(path, 1000).ShouldBeTrue();
        SerialLog.Bound(path, 1000).ShouldBeFalse();

        var lines = File.ReadAllLines(path);
        lines.Length.ShouldBeInRange(50, 62);
        lines[^1].ShouldBe("line 199");
        lines.ShouldAllBe(line => line.Length == 8);
        SerialLog.LastLine(path).ShouldBe("line 199");
    }

    [Fact]
    public async Task A_reader_never_finds_a_log_empty_while_its_oldest_half_is_dropped()
    {
        var path = Path.Combine(_directory, "x.log");
        var line = new string('x', 79) + "\n";
        File.WriteAllText(path, line);
        var bounding = Task.Run(() =>
        {
            var drops = 0;
            while (drops < 2000)
            {
                File.AppendAllText(path, line);
                drops += SerialLog.Bound(path, 1000) ? 1 : 0;
            }

            return drops;
        });
        while (!bounding.IsCompleted)
        {
            SerialLog.LastLine(path).ShouldBe(line.TrimEnd());
        }

        (await bounding).ShouldBe(2000);
    }

    [Theory]
    [InlineData("one\r\ntwo\r\n\r\n", "two")]
    [InlineData("one\u001b[31m red\u0007", "one[31m red")]
    [InlineData("\n \n", null)]
    [InlineData("", null)]
    public void The_last_line_is_the_last_one_that_says_something(string text, string? expected)
    {
        var path = Path.Combine(_directory, "x.log");
        File.WriteAllText(path, text);

        SerialLog.LastLine(path).ShouldBe(expected);
    }

    [Fact]
    public void A_log_that_does_not_exist_has_no_last_line_and_needs_no_bound()
    {
        SerialLog.LastLine(Path.Combine(_directory, "none")).ShouldBeNull();
        SerialLog.Bound(Path.Combine(_directory, "none"), 10).ShouldBeFalse();
    }

    [Theory]
    [InlineData(0x0000, "exit status 0")]
    [InlineData(0x0100, "exit status 1")]
    [InlineData(0x0009, "killed by signal 9")]
    [InlineData(0x0086, "killed by signal 6")]
    public void Status_words_are_told_in_words(int word, string expected) => ExitStatus.FromWait(word).ToString().ShouldBe(expected);

    [Fact]
    public void Every_way_ends_and_only_by_Stopping()
    {
        var states = Enum.GetValues<MachineState>();
        states.Where(MachineStates.IsFinal).ShouldBe([MachineState.Gone, MachineState.Failed]);
        foreach (var state in states)
        {
            var next = states.Where(to => MachineStates.CanFollow(state, to)).ToArray();
            next.Contains(MachineState.Stopping).ShouldBe(state is MachineState.Reserved or MachineState.Starting or MachineState.Ready or MachineState.Draining);
            next.Any(MachineStates.IsFinal).ShouldBe(state == MachineState.Stopping);
            next.ShouldAllBe(to => to > state);
        }
    }

    [Fact]
    public void A_process_is_known_by_id_and_start_time_and_a_zombie_is_none()
    {
        var mine = ProcessIdentity.Read(Environment.ProcessId).ShouldNotBeNull();
        mine.StartTicks.ShouldBeGreaterThan(0);
        ProcessIdentity.ReadArguments(Environment.ProcessId).ShouldNotBeEmpty();
        ProcessIdentity.ReadUsage(Environment.ProcessId).ShouldNotBeNull().ResidentPages.ShouldBeGreaterThan(100);
        ProcessIdentity.Read(int.MaxValue).ShouldBeNull();
        ProcessIdentity.ReadArguments(int.MaxValue).ShouldBeEmpty();
    }

    [Fact]
    public void Marks_of_different_directories_differ_and_a_trailing_slash_does_not_matter()
    {
        var machine = MachineId.New();
        new MachineMark("/a/b").NameOf(machine).ShouldBe(new MachineMark("/a/b/").NameOf(machine));
        new MachineMark("/a/b").NameOf(machine).ShouldNotBe(new MachineMark("/a/c").NameOf(machine));
        new MachineMark("/a/b").NameOf(machine).ShouldEndWith(machine.Value);
    }

    [Fact]
    public async Task A_process_is_found_by_its_mark_and_another_with_a_similar_name_is_not()
    {
        var mark = new MachineMark(_directory);
        var machine = MachineId.New();
        using var ours = Wait("-name", mark.NameOf(machine));
        using var other = Wait(mark.NameOf(MachineId.New()));
        try
        {
            var found = mark.FindAll().ShouldHaveSingleItem();
            found.Machine.ShouldBe(machine);
            found.Process.ShouldBe(ProcessIdentity.Read(ours.Id)!.Value);
        }
        finally
        {
            ours.Kill();
            other.Kill();
            await ours.WaitForExitAsync();
            await other.WaitForExitAsync();
        }
    }

    /// <summary>A process that waits for input, with arguments it does not look at.</summary>
    private static Process Wait(params string[] arguments) =>
        Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "read x", .. arguments]) { RedirectStandardInput = true })!;

    [Fact]
    public async Task A_program_that_fails_is_told_with_its_words_and_one_that_takes_too_long_is_killed()
    {
        (await Programs.RunAsync("/bin/sh", ["-c", "read x; echo got $x"], "it\n", TimeSpan.FromSeconds(30), CancellationToken.None)).ShouldBe("got it");
        (await Should.ThrowAsync<ProgramException>(() => Programs.RunAsync("/bin/sh", ["-c", "echo why >&2; exit 3"], "", TimeSpan.FromSeconds(30), CancellationToken.None)))
            .Message.ShouldContain("status 3: why");
        (await Should.ThrowAsync<ProgramException>(() => Programs.RunAsync("/bin/sh", ["-c", "exec sleep 60"], "", TimeSpan.FromMilliseconds(100), CancellationToken.None)))
            .Message.ShouldContain("did not end within");
    }
}
