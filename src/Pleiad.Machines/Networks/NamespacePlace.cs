using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Pleiad.Core.Identity;
using Pleiad.Machines.Images;
using Pleiad.Machines.Qemu;

namespace Pleiad.Machines.Networks;

/// <summary>A machine's place in a namespace: a tap on the bridge, and an address whose traffic is led there.</summary>
internal sealed class NamespacePlace(NamespaceNetwork network, MachineAddress address, ImageManifest image, MachineAddress? parking, Home? home) : INetworkPlace
{
    private MachineAddress _address = address;
    private MachineAddress? _parking = parking;
    private Home? _home = home;
    private SafeFileHandle? _tap;
    private uint _link;

    public NicAttachment Nic => new TapNic(QemuProcess.FirstInherited, Guest.Mac);

    public GuestNetwork Guest => NamespaceNetwork.GuestAt(_address.Ip, image.Port);

    public MachineAddress Service => network.ServiceAddress(_address, image);

    public SafeHandle? Descriptor => _tap;

    public void Open(SafeFileHandle tap, uint link) => (_tap, _link) = (tap, link);

    public void Handed() => _tap?.Dispose();

    public async Task MoveAsync(MachineAddress address, QmpClient qmp)
    {
        try
        {
            await network.MoveAsync(_link, _address.Ip, _home, address.Ip);
        }
        catch (Win32Exception e)
        {
            throw new IOException($"the machine cannot be given {address}: {e.Message}", e);
        }

        network.Return(_parking);
        (_address, _parking, _home) = (address, null, null);
    }

    public async ValueTask DisposeAsync()
    {
        _tap?.Dispose();
        await network.LeaveAsync(_address.Ip, _home);
        network.Return(_parking);
        _parking = null;
    }
}
