using System.Net.Sockets;
using System.Runtime.InteropServices;
using Pleiad.Core.Identity;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Images;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Networks;

/// <summary>A machine's place in the network until it is disposed of.</summary>
internal interface INetworkPlace : IAsyncDisposable
{
    /// <summary>How its card is connected.</summary>
    NicAttachment Nic { get; }

    /// <summary>What its guest is told.</summary>
    GuestNetwork Guest { get; }

    /// <summary>Where its service answers; connections to it are made by <see cref="IMachineNetwork.ConnectAsync"/>.</summary>
    MachineAddress Service { get; }

    /// <summary>A descriptor that QEMU gets as its <see cref="QemuProcess.FirstInherited"/>; null for none.</summary>
    SafeHandle? Descriptor { get; }

    /// <summary>Gives it another address; its guest must be told by its owner (<see cref="Guest"/> is the new one's afterwards).</summary>
    /// <param name="address">An address of the pool that no other machine has.</param>
    /// <param name="qmp">Its QEMU.</param>
    /// <exception cref="IOException">It could not be done.</exception>
    Task MoveAsync(MachineAddress address, QmpClient qmp);

    /// <summary>Called when QEMU has been started and holds what it needs itself.</summary>
    void Handed();
}

/// <summary>How machines are connected with the host.</summary>
internal interface IMachineNetwork : IAsyncDisposable
{
    NetworkMode Mode { get; }

    /// <summary>The addresses machines can have.</summary>
    IReadOnlyList<MachineAddress> Addresses { get; }

    /// <summary>Whether something other than the machine may answer at its address while QEMU is coming up, so that an answer proves nothing yet.</summary>
    bool StrangersMayAnswer { get; }

    /// <summary>Where a service answers whose machine has this address of the pool.</summary>
    MachineAddress ServiceAddress(MachineAddress address, ImageManifest image);

    /// <summary>Makes a machine's place.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="address">Its address of the pool; null for one beside the pool, until the machine is given to somebody.</param>
    /// <param name="image">What it boots from.</param>
    /// <param name="home">The home that <paramref name="address"/> is, for a spare; null for a machine.</param>
    /// <exception cref="IOException">It cannot be made; the message names the remedy.</exception>
    Task<INetworkPlace> AttachAsync(MachineId machine, MachineAddress? address, ImageManifest image, Home? home = null);

    /// <summary>Makes sure that what guests of an image ask the network for is there: their address, when it is by DHCP. <see cref="AttachAsync"/> does so itself.</summary>
    /// <exception cref="IOException">It cannot be had; the message names the remedy.</exception>
    Task ServeAsync(ImageManifest image);

    /// <summary>The place of a machine that runs already.</summary>
    INetworkPlace Resume(MachineAddress address, ImageManifest image);

    /// <summary>Opens a connection to a machine.</summary>
    ValueTask<Socket> ConnectAsync(MachineAddress address, CancellationToken cancellation);

    /// <summary>Removes the network; called when no machine is left in it.</summary>
    Task RemoveAsync();
}
