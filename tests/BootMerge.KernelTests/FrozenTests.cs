using System;
using System.IO;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>boot remembers what lies below the machine's files; diff tells which have missed an update since.</summary>
public sealed class FrozenTests : InitramfsTest
{
    private const string Record = "/var/lib/bootmerge/shadowed";

    [Fact]
    public void A_file_whose_default_has_changed_since_the_first_boot_is_frozen_until_somebody_looks_at_it()
    {
        Prepare("confext");
        Root.Expect("/var/lib/bootmerge", "/etc", "/usr/lib/confexts");
        Boot().Succeeds();
        Assert.Equal("modified", ChangeOf("/etc/both.conf"));
        Assert.Contains(" /etc/both.conf\n", Root.ReadRaw(Record), StringComparison.Ordinal);
        Unmerge();

        Root.Write("/usr/lib/confexts/flatcar-defaults/etc/both.conf", "vendor's new");
        Boot().Succeeds();
        Assert.Equal("frozen", ChangeOf("/etc/both.conf"));
        Unmerge();
        Boot().Succeeds();
        Assert.Equal("frozen", ChangeOf("/etc/both.conf"));
        Unmerge();

        // The vendor goes back: nothing is missed any more. And again: the machine's file is edited.
        Root.Write("/usr/lib/confexts/flatcar-defaults/etc/both.conf", "vendor");
        Assert.Equal("modified", ChangeOf("/etc/both.conf"));
        Root.Write("/usr/lib/confexts/flatcar-defaults/etc/both.conf", "vendor's new");
        Assert.Equal("frozen", ChangeOf("/etc/both.conf"));
        Root.Write("/etc/both.conf", "machine's, edited");
        Assert.Equal("modified", ChangeOf("/etc/both.conf"));
        Boot().Succeeds();
        Assert.Equal("modified", ChangeOf("/etc/both.conf"));
        Unmerge();
    }

    [Theory]
    [InlineData("directory")]
    [InlineData("fifo")]
    [InlineData("zero byte")]
    [InlineData("huge")]
    [InlineData("loop")]
    public void A_damaged_record_is_begun_anew_or_left_alone_and_nothing_fails(string kind)
    {
        Prepare("confext");
        Root.Expect("/var/lib/bootmerge");
        Root.MakeBad(Record, kind, "");

        Boot().Succeeds();
        Assert.Equal("modified", ChangeOf("/etc/both.conf"));
        Unmerge();
    }

    [Fact]
    public void A_record_that_says_nothing_new_is_not_written()
    {
        Prepare("confext");
        Root.Expect("/var/lib/bootmerge");
        Boot().Succeeds();
        DateTime written = File.GetLastWriteTimeUtc(Root.Raw + Record);
        ulong inode = Files.Status(Root.Raw + Record).st_ino;
        Unmerge();

        Boot().Succeeds();

        Assert.Equal((written, inode), (File.GetLastWriteTimeUtc(Root.Raw + Record), Files.Status(Root.Raw + Record).st_ino));
        Unmerge();
    }

    private void Unmerge() => Outcome.Of("chroot", [Initramfs, "/bootmerge", "--root=/sysroot", "unmerge"]).Succeeds();

    private string ChangeOf(string path) =>
        Outcome.Of("chroot", [Initramfs, "/bootmerge", "--root=/sysroot", "--no-legend", "diff", path]).Succeeds().Output.Split(' ')[0];
}
