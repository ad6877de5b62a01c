using System.CommandLine;
using Pleiad.Cli.Running;
using Pleiad.Machines.Images;
using Pleiad.Machines.Images.Linux;
using Pleiad.Server.Hosting;

namespace Pleiad.Cli.Images;

/// <summary>The image store of a data directory; a running server of that directory sees every change.</summary>
internal sealed class LocalImages
{
    private readonly Option<string?> _data = Given.Data();

    public void AddTo(Command command) => command.Add(_data);

    public ImageStore Store(ParseResult given, TimeProvider time) => new(DataDirectory.ImagesOf(Data(given)), time);

    public UnikernelBuilder Builder(ParseResult given, TimeProvider time) =>
        new(Store(given, time), new UnikernelBuilderOptions { CacheDirectory = DataDirectory.CacheOf(Data(given)) }, time);

    public LinuxBuilder LinuxBuilder(ParseResult given, TimeProvider time) =>
        new(Store(given, time), new LinuxBuilderOptions { CacheDirectory = DataDirectory.CacheOf(Data(given)) }, time);

    public string Data(ParseResult given) => Path.GetFullPath(given.GetValue(_data) ?? DataDirectory.Default);
}
