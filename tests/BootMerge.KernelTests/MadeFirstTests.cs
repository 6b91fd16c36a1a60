using System;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// overlayfs makes every directory opaque that is created in a merge. If nothing was below it, boot removes the mark,
/// so that what the vendor ships there later shows. If something was below it, the machine deleted that, and it stays
/// deleted.
/// </summary>
public sealed class MadeFirstTests : InitramfsTest
{
    private const string Vendor = "/usr/lib/confexts/flatcar-defaults/etc";
    private const string Record = "/var/lib/bootmerge/shadowed";

    /// <summary>
    /// Shell commands: before the first boot, in the merge, and on the layers while nothing is merged (the upper layer
    /// is u, the vendor's v). Then what the next boot shows in /etc/app: 10 is the vendor's, 50 the machine's.
    /// </summary>
    [Theory]
    [InlineData("", "mkdir app; echo m >app/50", "mkdir v/app; echo v >v/app/10", "10 50")]
    [InlineData("", "mkdir -p app/d; echo m >app/50; echo m >app/d/50",
        "mkdir -p v/app/d; echo v >v/app/d/10; echo v >v/app/10", "10 50 d d/10 d/50")]
    [InlineData("", "mkdir -p app/d/e; echo m >app/d/e/50", "mkdir -p v/app/d/e; echo v >v/app/d/e/10",
        "d d/e d/e/10 d/e/50")]
    [InlineData("mkdir v/app; echo v >v/app/1", "mkdir app/d; echo m >app/d/50", "mkdir v/app/d; echo v >v/app/d/10",
        "1 d d/10 d/50")]
    [InlineData("", "mkdir x; echo m >x/50; mv x app", "mkdir v/app; echo v >v/app/10", "10 50")]
    [InlineData("", "mkdir app; echo m >app/50; rm -r app; mkdir app", "mkdir v/app; echo v >v/app/10", "10")]
    [InlineData("", "mkdir app; echo m >app/50", "mkdir v/app; mkfifo v/app/10; chmod 0700 v/app", "10 50")]
    // Something was there, and was deleted.
    [InlineData("mkdir v/app; echo v >v/app/10", "rm -r app; mkdir app; echo m >app/50", "echo v >v/app/11", "50")]
    [InlineData("mkdir v/app; echo v >v/app/10", "rm -r app; mkdir app; echo m >app/50",
        "rm -r v/app; boot; mkdir v/app; echo v >v/app/10", "50")]
    [InlineData("mkdir v/app; echo v >v/app/10", "rm -r app; mkdir x; echo m >x/50; mv x app", "echo v >v/app/11",
        "50")]
    [InlineData("echo v >v/app", "rm app; mkdir app; echo m >app/50", "rm v/app; mkdir v/app; echo v >v/app/10", "50")]
    [InlineData("mkdir -p v/app/d; echo v >v/app/d/10", "rm -r app/d; mkdir app/d; echo m >app/50",
        "echo v >v/app/d/11", "50 d")]
    [InlineData("mkdir v/app; echo v >v/app/10", "mkdir y; mv app y/app; mkdir app; echo m >app/50", "echo v >v/app/11",
        "50")]
    // Edited while nothing was merged.
    [InlineData("mkdir v/app; echo v >v/app/10", "rm -r app; mkdir app; echo m >app/50",
        "cp -a u/app u/y; rm -r u/app; mv u/y u/app", "50")]
    [InlineData("mkdir v/app; echo v >v/app/10", "rm -r app; mkdir app; echo m >app/50",
        "rm -r v/app; boot; cp -a u/app u/y; rm -r u/app; mv u/y u/app; boot; mkdir v/app; echo v >v/app/10", "50")]
    [InlineData("mkdir v/app; echo v >v/app/10", "rm app/10", "touch u/app/50", "50")]
    [InlineData("", "mkdir app", "mkdir v/app; echo v >v/app/10; whiteout u/app/10; touch u/app/50", "50")]
    // The vendor's directory comes while the machine runs.
    [InlineData("", "mkdir -p V/app; echo v >V/app/10; refresh; rm -r app; mkdir app; echo m >app/50",
        "echo v >v/app/11", "50")]
    [InlineData("", "mkdir -p V/app; echo v >V/app/10; boot; rm -r app; mkdir app; echo m >app/50", "echo v >v/app/11",
        "50")]
    [InlineData("", "mkdir app; echo m >app/50; mkdir -p V/app; echo v >V/app/10; refresh", "", "10 50")]
    [InlineData("", "mkdir app; echo m >app/50; mkdir -p V/app; echo v >V/app/10; refresh; refresh", "echo v >v/app/11",
        "10 11 50")]
    [InlineData("mkdir v/app; echo v >v/app/10", "rm -r app; rm -r V/app; refresh; mkdir app; echo m >app/50",
        "mkdir v/app; echo v >v/app/10", "50")]
    [InlineData("", "mkdir -p V/app; echo v >V/app/10; refresh; rm -r app; mkdir app; echo m >app/50; rm -r "
        + "V/app; refresh", "mkdir v/app; echo v >v/app/10", "50")]
    // Without a usable record, nothing is known.
    [InlineData("", "mkdir app; echo m >app/50", "rm RECORD; mkdir v/app; echo v >v/app/10", "50")]
    [InlineData("", "mkdir app; echo m >app/50", "echo >RECORD; mkdir v/app; echo v >v/app/10; boot", "50")]
    [InlineData("", "mkdir app; echo m >app/50",
        "sed -i 's/shadowed 2/shadowed 3/' RECORD; mkdir v/app; echo v >v/app/10", "50")]
    [InlineData("", "mkdir app; echo m >app/50", "rm RECORD; boot; boot; mkdir v/app; echo v >v/app/10", "10 50")]
    public void What_the_vendor_ships_later_shows_where_nothing_was_deleted(string before, string merged,
        string unmerged, string seen)
    {
        Prepare("confext");
        Raw(before);
        Root.Expect("/etc", Vendor);
        BootAnew();

        foreach (string command in merged.Split("; ", StringSplitOptions.RemoveEmptyEntries))
            if (command is "refresh")
                Outcome.OfTool("chroot", Initramfs, "/bootmerge", "--root=/sysroot", "--mutable=auto",
                    "--always-refresh=yes", "refresh");
            else if (command is "boot")
                Outcome.OfTool("chroot", Initramfs, "/bootmerge", "--root=/sysroot", "boot");
            else
                RawTree.Do(Root.Path + "/etc",
                    command.Replace("V/", Root.Raw + Vendor + "/", StringComparison.Ordinal));
        Unmerge();
        string[] steps = unmerged.Split("boot");
        for (int i = 0; i < steps.Length; i++)
        {
            if (i > 0)
                BootAnew();
            Unmerge();
            Raw(steps[i].Trim(' ', ';'));
        }

        BootAnew();
        Assert.Equal(seen, Seen());
        BootAnew();
        Assert.Equal(seen, Seen());
    }

