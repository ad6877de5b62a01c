using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace Pleiad.Architecture.Tests;

public sealed class CodeRuleTests
{
    private const int LinesMax = 400;

    // Written in two parts, so that this file is not found by its own rule.
    private static readonly Regex Unfinished = new(@"\b(TO" + @"DO|FIX" + @"ME|XX" + @"X)\b");
    private static readonly Regex DeveloperPath = new(@"(?<![A-Za-z0-9_.})\]*-])/(wo" + @"rk|ro" + @"ot|ho" + @"me|Use" + @"rs)/[A-Za-z0-9_.]");

    // Files that are longer than a screenful of screenfuls, with the reason.
    private static readonly Dictionary<string, string> LongFiles = [];

    [Fact]
    public void Sources_keep_the_rules_of_time_chance_and_waiting() =>
        Repository.Sources.Where(file => !CodeRules.Allowed.ContainsKey(file.Path)).SelectMany(file => CodeRules.Offences(file.Path, file.Text())).ShouldBeEmpty();

    [Fact]
    public void Exceptions_from_the_rules_name_a_file_that_needs_them_and_a_reason()
    {
        foreach (var (path, reason) in CodeRules.Allowed)
        {
            reason.Length.ShouldBeGreaterThan(20, path);
            CodeRules.Offences(path, File.ReadAllText(Path.Combine(Repository.Root, path))).ShouldNotBeEmpty(path);
        }
    }

    [Fact]
    public void Files_are_of_a_size_that_can_be_read() =>
        Repository.Files("src", "guest", "tests").Where(file => !LongFiles.ContainsKey(file.Path))
            .Select(file => (file.Path, Lines: File.ReadLines(file.FullPath).Count())).Where(file => file.Lines > LinesMax).ShouldBeEmpty();

    [Fact]
    public void Nothing_is_left_for_later() => Offences(Unfinished).ShouldBeEmpty();

    [Fact]
    public void No_file_names_a_path_of_one_person_s_machine() => Offences(DeveloperPath).ShouldBeEmpty();

    [Fact]
    public void Ids_of_log_events_are_unique_and_in_their_project_s_range()
    {
        var ranges = new Dictionary<string, int> { ["Pleiad.Machines"] = 1000, ["Pleiad.Gateway"] = 2000, ["Pleiad.State"] = 3000, ["Pleiad.Server"] = 4000, ["Pleiad.Wire"] = 5000 };
        var events = Repository.Sources.SelectMany(file => Regex.Matches(file.Text(), @"\[LoggerMessage\(\s*(?:EventId\s*=\s*)?(\d+)")
            .Select(match => (Project: file.Path.Split('/')[1], file.Path, Id: int.Parse(match.Groups[1].Value)))).ToList();

        events.GroupBy(each => each.Id).Where(group => group.Count() > 1).Select(group => $"{group.Key}: {string.Join(", ", group.Select(each => each.Path))}").ShouldBeEmpty();
        events.Where(each => !ranges.TryGetValue(each.Project, out var first) || each.Id < first || each.Id >= first + 1000).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("var now = DateTime.UtcNow;")]
    [InlineData("var now = DateTimeOffset . Now;")]
    [InlineData("Random.Shared.Next()")]
    [InlineData("Thread.Sleep(1);")]
    [InlineData("public async void Run()")]
    [InlineData("task.GetAwaiter().GetResult();")]
    [InlineData("await Task.Delay(1000);")]
    [InlineData("await Task.Delay(Pause(1, 2), cancellation);")]
    [InlineData("var x = \"a\"; await Task.Delay(interval);")]
    public void An_offence_is_found_with_its_line(string code) => CodeRules.Offences("a.cs", "// one\n" + code).ShouldHaveSingleItem().ShouldStartWith("a.cs:2: ");

    [Theory]
    [InlineData("await Task.Delay(interval, _time, cancellation);")]
    [InlineData("await Task.Delay(Pause(1, 2), TimeProvider.System);")]
    [InlineData("// DateTime.Now")]
    [InlineData("/* Thread.Sleep(1) */")]
    [InlineData("/// <see cref=\"Random.Shared\"/>")]
    [InlineData("var text = \"DateTime.Now \\\" Thread.Sleep\";")]
    [InlineData("var text = @\"\"\"DateTime.Now\";")]
    [InlineData("var text = $\"{x} DateTime.Now\";")]
    [InlineData("var text = \"\"\"\n\"DateTime.Now\" Thread.Sleep\n\"\"\";")]
    [InlineData("var quote = '\"'; var other = '\\''; // async void")]
    [InlineData("MyDateTime.Now")]
    public void What_is_only_said_or_allowed_is_no_offence(string code) => CodeRules.Offences("a.cs", code).ShouldBeEmpty();

    [Fact]
    public void The_rules_of_texts_find_what_they_forbid()
    {
        Unfinished.IsMatch("// TO" + "DO: later").ShouldBeTrue();
        DeveloperPath.IsMatch("see /ho" + "me/ann/x").ShouldBeTrue();
        DeveloperPath.IsMatch("$out/wo" + "rk/x").ShouldBeFalse();
    }

    private static IEnumerable<string> Offences(Regex pattern) => Repository.Files().SelectMany(file =>
        File.ReadLines(file.FullPath).Select((line, index) => (line, index)).Where(each => pattern.IsMatch(each.line)).Select(each => $"{file}:{each.index + 1}: {each.line.Trim()}"));
}
