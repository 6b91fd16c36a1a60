using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// Both classes in one step, as if systemd's two units ran one after the other. Sysexts, their settings and masks are
/// looked up in the /etc that the confexts make, and an extension may lie in what the other class brings.
/// </summary>
public sealed class SecondClassTests : KernelTest
{
    private const string Defaults = "/usr/lib/confexts/flatcar-defaults/etc";

    [Theory]
    [InlineData("boot", "newest")]
    [InlineData("merge", "newest")]
    [InlineData("merge", "6.7")]
    [InlineData("merge", "6.1")]
    [InlineData("refresh", "newest")]
    public void Sysexts_that_only_the_defaults_etc_has_are_merged_in_the_same_step(string verb, string kernel)
    {
        WriteDefaults();
        Sysext("/srv/linked", "linked");
        Root.Symlink(Defaults + "/extensions/linked", "/srv/linked");
        Sysext("/var/lib/confexts/site/etc/extensions/inside", "inside");
        ImageFile.Sysext(Root, "squashfs", "/usr/share/sysext/packed.raw", "packed", ("usr/bin/packed", "packed"));
        Root.Symlink(Defaults + "/extensions/packed.raw", "../../usr/share/sysext/packed.raw");

        Outcome outcome = Do(verb, kernel);

        Assert.All(new[] { "linked", "inside", "packed" }, name =>
            Assert.True(Root.Exists("/usr/bin/" + name), name + "\n" + outcome.Error));
        Assert.Equal(["linked", "inside", "packed"],
            new[] { "linked", "inside", "packed" }.Select(name => Root.Read("/usr/bin/" + name)));
        Assert.Equal("linked", Root.Read("/opt/linked"));
        ulong[] stacks = Stacks();
        Root.Bootmerge("--class=all", "refresh").Succeeds().Says("no change");
        Root.Bootmerge("--class=sysext", "refresh").Succeeds().Says("no change");
        Root.Bootmerge("refresh").Succeeds().Says("no change");
        if (verb is "boot")
            Root.Bootmerge("--class=all", "boot").Succeeds().Says("Nothing changed");
        Assert.Equal(stacks, Stacks());

        // The next refresh finds what the machine adds through the merge.
        Sysext("/var/lib/more", "more");
        File.CreateSymbolicLink(Root.Path + "/etc/extensions/more", "/var/lib/more");
        Root.Bootmerge("--class=all", "refresh").Succeeds();
        Assert.Equal(("more", "inside"), (Root.Read("/usr/bin/more"), Root.Read("/usr/bin/inside")));

        Root.Bootmerge("--class=all", "unmerge").Succeeds();
        Assert.False(Root.Exists("/usr/bin/inside"));
        Assert.Equal(0, LoopsOver("/packed.raw", 0));
    }

    [Theory]
    [InlineData("nothing", true, "auto")]
    [InlineData("image policy", false, "auto")]
    [InlineData("image policy, masked by the machine", true, "auto")]
    [InlineData("mode", true, "ephemeral")]
    [InlineData("mask", false, "auto")]
    [InlineData("mask of the machine", false, "auto")]
    [InlineData("whiteout of the machine", false, "auto")]
    public void Settings_and_masks_of_the_defaults_count_for_sysexts(string what, bool isMerged, string mode)
    {
        foreach (string verb in new[] { "plan", "merge", "boot" })
        {
            if (verb is "plan")
            {
                WriteDefaults();
                ImageFile.Sysext(Root, "squashfs", "/usr/share/packed.raw", "packed", ("usr/bin/packed", "packed"));
                Sysext("/run/extensions/other", "other");
                Root.Symlink((what is "mask" ? "/var/lib" : Defaults) + "/extensions/packed.raw",
                    "/usr/share/packed.raw");
                Say(what);
            }

            Outcome outcome = Do(verb, "newest");

            if (verb is "plan")
            {
                Assert.Equal(isMerged, outcome.Output.Contains("(packed)\n", StringComparison.Ordinal));
                continue;
            }

            Assert.Equal((isMerged, true), (Root.Exists("/usr/bin/packed"), Root.Exists("/usr/bin/other")));
            string recorded = verb is "boot" && mode is "auto" ? "no" : mode;
            Assert.Contains($"\"mode\":\"{recorded}\"", Root.Read("/usr/.systemd-sysext/origin"),
                StringComparison.Ordinal);
            Root.Bootmerge("--class=all", "unmerge").Succeeds();
        }
    }

