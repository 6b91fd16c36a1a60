using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// Specification, section 13: bad input of any kind gets one clear line with the path and the reason, and nothing
/// changes.
/// </summary>
public sealed class BadInputTests : KernelTest
{
    public static TheoryData<string, string> KindsOfRoot => new()
    {
        { "missing", "No such file or directory" },
        { "file", "Not a directory" },
        { "fifo", "Not a directory" },
        { "loop", "Too many levels of symbolic links" },
        { "dangling", "No such file or directory" },
        { "new\nline", "No such file or directory" },
    };

    [Theory]
    [MemberData(nameof(KindsOfRoot))]
    public void A_root_that_is_no_directory_or_does_not_exist(string kind, string reason)
    {
        string path = $"{Root.Path}-{kind}";
        if (kind is "file")
            File.WriteAllText(path, "");
        if (kind is "fifo")
            Files.MakeFifo(path);
        if (kind is "loop")
            File.CreateSymbolicLink(path, path);
        if (kind is "dangling")
            File.CreateSymbolicLink(path, path + "-nowhere");

        foreach (string verb in new[] { "merge", "unmerge", "refresh", "status", "list", "plan", "boot" })
            Outcome.Of(Workplace.Binary, ["--root=" + path, verb])
                .FailsInOneLine(path.Replace("\n", "", StringComparison.Ordinal)[..^4], reason);
    }

    [Fact]
    public void An_empty_root_is_a_usage_error_or_names_the_empty_path()
    {
        Outcome outcome = Outcome.Of(Workplace.Binary, ["--root=", "merge"]);

        Assert.True(outcome.Status is 1 or 2, outcome.ToString());
        Assert.Single(outcome.ErrorLines);
        Assert.Contains("root", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/etc/os-release", "zero byte", "NUL byte")]
    [InlineData("/etc/os-release", "not UTF-8", "UTF-8")]
    [InlineData("/etc/os-release", "huge", "")]
    [InlineData("/etc/os-release", "empty", "no ID")]
    [InlineData("/etc/os-release", "truncated", "no ID")]
    [InlineData("/etc/os-release", "fifo", "")]
    [InlineData("/etc/os-release", "directory", "")]
    [InlineData("/etc/os-release", "loop", "Too many levels of symbolic links")]
    [InlineData("/etc/os-release", "device", "")]
    [InlineData("/etc/systemd/confext.conf", "zero byte", "NUL")]
    [InlineData("/etc/systemd/confext.conf", "huge", "")]
    [InlineData("/etc/systemd/confext.conf", "fifo", "")]
    [InlineData("/etc/systemd/confext.conf", "directory", "")]
    [InlineData("/etc/systemd/confext.conf", "loop", "Too many levels of symbolic links")]
    [InlineData("/etc/systemd/confext.conf.d/50-bad.conf", "zero byte", "NUL")]
    [InlineData("/etc/systemd/confext.conf.d/50-bad.conf", "fifo", "")]
    [InlineData("/etc/bootmerge.conf", "zero byte", "NUL")]
    [InlineData("/etc/bootmerge.conf", "huge", "")]
    [InlineData("/usr/lib/bootmerge.conf.d/50-bad.conf", "loop", "Too many levels of symbolic links")]
    public void A_file_of_the_system_that_cannot_be_understood_is_an_error(string path, string kind, string reason)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.MakeBad(path, kind, "ID=\n");
        Root.Remember();
        List<string> before = Root.State();

        foreach (string verb in new[] { "merge", "refresh", "plan" })
            Root.Bootmerge(verb).FailsInOneLine(path, reason);

        Assert.Equal(before, Root.State());
    }

    [Fact]
    public void A_root_without_os_release_is_an_error()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Remove("/usr/lib/os-release");

        Root.Bootmerge("merge").FailsInOneLine(Root.Path, "os-release");
    }

    [Theory]
    [InlineData("[ConfEx", ":1", "[ConfEx")]
    [InlineData("[ConfExt]\nMutable=perhaps\n", ":2", "perhaps")]
    [InlineData("[ConfExt]\nMutabel=yes\n", ":2", "Mutabel")]
    [InlineData("[ConfExtra]\nMutable=yes\n", ":1", "ConfExtra")]
    [InlineData("Mutable=yes\n", ":1", "section")]
    [InlineData("[ConfExt]\nMutable\n", ":2", "Key=Value")]
    [InlineData("[ConfExt]\n\n# comment\nMutable=\u00ff\n", ":4", "UTF-8")]
    [InlineData("[ConfExt]\nMutable=yes\\", ":2", "")]
    public void A_line_of_a_configuration_that_means_nothing_is_a_warning_with_file_and_line(string text, string line,
        string word)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Write("/etc/systemd/confext.conf", "");
        File.WriteAllText(Root.Raw + "/etc/systemd/confext.conf", text, System.Text.Encoding.Latin1);

        Outcome outcome = Root.Bootmerge("merge").Succeeds();

        if (word.Length > 0)
            Assert.Contains("/etc/systemd/confext.conf" + line,
                Assert.Single(outcome.ErrorLines, error => error.Contains("confext.conf", StringComparison.Ordinal)
                && error.Contains(word, StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        Root.Expect("/var/lib/extensions.mutable"); // the last row says yes
    }

    [Theory]
    [InlineData("file")]
    [InlineData("fifo")]
    [InlineData("loop")]
    public void A_hierarchy_that_is_no_directory_is_an_error(string kind)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Remove("/etc");
        Root.MakeBad("/etc", kind, "");
        Root.Remember();
        List<string> before = Root.State();

        Root.Bootmerge("merge").FailsInOneLineBesidesInformation("/etc");

        Assert.Equal(before, Root.State());
    }

    [Theory]
    [InlineData("merg", "merge")]
    [InlineData("stauts", "status")]
    [InlineData("--rot=/", "--root")]
    [InlineData("--mutable=ephemral", "ephemeral")]
    [InlineData("--class=confxt", "confext")]
    [InlineData("--json=prety", "pretty")]
    [InlineData("--fallback=imutable", "immutable")]
    [InlineData("--noexec=perhaps", "noexec")]
    [InlineData("merge operand", "operand")]
    [InlineData("--root", "root")]
    public void Words_that_are_not_known_are_a_usage_error_that_names_the_nearest(string typed, string named)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Remember();
        List<string> before = Root.State();

        Outcome outcome = Outcome.Of(Workplace.Binary, ["--root=" + Root.Path, .. typed.Split(' ')]);

        Assert.True(outcome.Status == 2, outcome.ToString());
        Assert.Equal("", outcome.Output);
        Assert.Contains(named, Assert.Single(outcome.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(before, Root.State());
    }

    [Theory]
    [InlineData("etc")]
    [InlineData("/etc/../usr")]
    [InlineData("/")]
    public void A_hierarchy_list_that_is_not_normalised_is_an_error(string list)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Remember();
        List<string> before = Root.State();

        Root.Bootmerge([("SYSTEMD_CONFEXT_HIERARCHIES", list)], "merge").FailsInOneLine("SYSTEMD_CONFEXT_HIERARCHIES");

        Assert.Equal(before, Root.State());
    }
}
