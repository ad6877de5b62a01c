using System.Runtime.InteropServices;

namespace Pleiad.Wire.Association;

/// <summary>
/// How often a request of a class makes a call that begins with a statement, as found before anything else is known: which classes are there whenever a statement is, and which
/// are not. A mixture of rates, learned by expectation–maximization.
/// </summary>
internal sealed class CallRates
{
    private const double PriorCalls = 0.1;
    private const double PriorRequests = 1;

    private readonly Dictionary<int, int> _requests = [];
    private readonly Dictionary<(int Class, int Statement), double> _calls = [];
    private readonly Dictionary<(int Class, int Statement), double> _next = [];

    public CallRates(IEnumerable<Node> requests)
    {
        foreach (var request in requests)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_requests, request.Class, out _)++;
        }
    }

    /// <summary>Logarithm of the calls with this statement that a request of the class makes.</summary>
    public double Log(int ofClass, int statement) =>
        Math.Log((_calls.GetValueOrDefault((ofClass, statement)) + PriorCalls) / (_requests.GetValueOrDefault(ofClass) + PriorRequests));

    public void Add(int ofClass, int statement, double weight) => CollectionsMarshal.GetValueRefOrAddDefault(_next, (ofClass, statement), out _) += weight;

    /// <summary>Takes what was added for what is.</summary>
    public void Update()
    {
        _calls.Clear();
        foreach (var (key, weight) in _next)
        {
            _calls.Add(key, weight);
        }

        _next.Clear();
    }
}
