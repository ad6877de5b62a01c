using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Pleiad.Core.Identity;
using Pleiad.Machines.Hosting;
using Pleiad.Machines.Processes;
using Pleiad.Machines.Tests.Guests;
using Shouldly;
using Xunit;

namespace Pleiad.Machines.Tests.Hosting;

[Trait("Group", "machines")]
public sealed class StartFailureTests
{
    [Fact]
    public async Task A_kvm_that_is_asked_for_and_starts_no_guest_is_told_when_the_host_is_opened()
    {
        // The probe's kernel hangs, so it does not matter what kind of kvm this computer has.
        var error = await Should.ThrowAsync<MachineHostException>(() => TestHost.OpenAsync(options => options.Accelerator = "kvm"));
        error.Fault.ShouldBe(MachineHostFault.NoAccelerator);
        error.Message.ShouldContain("kvm is asked for, but");
    }

    [Fact]
    public async Task A_missing_kernel_is_named_with_the_remedy()
    {
        await using var test = await TestHost.OpenAsync();
        var missing = Path.Combine(test.Scratch, "none.elf");

        (await FailAsync(test, test.Order(GuestImage.Of(missing)))).ShouldBe($"kernel {missing} is missing; build or import the image again");
    }

    [Fact]
    public async Task A_kernel_that_is_no_ELF_file_is_named()
    {
        await using var test = await TestHost.OpenAsync();
        var text = Path.Combine(test.Scratch, "text.elf");
        await File.WriteAllTextAsync(text, "#!/bin/sh\n");

        (await FailAsync(test, test.Order(GuestImage.Of(text)))).ShouldStartWith($"kernel {text} is no ELF file");
    }

    [Fact]
    public async Task What_QEMU_says_of_a_kernel_it_refuses_is_told()
    {
        await using var test = await TestHost.OpenAsync();
        var broken = Path.Combine(test.Scratch, "broken.elf");
        await File.WriteAllBytesAsync(broken, [0x7f, (byte)'E', (byte)'L', (byte)'F', 9, 9, 9, .. new byte[4096]]);

        (await FailAsync(test, test.Order(GuestImage.Of(broken)))).ShouldContain("qemu-system-x86_64");
    }

    [Fact]
    public async Task A_port_that_another_program_took_is_named()
    {
        await using var test = await TestHost.OpenAsync(options => options.Network = NetworkMode.User);
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Loopback, test.Host.Addresses[0].Port));
        other.Listen(1);

        (await FailAsync(test, test.Order(GuestImage.Of(test.Options.ProbeKernel)))).ShouldStartWith($"port {test.Host.Addresses[0]} was taken by another program");
    }

    [Fact]
    public async Task A_full_disk_is_named_and_nothing_is_left()
    {
        // A file system of its own, as small as tmpfs makes one, filled to the last byte.
        await using var test = new TestHost();
        var mount = Path.Combine(test.Scratch, "full");
        Directory.CreateDirectory(mount);
        await Programs.RunAsync(Programs.Find("mount")!, ["-t", "tmpfs", "-o", "size=64k", "tmpfs", mount], "", TestHost.Patience, CancellationToken.None);
        try
        {
            test.Options.Directory = Path.Combine(mount, "machines");
            await test.ReopenAsync();
            FillUp(mount);

            (await FailAsync(test, test.Order(GuestImage.Of(test.Options.ProbeKernel)))).ShouldContain("No space left on device");
            await test.Host.DisposeAsync();
        }
        finally
        {
            await Programs.RunAsync(Programs.Find("umount")!, [mount], "", TestHost.Patience, CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_QEMU_that_is_missing_is_told_when_the_host_opens()
    {
        await using var test = new TestHost();
        var error = await Should.ThrowAsync<MachineHostException>(
            () => MachineHost.OpenAsync(test.Options, "/nowhere/qemu", NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None));

        error.Fault.ShouldBe(MachineHostFault.QemuMissing);
        error.Message.ShouldContain("/nowhere/qemu");
    }

    [Fact]
    public async Task A_QEMU_that_goes_missing_later_fails_the_start_and_names_it()
    {
        await using var test = new TestHost();
        var copy = Path.Combine(test.Scratch, "qemu");
        File.CreateSymbolicLink(copy, Programs.Find("qemu-system-x86_64")!);
        await using var host = await MachineHost.OpenAsync(test.Options, copy, NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);
        File.Delete(copy);
        var order = new MachineOrder(MachineId.New(), "tests", GuestImage.Of(test.Options.ProbeKernel), host.Addresses[0], TestHost.Patience, TestHost.Patience, "a test");
        var failed = await host.Start(order).Ended.WaitAsync(TestHost.Patience);

        failed.Failure.ShouldBe(MachineFailure.StartFailed);
        failed.FailureDetail.ShouldNotBeNull().ShouldStartWith($"{copy} cannot be started");
        test.Files.Present().ShouldBeEmpty();
    }

    [Fact]
    public async Task Bad_options_are_told_all_at_once()
    {
        await using var test = new TestHost();
        test.Options.AddressCount = 0;
        test.Options.StartsMax = 0;
        test.Options.Namespace = "../x";
        test.Options.Accelerator = "xen";
        var error = await Should.ThrowAsync<MachineHostException>(test.ReopenAsync);

        error.Fault.ShouldBe(MachineHostFault.BadOption);
        foreach (var key in new[] { "AddressCount", "StartsMax", "Namespace", "Accelerator" })
        {
            error.Message.ShouldContain(key + ":");
        }
    }

    [Fact]
    public async Task An_address_of_another_host_is_the_callers_error()
    {
        await using var test = await TestHost.OpenAsync();
        var order = test.Order(GuestImage.Of(test.Options.ProbeKernel)) with { Address = new MachineAddress(IPAddress.Parse("192.0.2.1"), 80) };

        Should.Throw<ArgumentException>(() => test.Host.Start(order)).Message.ShouldContain("192.0.2.1:80");
        Should.Throw<ArgumentException>(() => test.Host.Start(test.Order(order.Image, hangTimeout: TimeSpan.Zero))).Message.ShouldContain("above zero");
        test.Host.Machines.ShouldBeEmpty();
    }

    private static async Task<string> FailAsync(TestHost test, MachineOrder order)
    {
        var failed = await test.Host.Start(order).Ended.WaitAsync(TestHost.Patience);
        failed.State.ShouldBe(MachineState.Failed);
        failed.Failure.ShouldBe(MachineFailure.StartFailed);
        test.Processes().ShouldBeEmpty();
        test.Host.Machines.ShouldBeEmpty();
        test.Files.Present().ShouldBeEmpty();
        return failed.FailureDetail.ShouldNotBeNull();
    }

    private static void FillUp(string mount)
    {
        var path = Path.Combine(mount, "filler");
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true)
            {
                file.Write(new byte[4096]);
            }
        }
        catch (IOException)
        {
            return; // Full.
        }
    }
}
