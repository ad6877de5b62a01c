using Pleiad.Core.Documents;
using Pleiad.Machines.Images;

namespace Pleiad.Machines.Checking;

/// <summary>From what was seen of a machine to what is wrong with its image, and what to change. Pure.</summary>
internal static class StartDiagnosis
{
    /// <summary>The first cause that explains what was seen, looked for from the service down to the kernel.</summary>
    public static CheckFailure Of(GuestSeen seen, ImageManifest image)
    {
        var (summary, remedy) =
            seen.MemoryThatWorks is { } memory ? ($"{ByteSize.Format(image.MemoryBytes)} of memory is too little", $"give memory: {ByteSize.Format(memory)}")
            : seen.Ended is { } ended ? OfEnded(ended, seen, image)
            : seen.Health is { } health ? ($"it answers {health.Path} with status {health.Status}, not with 200 to 299", "give a health: path that answers so when the service works")
            : seen.Frames is { } frames ? OfFrames(seen, frames, image)
            : OfSilence(seen, image);
        return new CheckFailure(summary, remedy, seen.Sentences(), seen.Log);
    }

    private static (string Summary, string Remedy) OfEnded(string ended, GuestSeen seen, ImageManifest image) => seen.Log.Count > 0
        ? ($"it did not stay up: {ended}; its last words: {seen.Log[^1]}", "mend what its last words are about; the end of its serial log is below")
        : ($"it did not stay up: {ended}", $"a kernel that ends at once and without a word may want another platform than {PlatformOf(image)}: try {OtherPlatform(image)}");

    private static (string Summary, string Remedy) OfFrames(GuestSeen seen, GuestFrames frames, ImageManifest image)
    {
        var byDhcp = AddressTemplate.IsDhcp(image.Address);
        var others = frames.Addresses.Where(address => !address.Equals(seen.Ip)).ToArray();
        return frames switch
        {
            { TookConnection: true } => ($"it takes connections at port {image.Port} and does not answer {image.Health} in HTTP/1.1", "give the port: of its HTTP service, and a health: path"),
            { RefusedConnection: true } => ($"it has its address, and nothing listens at port {image.Port}", "give the port: of its service, or a longer --timeout when the service only begins to listen later"),
            { AskedDhcp: true } when !byDhcp => ("it asks for its address by DHCP, and its manifest says that it reads it from its command line", $"give address: {AddressTemplate.Dhcp}"),
            { AnsweredArp: true } => ($"it has its address, and does not answer at port {image.Port}", "look for a packet filter in the guest, or give a longer --timeout"),
            { AskedDhcp: true, TookOffer: false } => ("it asks for its address by DHCP and does not take the one it is offered", "its log may say what it misses in the offer: it has an address, a netmask and a router"),
            { AskedDhcp: true } => ("it took an address by DHCP and does not answer at it", "look whether its DHCP client sets the address it got"),
            _ when others.Length > 0 => ($"it uses {others[0]} and not the address it was given", byDhcp
                ? "let it ask for its address by DHCP, or give the command line it reads it from in address:"
                : $"give the command line it understands in address:, or address: {AddressTemplate.Dhcp} when it can ask"),
            { Count: > 0 } when byDhcp => ("its network card works, and it does not ask for an address by DHCP", "give the command line it reads its address from in address:"),
            { Count: > 0 } => ("its network card works, and it does not use the address it was given", $"give the command line it understands in address:, or address: {AddressTemplate.Dhcp} when it can ask"),
            _ => OfSilence(seen, image),
        };
    }

    private static (string Summary, string Remedy) OfSilence(GuestSeen seen, ImageManifest image) =>
        seen.Log.Count == 0
            ? ("it gave no sign of life, on the network or on the serial line", $"give the platform it is made for instead of {PlatformOf(image)}, for example {OtherPlatform(image)}, more memory:, or a longer --timeout")
            : ("it runs and does not answer on the network", seen.Frames is null
                ? "its log may say why; run the check as root, which sees what it sends"
                : $"its log may say why; it may have no driver for {ImageDocument.WordOf(image.Platform.Nic)}: try {OtherPlatform(image)}, or a longer --timeout when it boots slowly");

    private static string PlatformOf(ImageManifest image) => $"{ImageDocument.WordOf(image.Platform.Machine)} with {ImageDocument.WordOf(image.Platform.Nic)}";

    private static string OtherPlatform(ImageManifest image) => image.Platform.Machine == MachineType.Microvm
        ? "platform: { machine: q35, nic: virtio-pci }"
        : "platform: { machine: microvm, nic: virtio-mmio }";
}
