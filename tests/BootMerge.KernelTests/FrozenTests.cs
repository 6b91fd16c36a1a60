using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>The record that boot keeps of what the machine's files hide, and what diff concludes from it.</summary>
public sealed class FrozenTests : InitramfsTest
{
    private const string Record = "/var/lib/bootmerge/shadowed";
    private const string First = "bootmerge-shadowed 2";

    [Theory]
    [InlineData("bare")]
    [InlineData("confext")]
    [InlineData("symlinked")]
    public void A_file_that_misses_a_change_of_the_vendors_is_frozen_until_it_is_written(string layout)
    {
        Prepare(layout);
        string vendor = (layout is "confext" ? "/usr/lib/confexts/flatcar-defaults/etc" : "/usr/share/flatcar/etc")
            + "/both.conf";
        BootAnew(layout);
        Assert.Equal(["/etc/both.conf"], Recorded());
        Assert.Equal("0600", Files.Mode(Root.Raw + Record));
        Assert.Equal("modified /etc/both.conf (content)", Diff());

        // The file is written after the last boot, and the next boot already has the update.
        File.WriteAllText(Root.Path + "/etc/both.conf", "machine's, edited");
        Assert.Equal("modified /etc/both.conf (content)", Diff());
        Root.Write(vendor, "vendor, the next version");
        Assert.Equal("frozen   /etc/both.conf (content; changed below since)", Diff());
        BootAnew(layout);
        Assert.Equal("frozen   /etc/both.conf (content; changed below since)", Diff());
        Assert.Contains("1 file frozen. Which: bootmerge diff --frozen", AtTerminal(), StringComparison.Ordinal);
        Assert.DoesNotContain("frozen", Root.Bootmerge().Succeeds().Output, StringComparison.Ordinal);
        Assert.Equal("frozen   /etc/both.conf (content; changed below since)\n",
            Root.Bootmerge("--no-legend", "diff", "--frozen").Succeeds().Output);
        Root.Bootmerge("explain", "/etc/both.conf").Succeeds()
            .Prints("file /etc/both.conf (frozen: an update is hidden, see diff --content and reset)\n");

        File.WriteAllText(Root.Path + "/etc/both.conf", "machine's, looked at");
        Assert.Equal("modified /etc/both.conf (content)", Diff());
        Assert.DoesNotContain("frozen", AtTerminal(), StringComparison.Ordinal);
        Assert.Equal("", Root.Bootmerge("diff", "--frozen").Succeeds().Output);
        BootAnew(layout);
        Assert.Equal("modified /etc/both.conf (content)", Diff());

        Root.Write(vendor, "vendor, the third version");
        Assert.Equal("frozen   /etc/both.conf (content; changed below since)", Diff());
        File.Delete(Root.Path + "/etc/both.conf");
        BootAnew(layout);
        Assert.Equal("", Diff().Replace("deleted  /etc/both.conf", "", StringComparison.Ordinal));
        Assert.Empty(Recorded());
    }

    private string AtTerminal() =>
        Outcome.OfTool("script", "-qec", $"{Workplace.Binary} --root={Root.Path}", "/dev/null");