    [Theory]
    [InlineData("absent", "absent")]
    [InlineData("inside", null)]
    public void A_requirement_of_the_defaults_is_met_by_a_sysext_of_theirs_or_nothing_is_merged(string required,
        string? missing)
    {
        WriteDefaults();
        Sysext("/var/lib/confexts/site/etc/extensions/inside", "inside");
        Root.Write(Defaults + "/bootmerge.conf", "[BootMerge]\nRequireExtension=" + required + "\n");
        Root.Expect("/run", "/etc", "/var/lib");

        Outcome outcome = Root.Bootmerge("--class=all", "boot");

        if (missing is null)
            outcome.Succeeds();
        else
            outcome.Fails("The required extension 'absent' is not merged");
        Assert.Equal(missing is null, Root.Exists("/usr/bin/inside"));
        Assert.Equal(missing is null ? 1 : 0, Root.Stacks.Count);
        Root.Bootmerge("--class=all", "unmerge").Succeeds();
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("merge")]
    [InlineData("boot")]
    public void The_first_boot_of_a_root_without_etc_finds_them_as_well(string verb)
    {
        WriteDefaults();
        Root.Remove("/etc");
        Root.Symlink("/share", "usr/share");
        Root.Write(Defaults + "/systemd/sysext.conf", "[SysExt]\nImagePolicy=root=signed\n");
        ImageFile.Sysext(Root, "squashfs", "/usr/share/refused.raw", "refused", ("usr/bin/refused", "refused"));
        Root.Symlink(Defaults + "/extensions/refused.raw", "/share/refused.raw");
        Sysext("/srv/linked", "linked");
        Root.Symlink(Defaults + "/extensions/linked", "../../srv/linked");

        Outcome outcome = Do(verb, "newest");

        Assert.Contains("refused", outcome.Output + outcome.Error, StringComparison.Ordinal);
        if (verb is "plan")
        {
            Assert.False(Root.Exists("/etc"));
            Assert.Contains("(linked)\n", outcome.Output, StringComparison.Ordinal);
            return;
        }

        Assert.Equal("linked", Root.Read("/usr/bin/linked"));
        Assert.False(Root.Exists("/usr/bin/refused"));
        Root.Bootmerge("--class=all", "unmerge").Succeeds();
    }

    [Fact]
    public void A_sysext_that_lies_inside_the_hierarchy_it_extends_is_left_out_and_the_others_are_merged()
    {
        WriteDefaults();
        Sysext(Defaults + "/extensions/inside", "inside");
        Sysext("/var/lib/extensions/other", "other");

        foreach (string verb in new[] { "merge", "boot" })
        {
            Do(verb, "newest").Says("Not merging 'inside': its /usr is inside the system's own");
            Assert.Equal(("other", "vendor"), (Root.Read("/usr/bin/other"), Root.Read("/etc/vendor.conf")));
            Root.Bootmerge("--class=all", "unmerge").Succeeds();
        }
    }

    [Fact]
    public void A_sysext_of_which_the_machine_has_changed_a_part_is_merged_as_it_is_seen()
    {
        WriteDefaults();
        Sysext("/var/lib/confexts/site/etc/extensions/inside", "inside");
        Root.Write("/var/lib/confexts/site/etc/extensions/inside/usr/lib/tool/vendor", "vendor");
        Root.Write("/var/lib/confexts/site/etc/extensions/inside/usr/lib/gone", "vendor");
        Root.Write("/etc/extensions/inside/usr/lib/tool/machine", "machine");
        Files.MakeWhiteout(Root.Raw + "/etc/extensions/inside/usr/lib/gone");
        Root.Write("/var/lib/confexts/site/etc/extensions/deleted/usr/lib/extension-release.d/extension-release.deleted",
            "ID=_any\n");
        Root.MakeDirectory("/etc/extensions/deleted/usr/lib/extension-release.d");
        Root.Write("/etc/extensions/deleted/usr/lib/extension-release.d/extension-release.deleted", "ID=_any\n");
        Files.SetXattr(Root.Raw + "/etc/extensions/deleted/usr", "trusted.overlay.opaque", "y");
        Root.Write("/var/lib/confexts/site/etc/extensions/deleted/usr/lib/hidden", "vendor");
        Root.Expect("/etc/extensions");

        Do("boot", "newest");

        Assert.Equal(("vendor", "machine"), (Root.Read("/usr/lib/tool/vendor"), Root.Read("/usr/lib/tool/machine")));
        Assert.False(Root.Exists("/usr/lib/gone"));
        Assert.False(Root.Exists("/usr/lib/hidden"));
        Root.Bootmerge("--class=all", "unmerge").Succeeds();
    }

    [Fact]
    public void What_fails_for_the_sysexts_shows_nothing_of_the_confexts()
    {
        WriteDefaults();
        Sysext(Defaults + "/extensions/inside", "inside");
        Root.MakeDirectory("/var/lib/extensions.mutable/usr");
        Files.ChangeMode(Root.Raw + "/var/lib/extensions.mutable/usr", "0700");
        Root.Remember();
        List<string> before = Root.State();

        Root.Bootmerge("--class=all", "--mutable=auto", "merge").Fails("has mode 0700");

        Assert.Equal(before, Root.State());
    }