    [Fact]
    public void Diff_and_explain_tell_what_was_made_first_from_what_was_deleted()
    {
        Prepare("confext");
        Raw("mkdir v/deleted; echo v >v/deleted/10");
        Root.Expect("/etc", Vendor);
        BootAnew();
        RawTree.Do(Root.Path + "/etc", "mkdir app; echo m >app/50; rm -r deleted; mkdir deleted; echo m >deleted/50");
        Unmerge();
        Raw("mkdir v/app; echo v >v/app/10");

        string diff = Chroot("diff", "--no-legend", "/etc/app", "/etc/deleted", "/etc/app/50", "/etc/app/10",
            "/etc/deleted/10", "/etc/deleted/50");
        Assert.Equal(
            "hiding   /etc/app (made before the layers below had it; theirs shows after the next boot)\nadded    "
                + "/etc/app/50\nreplaced /etc/deleted\ndeleted  /etc/deleted/10\nadded    /etc/deleted/50\n",
            diff);
        Assert.Equal(
            "/etc/app/10\n  covers   upper: directory /etc/app (opaque, made before the layers below had it)\n"
                + $"  hidden   flatcar-defaults: file {Vendor}/app/10\n",
            Chroot("explain", "/etc/app/10"));
        Assert.Equal(
            "/etc/deleted/10\n  covers   upper: directory /etc/deleted (opaque)\n"
                + $"  hidden   flatcar-defaults: file {Vendor}/deleted/10\n",
            Chroot("explain", "/etc/deleted/10"));

        Boot().Succeeds().Says("What the layers below have in /etc/app shows now");
        Assert.Equal(["/etc/app"], Report().GetProperty("removedOpaqueMarks").EnumerateArray()
            .Select(path => path.GetString()));
        Assert.DoesNotContain("hiding", Chroot("diff"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bootmerge.prune=0", "", true)]
    [InlineData("quiet", ".no-dup-update", false)]
    [InlineData("bootmerge.mutable=no", "", false)]
    [InlineData("bootmerge.mutable=import", "", false)]
    public void It_is_done_also_without_pruning_but_not_where_the_layer_is_to_be_left_as_it_is(string commandLine,
        string file, bool isDone)
    {
        Prepare("confext", commandLine: commandLine);
        Root.Expect("/etc", Vendor);
        File.WriteAllText(Initramfs + "/cmdline", "quiet\n");
        BootAnew();
        RawTree.Do(Root.Path + "/etc", "mkdir app");
        Unmerge();
        Raw("mkdir v/app; echo v >v/app/10");
        if (file.Length > 0)
            Root.Write("/etc/" + file, "");
        File.WriteAllText(Initramfs + "/cmdline", commandLine + "\n");

        BootAnew();
        Assert.Equal(!isDone,
            Outcome.Of("getfattr", ["-n", "trusted.overlay.opaque", Root.Raw + "/etc/app"]).Status == 0);

        // The next boot does what this one left.
        Unmerge();
        Root.Remove("/etc/.no-dup-update");
        File.WriteAllText(Initramfs + "/cmdline", "quiet\n");
        BootAnew();
        Assert.Equal("10", Seen());
    }

    [Fact]
    public void A_record_that_cannot_be_brought_up_to_date_is_removed()
    {
        Prepare("confext");
        Root.Expect("/etc", Vendor);
        BootAnew();
        Unmerge();
        Raw("mkdir v/app; echo v >v/app/10");
        // The new record would first be written to this name.
        Root.MakeDirectory("/var/lib/bootmerge/.shadowed.new");

        Boot().Succeeds().Says("The record of shadowed files cannot be written");
        Assert.False(Root.ExistsRaw(Record));
        RawTree.Do(Root.Path + "/etc", "rm -r app; mkdir app; touch app/50");
        Root.Remove("/var/lib/bootmerge/.shadowed.new");
        BootAnew();
        Assert.Equal("50", Seen());
    }

    private void Raw(string commands) =>
        RawTree.Do(Root.Raw, $"ln -s .{Vendor} v; ln -s etc u; "
            + $"{commands.Replace("RECORD", "." + Record, StringComparison.Ordinal)}"
            + $"{(commands.Length == 0 ? "" : ";")} rm v u");

    private string Seen()
    {
        string app = Root.Path + "/etc/app";
        return string.Join(' ', Directory.EnumerateFileSystemEntries(app, "*", SearchOption.AllDirectories)
            .Select(path => path[(app.Length + 1)..]).Order(StringComparer.Ordinal));
    }

    private string Chroot(params string[] arguments) =>
        Outcome.OfTool("chroot", [Initramfs, "/bootmerge", "--root=/sysroot", .. arguments]);

    private void Unmerge() => Outcome.OfTool("chroot", Initramfs, "/bootmerge", "--root=/sysroot", "unmerge");

    /// <summary>As after a reboot: nothing is merged.</summary>
    private void BootAnew()
    {
        Unmerge();
        Boot().Succeeds();
    }
}
