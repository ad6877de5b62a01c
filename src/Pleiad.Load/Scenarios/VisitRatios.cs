namespace Pleiad.Load.Scenarios;

/// <summary>How often a session visits each page on the average: v = e + v·P, solved by repetition, which converges because every page has a way out.</summary>
internal static class VisitRatios
{
    private const int RoundsMax = 100_000;
    private const double Enough = 1e-12;

    public static double[] Of(Scenario scenario)
    {
        var total = new double[scenario.Pages.Count];
        foreach (var users in scenario.Classes)
        {
            var now = Entering(users, total.Length);
            for (var round = 0; round < RoundsMax && now.Sum() > Enough; round++)
            {
                var next = new double[total.Length];
                for (var page = 0; page < now.Length; page++)
                {
                    total[page] += users.Share * now[page];
                    foreach (var step in users.Transitions[page]?.Steps ?? [])
                    {
                        next[step.Page] += now[page] * step.Probability;
                    }
                }

                now = next;
            }
        }

        return total;
    }

    private static double[] Entering(UserClass users, int pages)
    {
        var entering = new double[pages];
        foreach (var step in users.Entry.Steps)
        {
            entering[step.Page] += step.Probability;
        }

        return entering;
    }
}