    [Theory]
    [InlineData("directory", "newest")]
    [InlineData("image", "newest")]
    [InlineData("directory", "6.1")]
    [InlineData("image", "6.1")]
    public void A_confext_that_lies_in_a_merged_sysext_stays_as_long_as_that_does(string kind, string kernel)
    {
        const string Release = "usr/lib/confexts/inner/etc/extension-release.d/extension-release.inner";
        if (kind is "image")
        {
            ImageFile.Sysext(Root, "squashfs", "/var/lib/extensions/outer.raw", "outer", (Release, "ID=_any\n"),
                ("usr/lib/confexts/inner/etc/inner.conf", "inner"));
        }
        else
        {
            Sysext("/var/lib/extensions/outer", "outer");
            Root.Write("/var/lib/extensions/outer/" + Release, "ID=_any\n");
            Root.Write("/var/lib/extensions/outer/usr/lib/confexts/inner/etc/inner.conf", "inner");
        }

        Root.Bootmerge("--class=sysext", "merge").Succeeds();
        Root.Bootmerge("merge").Succeeds();
        Sysext("/var/lib/extensions/more", "more");

        Run(kernel, "--class=all", "refresh").Succeeds();

        Assert.Equal(("inner", "more"), (Root.Read("/etc/inner.conf"), Root.Read("/usr/bin/more")));
        Root.Bootmerge("--class=all", "refresh").Succeeds().Says("no change");
        Root.Bootmerge("refresh").Succeeds().Says("no change");

        // Moved, not removed, as by an update: what is merged still exists.
        string entry = "/var/lib/extensions/outer" + (kind is "image" ? ".raw" : "");
        Directory.Move(Root.Raw + entry, Root.Raw + "/var/lib/old");
        Root.Expect(entry, "/var/lib/old");
        Outcome outcome = Root.Bootmerge("--class=all", "refresh").Succeeds()
            .Says("Not merging 'inner': it came from another extension");
        Assert.False(Root.Exists("/etc/inner.conf"));
        Assert.DoesNotContain(outcome.ErrorLines, line => line.Contains("Using extensions", StringComparison.Ordinal)
            && line.Contains("inner", StringComparison.Ordinal));
        Root.Bootmerge("--class=all", "unmerge").Succeeds();
    }

    [Fact]
    public void A_repeated_boot_takes_a_confext_that_came_with_a_sysext_and_keeps_it()
    {
        Sysext("/var/lib/extensions/outer", "outer");
        Root.Write("/var/lib/extensions/outer/usr/lib/confexts/inner/etc/extension-release.d/extension-release.inner",
            "ID=_any\n");
        Root.Write("/var/lib/extensions/outer/usr/lib/confexts/inner/etc/inner.conf", "inner");
        WriteDefaults();
        Do("boot", "newest");

        Do("boot", "newest");
        Assert.Equal("inner", Root.Read("/etc/inner.conf"));
        Do("boot", "newest").Says("Nothing changed");
        Sysext("/var/lib/extensions/more", "more");
        Do("boot", "newest");
        Assert.Equal(("inner", "more"), (Root.Read("/etc/inner.conf"), Root.Read("/usr/bin/more")));
        Root.Bootmerge("--class=all", "unmerge").Succeeds();
    }

    [Theory]
    [InlineData("sysext", "sysext")]
    [InlineData("sysext", "all")]
    [InlineData("confext", "confext")]
    [InlineData("confext", "all")]
    public void Refreshing_an_image_below_a_merged_hierarchy_keeps_no_loop_device(string kind, string refreshed)
    {
        string file = kind is "sysext" ? "/usr/share/below-merge.raw" : "/etc/below-merge.raw";
        if (kind is "sysext")
            ImageFile.Sysext(Root, "squashfs", file, "image", ("usr/bin/image", "image"));
        else
            ImageFile.Confext(Root, "squashfs", file, "image", ("image", "image"));
        Root.Symlink(kind is "sysext" ? "/var/lib/extensions/image.raw" : "/var/lib/confexts/image.raw", file);
        Root.Bootmerge("--class=" + refreshed, "merge").Succeeds();

        for (int i = 0; i < 4; i++)
            Root.Bootmerge("--class=" + refreshed, "refresh", "--always-refresh=yes").Succeeds();

        Assert.True(Root.Exists(kind is "sysext" ? "/usr/bin/image" : "/etc/image"));
        Assert.Equal(1, LoopsOver("/below-merge.raw", 1));
        Root.Bootmerge("--class=" + refreshed, "unmerge").Succeeds();
        Assert.Equal(0, LoopsOver("/below-merge.raw", 0));
    }

