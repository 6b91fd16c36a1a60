using System;
using System.Collections.Generic;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// The options that the program gives overlayfs. mountinfo leaves out those that are the kernel's default.
/// </summary>
public sealed class OptionTests : KernelTest
{
    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    [InlineData("import")]
    [InlineData("ephemeral")]
    public void Redirect_dir_on_metacopy_off_and_index_off_are_always_passed(string mode)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");

        List<string> calls = Traced.Calls("fsconfig,mount", Root, "merge", "--mutable=" + mode);

        foreach (string[] option in new[] { ["redirect_dir", "on"], ["metacopy", "off"], new[] { "index", "off" } })
            Assert.Contains(calls, call => call.Contains($"FSCONFIG_SET_STRING, \"{option[0]}\", \"{option[1]}\"",
                StringComparison.Ordinal) && call.EndsWith("= 0", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(null, null, false)]
    [InlineData("--noexec=yes", null, false)]
    [InlineData("--noexec=no", null, true)]
    [InlineData("--noexec=false", null, true)]
    [InlineData(null, "NoExec=no", true)]
    [InlineData(null, "NoExec=yes", false)]
    [InlineData("--noexec=yes", "NoExec=no", false)]
    public void Scripts_run_only_where_that_is_asked_for(string? option, string? configuration, bool runs)
    {
        Root.Extension("alpha");
        Root.Write("/var/lib/confexts/alpha/etc/script", "#!/bin/sh\necho ran\n", "0755");
        if (configuration is not null)
            Root.Write("/etc/bootmerge.conf.d/noexec.conf", $"[BootMerge]\n{configuration}\n");

        Root.Bootmerge(option is null ? ["merge"] : ["merge", option]).Succeeds();

        Assert.Equal(!runs, Root.Stacks.Single().Options.Contains("noexec"));
        Outcome outcome = Outcome.Of("sh", ["-c", $"exec {Root.Etc}/script"]);
        Assert.Equal(runs ? (0, "ran\n") : (126, ""), (outcome.Status, outcome.Output));
    }

    [Theory]
    [InlineData("SYSTEMD_CONFEXT_OVERLAYFS_MOUNT_OPTIONS", "index=off", "redirect_dir")]
    [InlineData("SYSTEMD_CONFEXT_OVERLAYFS_MOUNT_OPTIONS", "redirect_dir=on,index=off", "metacopy")]
    [InlineData("SYSTEMD_CONFEXT_OVERLAYFS_MOUNT_OPTIONS", "redirect_dir=on,metacopy=off", null)]
    [InlineData("OverlayOptions", "index=off", "redirect_dir")]
    [InlineData("OverlayOptions", "redirect_dir=on,metacopy=off", null)]
    public void Options_of_environment_or_configuration_replace_the_defaults_with_a_warning(string source,
        string options, string? missing)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        (string Name, string Value)[] environment = [];
        if (source is "OverlayOptions")
            Root.Write("/etc/bootmerge.conf", $"[BootMerge]\nOverlayOptions={options}\n");
        else
            environment = [(source, options)];

        Outcome outcome = Root.Bootmerge(environment, "merge", "--mutable=auto").Succeeds();

        Assert.Equal(options.Contains("redirect_dir=on", StringComparison.Ordinal),
            Root.Stacks.Single().SuperOptions.Contains("redirect_dir=on"));
        string[] warnings = [.. outcome.ErrorLines.Where(line => line.Contains("and lack", StringComparison.Ordinal))];
        Assert.Equal(missing is null ? 0 : 1, warnings.Length);
        Assert.All(warnings, line => Assert.Contains(missing!, line, StringComparison.Ordinal));
        Assert.All(warnings, line => Assert.Contains(source, source is "OverlayOptions"
            ? line.Replace("bootmerge.conf", "OverlayOptions", StringComparison.Ordinal) : line,
            StringComparison.Ordinal));
    }

    [Fact]
    public void An_option_that_overlayfs_does_not_know_is_an_error_in_its_own_words()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.Remember();
        List<string> before = Root.State();

        Root.Bootmerge([("SYSTEMD_CONFEXT_OVERLAYFS_MOUNT_OPTIONS", "redirect_dir=on,metacopy=off,nonsense=1")],
            "merge", "--mutable=auto")
            .Fails("nonsense", "/etc");

