using Pleiad.Machines.Forking;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Forking;

public sealed class ForkLibraryTests
{
    [Fact]
    public void Without_a_compiler_it_says_what_is_missing_and_how_to_get_it()
    {
        ForkLibrary.Lacking(_ => null).ShouldBe("gcc is not found, which compiles the fork server; on Debian: apt-get install --no-install-recommends gcc libc6-dev");
        ForkLibrary.Lacking(name => "/usr/bin/" + name).ShouldBeNull();
    }
}