    private void WriteDefaults()
    {
        Root.Write(Defaults + "/extension-release.d/extension-release.flatcar-defaults", "ID=_any\n");
        Root.Write(Defaults + "/vendor.conf", "vendor");
        Root.Extension("site", ("site.conf", "site"));
        Root.Write("/usr/lib/bootmerge.conf", "[BootMerge]\nRouteEtc=yes\nNoExec=no\n");
        Root.MakeDirectory("/opt");
        Root.Route("/etc");
        Root.Expect("/etc/extensions", "/run", "/var/lib");
    }

    private void Sysext(string tree, string name)
    {
        Root.Write($"{tree}/usr/lib/extension-release.d/extension-release.{name}", "ID=_any\n");
        Root.Write($"{tree}/usr/bin/{name}", name);
        if (name is "linked")
            Root.Write($"{tree}/opt/{name}", name);
    }

    private void Say(string what)
    {
        switch (what)
        {
            case "image policy":
                Root.Write(Defaults + "/systemd/sysext.conf",
                "[SysExt]\nImagePolicy=root=signed\n"); break;
            case "image policy, masked by the machine":
                Root.Write(Defaults + "/systemd/sysext.conf", "[SysExt]\nImagePolicy=root=signed\n");
                Root.Symlink("/etc/systemd/sysext.conf", "/dev/null");
                break;
            case "mode":
                Root.Write(Defaults + "/systemd/sysext.conf.d/10-mode.conf",
                "[SysExt]\nMutable=ephemeral\n"); break;
            case "mask": Root.MakeDirectory(Defaults + "/extensions/packed"); break;
            case "mask of the machine": Root.MakeDirectory("/etc/extensions/packed"); break;
            case "whiteout of the machine":
                Root.MakeDirectory("/etc/extensions");
                Files.MakeWhiteout(Root.Raw + "/etc/extensions/packed.raw");
                break;
            default: break;
        }
    }

    private Outcome Do(string verb, string kernel)
    {
        string[] arguments = verb is "boot" ? ["--class=all", "boot"] : verb is "refresh"
            ? ["--class=all", "--mutable=auto", "refresh"] : ["--class=all", verb];
        if (verb is "merge" or "plan")
            Root.Write("/usr/lib/systemd/confext.conf", "[ConfExt]\nMutable=auto\n");
        if (verb is "merge" or "plan" && !Root.ExistsRaw(Defaults + "/systemd/sysext.conf.d"))
            Root.Write("/usr/lib/systemd/sysext.conf.d/50-auto.conf", "[SysExt]\nMutable=auto\n");
        return Run(kernel, arguments).Succeeds();
    }

    private Outcome Run(string kernel, params string[] arguments)
    {
        if (kernel is "newest")
            return Root.Bootmerge(arguments);
        // The program's question to overlayfs comes after the calls that mount images and the tmpfs for the first
        // overlay.
        List<string> calls = Traced.Calls("fsconfig", Root, "--class=all", "plan");
        int before = calls.FindIndex(call => call.Contains("bootmerge-probe", StringComparison.Ordinal));
        int question = (before < 0 ? calls.Count : before) + 1;
        (Outcome outcome, List<string> made) = Traced.Inject(kernel is "6.7"
            ? $"fsconfig:error=EINVAL:when={question + 1}" : $"fsconfig:retval=0:when={question}", Root, arguments);
        string way = kernel is "6.7" ? "FSCONFIG_SET_STRING, \"lowerdir+\"" : "\"overlay\", ";
        Assert.Contains(made, call => call.Contains(way, StringComparison.Ordinal)
            && call.EndsWith("= 0", StringComparison.Ordinal));
        Assert.DoesNotContain(made, call => call.Contains("FSCONFIG_SET_FD", StringComparison.Ordinal)
            && call.EndsWith("= 0", StringComparison.Ordinal));
        return outcome;
    }

    private ulong[] Stacks() =>
        [.. new[] { "/etc", "/usr", "/opt" }.Select(hierarchy => LibC.UniqueMountId(Root.Path + hierarchy))];

    /// <summary>
    /// Counts loop devices by the file's name: a file opened below a merge has another path. Waits a moment for the
    /// expected number.
    /// </summary>
    private static int LoopsOver(string name, int expected)
    {
        for (int attempt = 0; ; attempt++)
        {
            int found = Directory.GetDirectories("/sys/block", "loop*").Select(device => device + "/loop/backing_file")
                .Count(file => File.Exists(file) && File.ReadAllText(file).TrimEnd('\n')
                .EndsWith(name, StringComparison.Ordinal));
            if (found == expected || attempt == 100)
                return found;
            Thread.Sleep(20);
        }
    }
}
