using Pleiad.Core.Documents;
using Pleiad.Core.Services;
using Pleiad.Core.Settings;
using Shouldly;
using Xunit;

namespace Pleiad.Core.Tests.Services;

public sealed class ServiceDocumentTests
{
    [Fact]
    public void A_full_service_is_read()
    {
        var service = ServiceDocument.Parse("""
            name: primes
            image: primes-unikernel
            slots: 5            # requests at once per machine
            machinesMin: 2      # 0 = scale to zero
            machinesMax: 8
            idleTimeout: 10m
            addressReservation: 1m
            hangTimeout: 10s
            start: clone
            spares: 3
            queue: { limit: 1000, deadline: 30s }
            """);

        service.ShouldBe(new ServiceSpec("primes", "primes-unikernel")
        {
            Slots = 5,
            MachinesMin = 2,
            MachinesMax = 8,
            IdleTimeout = TimeSpan.FromMinutes(10),
            AddressReservation = TimeSpan.FromMinutes(1),
            HangTimeout = TimeSpan.FromSeconds(10),
            Start = StartMode.Clone,
            Spares = 3,
            QueueLimit = 1000,
            QueueDeadline = TimeSpan.FromSeconds(30),
        });
    }

    [Fact]
    public void What_is_left_out_follows_the_settings()
    {
        var settings = new SystemSettings(new Dictionary<string, long> { ["free_count"] = 3, ["queue_deadline_ms"] = 1_500 });

        var service = ServiceDocument.Parse("name: a\nimage: b\nmachinesMin: 0").Effective(settings);

        service.ShouldBe(new EffectiveService(
            "a", "b", 3, 0, 8, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(1), 1_000, TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(10), StartMode.Auto, 2));
    }

    [Fact]
    public void The_minimum_in_force_is_never_above_the_maximum()
    {
        var settings = new SystemSettings();

        ServiceDocument.Parse("name: a\nimage: b\nmachinesMin: 20").Effective(settings).MachinesMax.ShouldBe(20);
        ServiceDocument.Parse("name: a\nimage: b\nmachinesMax: 1").Effective(settings).MachinesMin.ShouldBe(1);
    }

    [Fact]
    public void Every_problem_is_told_at_once()
    {
        var error = Should.Throw<InvalidInputException>(() => ServiceDocument.Parse("""
            name: Primes
            slots: 0
            machinesMin: 9
            machinesMax: 3
            idleTimeout: 10
            queue:
              limit: many
              dedline: 30s
            colour: red
            """));

        error.Problems.Select(problem => (problem.Line, problem.Key)).ShouldBe([
            (null, "image"), (1, "name"), (2, "slots"), (3, "machinesMin"), (5, "idleTimeout"), (7, "queue.limit"), (8, "queue.dedline"), (9, "colour")]);
        error.Message.ShouldContain("service.yaml: line 2: slots '0' is out of range; give a whole number from 1 to 10000");
    }

    [Theory]
    [InlineData("queue: 5")]
    [InlineData("slots: [5]")]
    [InlineData("slots: 1e3")]
    [InlineData("slots: 99999999999")]
    [InlineData("machinesMax: -1")]
    [InlineData("hangTimeout: 999ms")]
    [InlineData("addressReservation: 2h")]
    public void A_value_of_the_wrong_type_or_range_is_refused(string line) =>
        Should.Throw<InvalidInputException>(() => ServiceDocument.Parse("name: a\nimage: b\n" + line)).Problems.ShouldHaveSingleItem().Line.ShouldBe(3);
}
