using System.Net;

namespace Pleiad.Machines.Qemu;

/// <summary>How a machine's network card is connected.</summary>
/// <param name="Mac">The card's address, for example <c>02:50:0a:4d:00:02</c>.</param>
internal abstract record NicAttachment(string Mac);

/// <summary>To nothing: the card is there, what it sends is lost.</summary>
/// <param name="Mac">The card's address.</param>
internal sealed record LooseNic(string Mac) : NicAttachment(Mac);

/// <summary>To a tap that QEMU gets as an open descriptor, so that it needs no right to open one and the tap goes away with the process.</summary>
/// <param name="Descriptor">Its number within QEMU.</param>
/// <param name="Mac">The card's address.</param>
internal sealed record TapNic(int Descriptor, string Mac) : NicAttachment(Mac);

/// <summary>To QEMU's user-mode network, closed but for one forwarded port.</summary>
/// <param name="Host">Loopback address and port on the host.</param>
/// <param name="GuestAddress">The guest's address in that network.</param>
/// <param name="GuestPort">The service's port.</param>
/// <param name="Mac">The card's address.</param>
internal sealed record UserNic(IPEndPoint Host, IPAddress GuestAddress, int GuestPort, string Mac) : NicAttachment(Mac);
