using System.Diagnostics.CodeAnalysis;
using Pleiad.Core.Identity;

namespace Pleiad.Machines.Networks;

/// <summary>An address of the pool at which a spare has been proven, until a machine is ordered there that is not made from it.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer holds nothing that has to be given back.")]
internal sealed class Home(MachineAddress address)
{
    private readonly CancellationTokenSource _loss = new();

    public MachineAddress Address => address;

    /// <summary>Ends what is done at this home when it is lost.</summary>
    public CancellationToken Loss => _loss.Token;

    /// <summary>Whether the address is another machine's now: its spare leads nothing there any more.</summary>
    public bool IsLost => _loss.IsCancellationRequested;

    public void Lose() => _loss.Cancel();
}

/// <summary>Who lives at which address of the pool: machines, and spares beside them.</summary>
/// <remarks>
/// A home is no reservation: it keeps no address from anybody, so that nothing has to be given back when the pool runs short, and nothing is left after a crash. Whoever
/// orders a machine is told where spares live (<see cref="Hosting.IMachineHost.WishFor"/>); one who orders elsewhere, or another machine there, costs a spare
/// the lead that it had, no more.
/// </remarks>
/// <param name="pool">The addresses spares can live at; none where an address cannot be led from one machine to another at once.</param>
internal sealed class Homes(IReadOnlyList<MachineAddress> pool)
{
    private readonly Dictionary<MachineAddress, Home> _homes = [];
    private readonly HashSet<MachineAddress> _ordered = [];
    private readonly Lock _gate = new();
    private int _next = pool.Count;

    /// <summary>Where spares live and no machine was ordered.</summary>
    public IReadOnlyList<MachineAddress> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _homes.Keys.Where(address => !_ordered.Contains(address))];
            }
        }
    }

    /// <summary>Finds a home for a spare, by turns from the end of the pool: addresses are reserved from its beginning.</summary>
    /// <returns>Null when every address has a machine or a spare.</returns>
    public Home? Choose()
    {
        lock (_gate)
        {
            for (var tried = 0; tried < pool.Count; tried++)
            {
                _next = (_next > 0 ? _next : pool.Count) - 1;
                if (!_ordered.Contains(pool[_next]) && !_homes.ContainsKey(pool[_next]))
                {
                    return _homes[pool[_next]] = new Home(pool[_next]);
                }
            }

            return null;
        }
    }

    /// <summary>A spare has become a machine, at its home or elsewhere, or is gone: its home is nobody's, as far as it is concerned.</summary>
    public void Leave(Home home)
    {
        lock (_gate)
        {
            if (_homes.GetValueOrDefault(home.Address) == home)
            {
                _homes.Remove(home.Address);
            }
        }
    }

    /// <summary>A machine is ordered at an address.</summary>
    public void Order(MachineAddress address)
    {
        lock (_gate)
        {
            _ordered.Add(address);
        }
    }

    /// <summary>A machine comes to its address that is not made from the spare that lives there, if any: that spare has lost its home.</summary>
    public void Evict(MachineAddress address)
    {
        Home? home;
        lock (_gate)
        {
            _homes.Remove(address, out home);
        }

        home?.Lose();
    }

    /// <summary>The machine at an address has ended.</summary>
    public void Free(MachineAddress address)
    {
        lock (_gate)
        {
            _ordered.Remove(address);
        }
    }

    /// <summary>Whether a machine ordered at an address can still be made from the spare that lives there.</summary>
    public bool IsOpen(Home home)
    {
        lock (_gate)
        {
            return !home.IsLost && !_ordered.Contains(home.Address);
        }
    }
}
