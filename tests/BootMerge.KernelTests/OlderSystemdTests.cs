using System;
using System.IO;

using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>A systemd whose refresh never skips is told, for this boot, to leave what boot merged.</summary>
public sealed class OlderSystemdTests : InitramfsTest
{
    private const string Older = "\u007fELF refresh\0--mutable=yes|no\0--noexec=BOOL\0";

    private string DropIn => Initramfs + "/run/systemd/system/systemd-confext.service.d/50-bootmerge.conf";

    [Theory]
    [InlineData("older", "auto", true, "systemd-confext refresh --mutable=auto --noexec=no")]
    [InlineData("older", "import", true, null)]
    [InlineData("older, noexec", "no", true, null)]
    [InlineData("older, noexec", "auto", true, "systemd-confext refresh --mutable=auto")]
    [InlineData("oldest", "auto", true, null)]
    [InlineData("skips", "auto", false, null)]
    [InlineData("bootmerge", "auto", false, null)]
    [InlineData("directory", "auto", false, null)]
    [InlineData("none", "auto", false, null)]
    public void Its_service_starts_only_where_nothing_is_merged_and_in_the_mode_of_boot(string program, string mode,
        bool isPublished, string? command)
    {
        Prepare("flatcar", commandLine: "bootmerge.mutable=" + mode);
        Root.Expect("/usr", "/etc");
        Install(program);
        if (program.EndsWith("noexec", StringComparison.Ordinal))
            Root.Write("/etc/bootmerge.conf", "[BootMerge]\nNoExec=yes\n");

        Boot().Succeeds();

        Assert.Equal(isPublished, File.Exists(DropIn));
        if (!isPublished)
            return;
        string[] lines = File.ReadAllText(DropIn).TrimEnd('\n').Split('\n');
        Assert.StartsWith("# Written by bootmerge boot", lines[0], StringComparison.Ordinal);
        string[] expected = ["[Unit]", "ConditionPathExists=!/etc/.systemd-confext/dev"];
        if (command is not null)
            expected = [.. expected, "[Service]", "ExecStart=", "ExecStart=" + command, "ExecReload=",
                "ExecReload=" + command];
        Assert.Equal(expected, lines[1..]);

        // After an update of systemd, the next run removes the drop-in.
        Install("skips");
        Boot().Succeeds();
        Assert.False(File.Exists(DropIn));
    }

    private void Install(string program)
    {
        const string Path = "/usr/bin/systemd-confext";
        if (program is "none")
            return;
        if (program is "directory")
            Root.MakeDirectory(Path);
        else if (program is "bootmerge")
            File.Copy(Workplace.Binary, Root.Raw + "/usr/bootmerge");
        else
            Root.Write("/usr/bin/systemd-sysext", program switch
            {
                "skips" => Older + "--always-refresh\0",
                "oldest" => "\u007fELF refresh\0",
                _ => Older,
            });
        if (program is not "directory" && !Files.Exists(Root.Raw + Path))
        {
            Root.Symlink(Path, program is "bootmerge" ? "/usr/bootmerge" : "systemd-sysext");
        }
    }
}
