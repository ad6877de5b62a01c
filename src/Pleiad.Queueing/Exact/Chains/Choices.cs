namespace Pleiad.Queueing.Exact.Chains;

/// <summary>
/// All outcomes of a procedure that leaves things to chance: it is run again and again, each time with the next combination of its choices, until all were taken. So what happens is
/// written once, as a simulation would, and gives the steps of the chain with their probabilities.
/// </summary>
internal sealed class Choices
{
    private readonly List<(int Taken, double[] Probabilities)> _path = [];
    private int _at;

    /// <summary>Probability of the choices of this run.</summary>
    public double Probability { get; private set; }

    /// <summary>Begins the first run, or the next one. Returns whether there is one.</summary>
    public bool Next(bool isFirst)
    {
        if (isFirst)
        {
            _path.Clear();
        }
        else
        {
            // The last choice that has another outcome takes it; what came after it is chosen anew.
            while (_path.Count > 0 && After(_path[^1].Probabilities, _path[^1].Taken) is var next)
            {
                var probabilities = _path[^1].Probabilities;
                _path.RemoveAt(_path.Count - 1);
                if (next >= 0)
                {
                    _path.Add((next, probabilities));
                    break;
                }
            }

            if (_path.Count == 0)
            {
                return false;
            }
        }

        (_at, Probability) = (0, 1);
        return true;
    }

    /// <summary>Which of several outcomes; those without probability never.</summary>
    public int Of(double[] probabilities)
    {
        if (_at == _path.Count)
        {
            _path.Add((After(probabilities, -1), probabilities));
        }

        var taken = _path[_at++].Taken;
        Probability *= probabilities[taken];
        return taken;
    }

    private static int After(double[] probabilities, int taken)
    {
        for (var i = taken + 1; i < probabilities.Length; i++)
        {
            if (probabilities[i] > 0)
            {
                return i;
            }
        }

        return -1;
    }
}
