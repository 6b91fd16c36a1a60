using System.IO;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// The two rows that systemd refuses: /etc is read-only or ephemeral, and the machine's own files, deletions, replaced
/// and renamed directories are still on top of the extensions.
/// </summary>
public sealed class SelfImportTests : KernelTest
{
    [Theory]
    [InlineData("import")]
    [InlineData("ephemeral-import")]
    public void What_the_machine_once_did_in_a_self_routed_etc_counts_against_the_extensions(string mode)
    {
        MakeExtensions();
        Root.Write("/etc/own.conf", "machine's own");
        Root.Route("/etc");
        Root.Bootmerge("merge", "--mutable=yes").Succeeds();
        Root.WriteMerged("/etc/changed.conf", "machine's");
        File.Delete(Root.Etc + "/deleted.conf");
        Directory.Delete(Root.Etc + "/replaced", recursive: true);
        Directory.CreateDirectory(Root.Etc + "/replaced");
        Root.WriteMerged("/etc/replaced/new", "machine's");
        Assert.Equal(0, LibC.Rename(Root.Etc + "/ssh", Root.Etc + "/ssh.bak"));
        Root.Bootmerge("unmerge").Succeeds();
        Root.Expect("/etc/changed.conf", "/etc/deleted.conf", "/etc/replaced", "/etc/ssh", "/etc/ssh.bak");
        Assert.True(Files.IsWhiteout(Root.Raw + "/etc/deleted.conf"));

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        AssertMachineWins();
        AssertWriteIsRefusedOrForgotten(mode);
    }

    [Theory]
    [InlineData("import")]
    [InlineData("ephemeral-import")]
    public void Whiteouts_opaque_directories_and_redirects_of_the_machine_win_over_the_extensions(string mode)
    {
        MakeExtensions();
        Root.Route("/etc");
        Root.Write("/etc/own.conf", "machine's own");
        Root.Write("/etc/changed.conf", "machine's");
        Files.MakeWhiteout(Root.Raw + "/etc/deleted.conf");
        Root.Write("/etc/replaced/new", "machine's");
        Files.SetXattr(Root.Raw + "/etc/replaced", "trusted.overlay.opaque", "y");
        Files.MakeWhiteout(Root.Raw + "/etc/ssh");
        Root.MakeDirectory("/etc/ssh.bak");
        Files.SetXattr(Root.Raw + "/etc/ssh.bak", "trusted.overlay.redirect", "ssh");

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        AssertMachineWins();
        AssertWriteIsRefusedOrForgotten(mode);
    }

    [Theory]
    [InlineData("import")]
    [InlineData("ephemeral-import")]
    public void A_directory_that_the_machine_renamed_follows_an_update_of_the_extension(string mode)
    {
        MakeExtensions();
        Root.Route("/etc");
        Root.Bootmerge("merge", "--mutable=yes").Succeeds();
        Assert.Equal(0, LibC.Rename(Root.Etc + "/ssh", Root.Etc + "/ssh.bak"));
        Root.Bootmerge("unmerge").Succeeds();
        Root.Expect("/etc/ssh", "/etc/ssh.bak");

        Root.Write("/var/lib/confexts/beta/etc/ssh/sshd_config", "beta, updated");
        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        Assert.Equal("beta, updated", Root.Read("/etc/ssh.bak/sshd_config"));
        Assert.False(Root.Exists("/etc/ssh"));
    }

    [Theory]
    [InlineData("import")]
    [InlineData("ephemeral-import")]
    public void With_no_extension_at_all_the_machines_etc_is_shown_as_it_is(string mode)
    {
        Root.Route("/etc");
        Root.Write("/etc/own.conf", "machine's own");

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        Assert.Equal("machine's own", Root.Read("/etc/own.conf"));
        Assert.Single(Root.Stacks);
        AssertWriteIsRefusedOrForgotten(mode);
    }

    [Theory]
    [InlineData("import")]
    [InlineData("ephemeral-import")]
    public void Under_the_name_systemd_confext_a_self_import_is_refused_unless_asked_for(string mode)
    {
        MakeExtensions();
        Root.Route("/etc");
        string asSystemd = Root.Path + "-bin/systemd-confext";
        Directory.CreateDirectory(Path.GetDirectoryName(asSystemd)!);
        File.CreateSymbolicLink(asSystemd, Workplace.Binary);
        Root.Remember();

        Outcome.Of(asSystemd, ["--root=" + Root.Path, "merge", "--mutable=" + mode]).Fails("/etc");
        Assert.Empty(Root.Stacks);

        Outcome.Of(asSystemd, ["--root=" + Root.Path, "merge", "--import-self", "--mutable=" + mode]).Succeeds();
        Assert.Equal("machine\n", Root.Read("/etc/hostname"));
    }

    private void MakeExtensions()
    {
        Root.Extension("alpha", ("hostname", "alpha"), ("own.conf", "alpha"), ("changed.conf", "alpha"),
            ("deleted.conf", "alpha"),
            ("replaced/old", "alpha"), ("ssh/sshd_config", "alpha"), ("ssh/ssh_config", "alpha"));
        Root.Extension("beta", ("hostname", "beta"), ("own.conf", "beta"), ("changed.conf", "beta"),
            ("deleted.conf", "beta"),
            ("replaced/old", "beta"), ("ssh/sshd_config", "beta"), ("only-beta.conf", "beta"));
    }

    private void AssertMachineWins()
    {
        Assert.Equal("machine\n", Root.Read("/etc/hostname"));
        Assert.Equal("machine's own", Root.Read("/etc/own.conf"));
        Assert.Equal("machine's", Root.Read("/etc/changed.conf"));
        Assert.Equal("beta", Root.Read("/etc/only-beta.conf"));
        Assert.False(Root.Exists("/etc/deleted.conf"));
        Assert.Equal(["new"], Files.List(Root.Etc + "/replaced"));
        Assert.False(Root.Exists("/etc/ssh"));
        Assert.Equal("beta", Root.Read("/etc/ssh.bak/sshd_config"));
        Assert.Equal("alpha", Root.Read("/etc/ssh.bak/ssh_config"));
    }

    private void AssertWriteIsRefusedOrForgotten(string mode)
    {
        if (mode is "import")
        {
            Assert.Throws<IOException>(() => Root.WriteMerged("/etc/own.conf", "thrown away"));
        }
        else
        {
            Root.WriteMerged("/etc/own.conf", "thrown away");
            Root.WriteMerged("/etc/new.conf", "thrown away");
            Assert.Equal("thrown away", Root.Read("/etc/own.conf"));
        }

        Assert.Equal("machine's own", Root.ReadRaw("/etc/own.conf"));
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal("machine's own", Root.Read("/etc/own.conf"));
        Assert.False(Root.Exists("/etc/new.conf"));
    }
}