        Assert.Equal(before, Root.State());
    }

    [Theory]
    [InlineData("no")]
    [InlineData("import")]
    public void Given_options_count_in_read_only_modes_too(string mode)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Write("/etc/bootmerge.conf", "[BootMerge]\nOverlayOptions=nonsense=1\n");
        Root.Bootmerge("merge", "--mutable=" + mode).Fails("nonsense", "/etc");
        Assert.Empty(Root.Stacks);

        Root.Write("/etc/bootmerge.conf", "[BootMerge]\nOverlayOptions=nodiratime,exec,redirect_dir=nofollow\n");
        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        Assert.Equal(["ro", "nosuid", "nodev", "nodiratime", "relatime"], Root.Stacks.Single().Options);
        Assert.Contains("redirect_dir=nofollow", Root.Stacks.Single().SuperOptions);
    }

    [Theory]
    [InlineData("6.18", "relatime", "rw,nosuid,nodev,noexec,relatime", "rw")]
    [InlineData("6.18", "noatime,sync", "rw,nosuid,nodev,noexec,noatime", "rw,sync")]
    [InlineData("6.18", "strictatime,nodiratime,dirsync", "rw,nosuid,nodev,noexec,nodiratime", "rw,dirsync")]
    [InlineData("6.18", "exec,ro,lazytime", "ro,nosuid,nodev,relatime", "ro,lazytime")]
    [InlineData("6.1", "noatime,sync", "rw,nosuid,nodev,noexec,noatime", "rw,sync")]
    [InlineData("6.1", "strictatime,nodiratime,dirsync", "rw,nosuid,nodev,noexec,nodiratime", "rw,dirsync")]
    [InlineData("6.1", "exec,ro,lazytime", "ro,nosuid,nodev,relatime", "ro,lazytime")]
    public void Flags_of_every_mount_are_sorted_out_of_the_options_as_mount_does(string kernel, string options,
        string mount, string superblock)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.Write("/etc/bootmerge.conf", "[BootMerge]\nOverlayOptions=redirect_dir=on,metacopy=off," + options + "\n");

        foreach (string verb in new string[] { "merge", "refresh" })
        {
            string[] words = ["--mutable=auto", "--always-refresh=yes", verb];
            (kernel is "6.1" ? Traced.Inject("fsconfig:retval=0:when=1", Root, words).Outcome : Root.Bootmerge(words))
                .Succeeds();

            Assert.Equal(mount.Split(','), Root.Stacks.Single().Options);
            Assert.Equal(superblock.Split(','),
                Root.Stacks.Single().SuperOptions.Where(option => superblock.Split(',').Contains(option)
                || option is "ro" or "rw" or "sync" or "dirsync" or "lazytime"));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("no")]
    [InlineData("import")]
    public void The_mode_comes_from_the_configuration_of_the_root_unless_typed(string typed)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.Write("/usr/lib/systemd/confext.conf", "[ConfExt]\nMutable=auto\n");

        Root.Bootmerge(typed.Length == 0 ? ["merge"] : ["merge", "--mutable=" + typed]).Succeeds();

        Assert.Equal(typed.Length == 0, Root.Stacks.Single().Options.Contains("rw"));
    }

    [Fact]
    public void Hierarchies_from_the_environment_are_merged_in_place_of_etc()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Write("/var/lib/confexts/alpha/opt/one/file", "alpha");
        Root.Write("/opt/one/own", "machine");

        Root.Bootmerge([("SYSTEMD_CONFEXT_HIERARCHIES", "/opt/one")], "merge").Succeeds();

        Assert.Equal(("alpha", "machine"), (Root.Read("/opt/one/file"), Root.Read("/opt/one/own")));
        Assert.Empty(Root.Stacks);
        Root.Bootmerge([("SYSTEMD_CONFEXT_HIERARCHIES", "/opt/one")], "unmerge").Succeeds();
        Assert.False(Root.Exists("/opt/one/file"));
    }

    [Fact]
    public void Of_two_hierarchies_both_are_merged_or_none()
    {
        (string, string)[] environment = [("SYSTEMD_CONFEXT_HIERARCHIES", "/etc:/opt/one")];
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Write("/var/lib/confexts/alpha/opt/one/file", "alpha");
        Root.Write("/opt/one/own", "machine");
        Root.MakeDirectory("/var/lib/extensions.mutable/etc");
        Root.Symlink("/var/lib/extensions.mutable/opt.one", "/srv/one");
        Root.MakeDirectory("/srv/one");
        Files.ChangeMode(Root.Raw + "/srv/one", "0700");
        Root.Remember();
        List<string> before = Root.State();

        Root.Bootmerge(environment, "merge", "--mutable=auto").Fails("0700", "0755");
        Assert.Equal(before, Root.State());

        Files.ChangeMode(Root.Raw + "/srv/one", "0755");
        Root.Bootmerge(environment, "merge", "--mutable=auto").Succeeds();
        Assert.Equal(("alpha", "alpha"), (Root.Read("/etc/alpha.conf"), Root.Read("/opt/one/file")));
        Root.Bootmerge(environment, "unmerge").Succeeds();
        Assert.Equal((false, false), (Root.Exists("/etc/alpha.conf"), Root.Exists("/opt/one/file")));
    }
}
