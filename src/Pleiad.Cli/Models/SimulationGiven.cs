using System.CommandLine;
using System.Globalization;
using Pleiad.Cli.Running;
using Pleiad.Queueing.Documents;
using Pleiad.Queueing.Simulation;

namespace Pleiad.Cli.Models;

/// <summary>The options of commands that simulate.</summary>
internal sealed class SimulationGiven
{
    private const long MillionsMax = 1_000_000;

    private readonly Option<string?> _seed = Given.Text("--seed", "N", "Seed of the simulation; the same gives the same answer (1 unless given).", text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _), "give a whole number of 0 or more");
    private readonly Option<int> _replications = Given.Number("--replications", 10, 1, 1000, "Independent runs; with 1 the intervals come from batch means");
    private readonly Option<string?> _accuracy = Given.Text("--accuracy", "SHARE", "Simulate until half the interval is at most this share of the response time (1% unless given).", text => Quantity.TryShare(text, out var share) && share is > 0 and <= 1, "give a share, for example 0.5%");
    private readonly Option<string?> _confidence = Given.Text("--confidence", "SHARE", "Level of the intervals (95% unless given).", text => Quantity.TryShare(text, out var share) && share is >= 0.5 and <= 0.999, "give a share from 50% to 99.9%");
    private readonly Option<string?> _events = Given.Text("--events", "MILLIONS", "Most events to simulate, in millions (100 unless given).", text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var millions) && millions is > 0 and <= MillionsMax, "give a whole number of millions");

    public void AddTo(Command command)
    {
        command.Add(_seed);
        command.Add(_replications);
        command.Add(_accuracy);
        command.Add(_confidence);
        command.Add(_events);
    }

    public SimulationOptions Options(ParseResult given, double accuracy = 0.01, long millions = 100) => new()
    {
        Seed = given.GetValue(_seed) is { } seed ? ulong.Parse(seed, CultureInfo.InvariantCulture) : 1,
        Replications = given.GetValue(_replications),
        Accuracy = Quantity.TryShare(given.GetValue(_accuracy), out var share) ? share : accuracy,
        Confidence = Quantity.TryShare(given.GetValue(_confidence), out var level) ? level : 0.95,
        EventsMax = 1_000_000 * (given.GetValue(_events) is { } events ? long.Parse(events, CultureInfo.InvariantCulture) : millions),
    };
}