    [Theory]
    [InlineData("rm {0}", "gone below since")]
    [InlineData("rm {0}; mkdir {0}", "type; changed below since")]
    [InlineData("rm {0}; ln -s x {0}", "type; changed below since")]
    public void What_was_made_from_a_file_stays_frozen_when_that_is_no_file_any_more(string change, string words)
    {
        const string Vendor = "/usr/lib/confexts/flatcar-defaults/etc/vendor.conf";
        Prepare("confext");
        BootAnew("confext");
        File.WriteAllText(Root.Path + "/etc/vendor.conf", "machine's");
        RawTree.Do(Root.Raw, change.Replace("{0}", "." + Vendor, StringComparison.Ordinal));
        for (int i = 0; i < 2; i++)
        {
            BootAnew("confext");
            Assert.Contains("frozen   /etc/vendor.conf (" + words + ")", Diff(), StringComparison.Ordinal);
        }

        Root.Remove(Vendor);
        Root.Write(Vendor, "vendor, back in another version");
        BootAnew("confext");
        Assert.Contains("frozen   /etc/vendor.conf (content; changed below since)", Diff(), StringComparison.Ordinal);
        Root.Write(Vendor, "vendor");
        BootAnew("confext");
        Assert.Contains("modified /etc/vendor.conf (content)", Diff(), StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_that_was_made_anew_with_the_same_times_is_read_again()
    {
        Prepare("confext");
        RawTree.Do(Root.Raw, "mkdir -p var/lib/confexts b/etc/extension-release.d; echo ID=_any "
            + ">b/etc/extension-release.d/extension-release.i; echo 1 >b/etc/i.conf; touch -d @17 b/etc/i.conf; "
            + "mksquashfs b var/lib/confexts/i.raw -quiet -all-root -all-time 17 -mkfs-time 17; echo 2 >b/etc/i.conf; "
            + "touch -d @17 b/etc/i.conf; mksquashfs b i2.raw -quiet -all-root -all-time 17 -mkfs-time 17; touch -d @17 "
            + "var/lib/confexts/i.raw i2.raw; rm -r b");
        Root.Expect("/var/lib/confexts", "/i2.raw");
        LibC.Mount("/dev", Initramfs + "/dev", null, LibC.MS_BIND);
        BootAnew("confext");
        File.WriteAllText(Root.Path + "/etc/i.conf", "machine's");
        RawTree.Do(Root.Raw, "mv i2.raw var/lib/confexts/i.raw");

        BootAnew("confext");
        Assert.Contains("frozen   /etc/i.conf (content; changed below since)", Diff(), StringComparison.Ordinal);
        File.WriteAllText(Root.Path + "/etc/i.conf", "machine's, looked at");
        BootAnew("confext");
        Assert.Contains("modified /etc/i.conf (content)", Diff(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_edited_after_a_refresh_was_made_from_what_that_brought()
    {
        const string Vendor = "/usr/lib/confexts/flatcar-defaults/etc/vendor.conf";
        Prepare("confext");
        BootAnew("confext");
        Root.Write(Vendor, "vendor, the next version");
        Outcome.OfTool("chroot", Initramfs, "/bootmerge", "--root=/sysroot", "--mutable=auto", "--always-refresh=yes",
            "refresh");
        File.WriteAllText(Root.Path + "/etc/vendor.conf", "machine's");

        BootAnew("confext");

        Assert.Contains("modified /etc/vendor.conf (content)", Diff(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_writer_through_the_merge_copied_up_is_known_from_the_next_boot_on()
    {
        Prepare("confext");
        BootAnew("confext");
        Files.ChangeMode(Root.Etc + "/vendor.conf", "0600");
        Assert.Equal(["/etc/both.conf"], Recorded());

        BootAnew("confext");
        Assert.Equal(["/etc/both.conf", "/etc/vendor.conf"], Recorded());
        Root.Write("/usr/lib/confexts/flatcar-defaults/etc/vendor.conf", "vendor, the next version");
        Assert.Contains("frozen   /etc/vendor.conf (mode, content; changed below since)", Diff(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void It_has_files_and_symlinks_over_what_has_content_and_nothing_else()
    {
        Prepare("confext");
        RawTree.Do(Root.Raw + "/usr/lib/confexts/flatcar-defaults/etc",
            "for i in file link over-fifo gone; do echo v >$i; done; mkdir d opaque moved; echo v >d/f; echo v "
            + ">opaque/f; echo v >moved/f; mkfifo fifo; echo v >over-directory; ln -s v symlink; echo v >\"$(printf 'a "
            + "b\\n\\377')\"; mkdir directory");
        RawTree.Do(Root.Raw + "/etc",
            "echo m >file; ln -s m link; mkfifo over-fifo; whiteout gone; mkdir d opaque new; echo m >d/f; mark opaque "
            + "opaque=y; echo m >opaque/f; mark new redirect=moved; echo m >new/f; echo m >fifo; mkdir over-directory; "
            + "ln -s m symlink; echo m >\"$(printf 'a b\\n\\377')\"; echo m >directory");
        Root.Expect("/etc");

        BootAnew("confext");

        Assert.Equal(["/etc/a b\\n\\377", "/etc/both.conf", "/etc/d/f", "/etc/file", "/etc/link", "/etc/new/f",
            "/etc/opaque/f", "/etc/over-fifo", "/etc/symlink"], Recorded());
    }

    [Fact]
    public void It_is_not_written_again_when_it_would_say_the_same()
    {
        Prepare("confext");
        BootAnew("confext");
        ulong inode = Files.Status(Root.Raw + Record).st_ino;

        BootAnew("confext");
        Boot().Succeeds();

        Assert.Equal(inode, Files.Status(Root.Raw + Record).st_ino);
        Assert.Equal(["shadowed"], Files.List(Root.Raw + "/var/lib/bootmerge"));
    }

    [Theory]
    [InlineData("bootmerge.mutable=no")]
    [InlineData("bootmerge.mutable=ephemeral")]
    [InlineData("bootmerge=0")]
    public void A_boot_that_does_not_see_the_machines_layer_keeps_what_is_known(string commandLine)
    {
        Prepare("confext");
        BootAnew("confext");
        string[] before = File.ReadAllLines(Root.Raw + Record);
        File.WriteAllText(Initramfs + "/cmdline", commandLine + "\n");

        BootAnew("confext");

        Assert.Equal(before, File.ReadAllLines(Root.Raw + Record));
    }

    [Fact]
    public void Without_a_writable_root_there_is_none_and_no_word_about_it()
    {
        Prepare("confext");
        LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | LibC.MS_BIND | LibC.MS_RDONLY);

        Outcome outcome = Boot().Succeeds();

        Assert.DoesNotContain("record", outcome.Error.Replace("boot: record took", "", StringComparison.Ordinal),
            StringComparison.Ordinal);
        Outcome.OfTool("chroot", Initramfs, "/bootmerge", "--root=/sysroot", "unmerge");
        LibC.Mount("none", Root.Path, null, LibC.MS_REMOUNT | LibC.MS_BIND);
        Assert.False(Root.ExistsRaw(Record));
    }

    [Theory]
    [InlineData("zero byte", true)]
    [InlineData("not UTF-8", true)]
    [InlineData("huge", true)]
    [InlineData("empty", true)]
    [InlineData("truncated", true)]
    [InlineData("fifo", true)]
    [InlineData("directory", false)]
    [InlineData("loop", true)]
    [InlineData("device", true)]
    public void A_record_that_is_none_is_warned_of_and_made_anew(string kind, bool isReplaced)
    {
        Prepare("confext");
        Root.Route("/etc");
        Root.MakeBad(Record, kind, First + "\nm 0123456789abcdef 17 /etc/bo");

        Outcome diff = Root.Bootmerge("diff", "--no-legend").Succeeds().Says("none is known to be frozen");
        Assert.Contains("modified /etc/both.conf (content)\n", diff.Output, StringComparison.Ordinal);
        BootAnew("confext");

        if (isReplaced)
            Assert.Equal(["/etc/both.conf"], Recorded());
        Root.Expect("/var/lib/bootmerge");
    }

    [Theory]
    [InlineData("/var/lib/bootmerge", "file")]
    [InlineData("/var/lib/bootmerge", "dangling")]
    [InlineData("/var/lib/bootmerge", "fifo")]
    public void Where_it_cannot_be_written_the_boot_succeeds_all_the_same(string path, string kind)
    {
        Prepare("confext");
        Root.MakeBad(path, kind, "");

        Boot().Succeeds().Says("The record of shadowed files cannot be written");

        Assert.Equal("machine's", Root.Read("/etc/both.conf"));
    }

    [Fact]
    public void A_symlink_in_its_place_is_replaced_and_not_followed()
    {
        Prepare("confext");
        Root.Write("/var/other", First + "\n");
        Root.Symlink(Record, "../../other");

        BootAnew("confext");

        Assert.Equal(["/etc/both.conf"], Recorded());
        Assert.Equal(First + "\n", Root.ReadRaw("/var/other"));
    }

    [Fact]
    public void More_files_than_it_has_room_for_are_left_out_and_diff_still_tells_them()
    {
        Prepare("confext");
        foreach (string etc in new[] { "/usr/lib/confexts/flatcar-defaults/etc", "/etc" })
        {
            Directory.CreateDirectory(Root.Raw + etc + "/many");
            for (int i = 0; i < 10_050; i++)
                File.WriteAllText($"{Root.Raw}{etc}/many/{i:d5}", etc);
        }

        Root.Expect("/etc");
        BootAnew("confext");

        Assert.Equal(10_000, Recorded().Count);
        Assert.Equal(10_051, Diff().Split('\n').Count(line => line.StartsWith("modified", StringComparison.Ordinal)));
    }

    /// <summary>Boots as after a reboot: nothing is merged, and /run is empty.</summary>
    private void BootAnew(string layout)
    {
        foreach (MountEntry mount in Enumerable.Reverse(MountTable.Under(Initramfs))
            .Where(mount => mount.Point.StartsWith(Initramfs + "/run/", StringComparison.Ordinal)
            || mount.Point.StartsWith(Root.Path + "/", StringComparison.Ordinal)))
            LibC.Unmount(mount.Point, LibC.MNT_DETACH);
        foreach (string name in Files.List(Initramfs + "/run"))
            Directory.Delete($"{Initramfs}/run/{name}", recursive: true);
        foreach (string name in Files.List(Root.Raw).Where(name => name.EndsWith("workdir", StringComparison.Ordinal)))
            Root.Remove("/" + name);
        Boot().Succeeds();
        Root.Forget("/usr/share/flatcar");
        if (layout is "bare")
            Root.ExpectMount("/usr/share/flatcar");
        Root.Expect("/var/lib/bootmerge", "/etc");
    }

    /// <summary>diff of boot's /etc, without what only the machine has.</summary>
    private string Diff() => string.Join('\n',
        Outcome.OfTool("chroot", Initramfs, "/bootmerge", "--root=/sysroot", "diff", "--no-legend").Split('\n')
        .Where(line => line.Length > 0 && !line.StartsWith("added", StringComparison.Ordinal)));

    private List<string> Recorded()
    {
        string[] lines = File.ReadAllLines(Root.Raw + Record);
        Assert.Equal(First, lines[0]);
        return [.. lines.Where(line => line.StartsWith("m ", StringComparison.Ordinal))
            .Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..])];
    }
}
