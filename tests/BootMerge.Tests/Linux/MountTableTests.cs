using System.Text;
using BootMerge.Linux;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Linux;

public sealed class MountTableTests
{
    private const string Text =
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
        + "23 22 0:21 / /proc rw,nosuid - proc proc rw\n"
        + "24 22 0:47 / /etc ro,nodev shared:7 master:1 propagate_from:2 - overlay confext ro,lowerdir+=/a,redirect_dir=on\n"
        + "25 24 0:48 /x /etc/machine-id rw - tmpfs  rw,size=1k\n";

    [Fact]
    public void Mounts_are_read_in_their_order()
    {
        MountTable table = Parse(Text);

        Assert.Equal(["/", "/proc", "/etc", "/etc/machine-id"], table.Mounts.ConvertAll(mount => mount.Path));
        Mount etc = Assert.IsType<Mount>(table.ById(24));
        Assert.Equal(22, etc.ParentId);
        Assert.Equal("0:47", etc.Device);
        Assert.Equal("ro,nodev", etc.Options);
        Assert.Equal("overlay", etc.Type);
        Assert.Equal("ro,lowerdir+=/a,redirect_dir=on", etc.SuperOptions);
        Assert.Null(table.ById(99));
    }

    [Theory]
    [InlineData("/ /mnt rw unbindable - tmpfs none rw", true, false)]
    [InlineData("/ /unbindable rw,unbindable shared:1 - tmpfs unbindable rw", false, false)]
    [InlineData("/a//deleted /mnt rw - tmpfs none rw", false, true)]
    [InlineData("/a/deleted /mnt//deleted rw - tmpfs none rw", false, false)]
    public void What_cannot_be_moved_or_copied_is_told_by_the_table(string line, bool isUnbindable, bool isDeleted)
    {
        Mount mount = Assert.Single(Parse("26 25 0:48 " + line + "\n").Mounts);

        Assert.Equal((isUnbindable, isDeleted), (mount.IsUnbindable, mount.IsDeleted));
    }

    [Fact]
    public void A_mount_without_a_source_keeps_its_fields()
    {
        Mount tmpfs = Assert.IsType<Mount>(Parse(Text).ById(25));

        Assert.Equal("tmpfs", tmpfs.Type);
        Assert.Equal("rw,size=1k", tmpfs.SuperOptions);
    }

    [Fact]
    public void Children_are_those_attached_directly()
    {
        MountTable table = Parse("1 1 0:1 / / rw - rootfs rootfs rw\n" + Text);

        Assert.Equal(["/"], table.ChildrenOf(table.Mounts[0].Id).ConvertAll(mount => mount.Path));
        Assert.Equal(["/proc", "/etc"], table.ChildrenOf(table.Mounts[1].Id).ConvertAll(mount => mount.Path));
        Assert.Empty(table.ChildrenOf(table.Mounts[^1].Id));
    }

    [Theory]
    [InlineData(@"/a\040b", "/a b")]
    [InlineData(@"/a\011\012\134", "/a\t\n\\")]
    [InlineData(@"/\303\251", "/é")]
    [InlineData("/é", "/é")]
    [InlineData(@"/a\", @"/a\")]
    [InlineData(@"/a\04", @"/a\04")]
    [InlineData(@"/a\089", @"/a\089")]
    [InlineData(@"/a\x41", @"/a\x41")]
    [InlineData(@"/a\040\040-", "/a  -")]
    public void Octal_escapes_in_a_path_are_resolved(string written, string path) =>
        Assert.Equal(path, Assert.Single(Parse("22 1 8:1 / " + written + " rw - ext4 /dev/sda1 rw\n").Mounts).Path);

    [Theory]
    [InlineData("22 1 8:1 / /a rw - ext4 /dev/sda1 rw", 1)]
    [InlineData("22 1 8:1 / /a rw - ext4 /dev/sda1", 1)]
    [InlineData("22 1 8:1 / /a rw - ext4", 0)]
    [InlineData("22 1 8:1 / /a rw -", 0)]
    [InlineData("22 1 8:1 / /a rw", 0)]
    [InlineData("22 1 8:1 / /a - ext4 /dev/sda1 rw", 0)]
    [InlineData("x 1 8:1 / /a rw - ext4 /dev/sda1 rw", 0)]
    [InlineData("22 x 8:1 / /a rw - ext4 /dev/sda1 rw", 0)]
    [InlineData("99999999999 1 8:1 / /a rw - ext4 /dev/sda1 rw", 0)]
    [InlineData("", 0)]
    [InlineData("\n\n", 0)]
    [InlineData(" - ", 0)]
    public void A_line_with_missing_fields_is_left_out(string line, int count)
    {
        Assert.Equal(count, Parse(line).Mounts.Count);
        Assert.Equal(count + 4, Parse(line + "\n" + Text).Mounts.Count);
    }

    [Fact]
    public void Garbage_throws_nothing()
    {
        Gen<byte[]> likely = Gen.Char["0123: /-\\aé\n"].Array[0, 60].Select(c => Encoding.UTF8.GetBytes(c));
        Gen.OneOf(likely, Gen.Byte.Array[0, 60]).Sample(bytes => MountTable.Parse(bytes).Mounts.Count <= bytes.Length,
            iter: 10_000);
    }

    private static MountTable Parse(string text) => MountTable.Parse(Encoding.UTF8.GetBytes(text));
}
