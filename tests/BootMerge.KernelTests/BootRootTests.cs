using System.IO;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>The boot stage on roots that lack something: /etc, /var/lib, or a /var that is mounted later.</summary>
public sealed class BootRootTests : InitramfsTest
{
    [Theory]
    [InlineData("/etc")]
    [InlineData("/var/lib")]
    public void A_directory_that_is_missing_is_made_and_writes_go_to_the_machines_etc(string missing)
    {
        Prepare("confext");
        Root.Remove(missing);

        Outcome.Of("sh", ["-c", "umask 077; exec chroot \"$0\" /bootmerge --root=/sysroot boot", Initramfs]).Succeeds()
            .Says("writes go to /etc");

        Assert.Equal("0755", Files.Mode(Root.Raw + missing));
        Assert.Equal("0755", Files.Mode(Root.Path + "/etc"));
        Assert.Equal("vendor", Root.Read("/etc/vendor.conf"));
        Root.WriteMerged("/etc/written", "by the machine");
        Assert.Equal("by the machine", Root.ReadRaw("/etc/written"));
        Root.Expect("/etc/written");
        Boot().Succeeds().Says("Nothing changed");
    }

    [Fact]
    public void A_missing_etc_that_cannot_be_made_fails_and_says_why()
    {
        Prepare("confext");
        Root.Route("/etc");
        Root.Remove("/etc");
        LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | LibC.MS_RDONLY);

        Outcome outcome = Boot();

        Assert.Equal(1, outcome.Status);
        outcome.Says("/etc", "Read-only file system");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_var_of_its_own_that_is_not_mounted_is_warned_of(bool isMounted)
    {
        Prepare("confext");
        Root.Write("/etc/fstab", "LABEL=ROOT / ext4 defaults 0 1\nLABEL=VAR /var ext4 defaults 0 2\n");
        if (isMounted)
        {
            Root.Mount("none", "/var", "tmpfs");
            Directory.CreateDirectory(Root.Path + "/var/lib");
        }

        Outcome outcome = Boot().Succeeds();

        Assert.Equal(!isMounted, outcome.Error.Contains("systemd.mount-extra=", System.StringComparison.Ordinal));
        if (!isMounted)
            outcome.Says("/sysroot/etc/fstab", "/var,", "not mounted");
    }
}
