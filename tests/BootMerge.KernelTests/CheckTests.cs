using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Mono.Unix.Native;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>check reports everything that is wrong with an extension and nothing else, and changes nothing.</summary>
public sealed class CheckTests : KernelTest
{
    /// <summary>What is done to a sound extension named a, and the findings that result, each as "id place".</summary>
    public static TheoryData<string, string, string, string> Trees => Cases.Of(
        """
        case                              | class   | done                                        | findings
        sound                             | confext | file etc/a.conf                             |
        sound                             | sysext  | file usr/bin/a                              |
        no release file                   | confext | remove etc/extension-release.d; file etc/x  | release-file /etc/extension-release.d/extension-release.a
        no release file                   | sysext  | remove usr/lib; file usr/x                  | release-file /usr/lib/extension-release.d/extension-release.a
        a fifo as release file            | confext | remove RELEASE; fifo RELEASE                | release-file /etc/extension-release.d/extension-release.a
        a directory as release file       | confext | remove RELEASE; file RELEASE/x              | release-file /etc/extension-release.d/extension-release.a
        a loop as release file            | confext | remove RELEASE; link RELEASE extension-release.a | release-file /etc/extension-release.d/extension-release.a
        a release file for another name   | confext | remove RELEASE; file etc/extension-release.d/extension-release.b | release-file /etc/extension-release.d/extension-release.a
        an empty release file             | confext | empty RELEASE                               | compatibility /etc/extension-release.d/extension-release.a
        another system                    | confext | write RELEASE ID=other                      | compatibility /etc/extension-release.d/extension-release.a
        another version                   | sysext  | write RELEASE ID=flatcar                    | compatibility /usr/lib/extension-release.d/extension-release.a
        os-release of the system          | confext | file usr/lib/os-release                     | os-release /usr/lib/os-release, outside /usr
        os-release of the system          | sysext  | file usr/lib/os-release                     | os-release /usr/lib/os-release
        os-release in /etc                | confext | file etc/os-release                         | os-release /etc/os-release
        os-release as a dangling symlink  | sysext  | link usr/lib/os-release nowhere             | os-release /usr/lib/os-release
        a file beside the hierarchies     | confext | file README                                 | outside /README
        a tree beside the hierarchies     | confext | file opt/x/y                                | outside /opt
        /etc in a sysext                  | sysext  | file etc/x                                  | outside /etc
        an empty directory beside them    | confext | directory srv                               |
        usr of a confext leads elsewhere  | confext | link usr /                                  | outside /usr
        a hierarchy that is a file        | sysext  | file opt                                    | hierarchy /opt
        a hierarchy that leads nowhere    | sysext  | link opt nowhere                            | hierarchy /opt
        a symlink to nowhere outside      | confext | link etc/l /usr/none                        | symlink /etc/l
        a relative symlink to nowhere     | confext | link etc/d/l ../../usr/none                 | symlink /etc/d/l
        dots beyond the root              | confext | link etc/l ../../../../none                 | symlink /etc/l
        a symlink to a file of the system | confext | link etc/l ../usr/lib/os-release            |
        a symlink within the hierarchy    | confext | link etc/l /etc/not-there-yet               |
        a symlink to what is made later   | confext | link etc/l /run/resolve/stub.conf           |
        a loop of symlinks                | confext | link etc/l m; link etc/m l                  |
        a symlink to /opt from /usr       | sysext  | link usr/bin/l /opt/a/bin/l                 |
        a symlink to /etc from /usr       | sysext  | link usr/l /etc/none                        | symlink /usr/l
        a set-user-ID program             | confext | file etc/s; mode etc/s 4755                 | setuid /etc/s
        a set-group-ID program            | confext | file etc/s; mode etc/s 2755                 | setuid /etc/s
        a set-user-ID program             | sysext  | file usr/bin/s; mode usr/bin/s 4755         |
        a set-group-ID directory          | confext | file etc/d/f; mode etc/d 2755               |
        a device                          | confext | device etc/null                             | device /etc/null
        a device                          | sysext  | device usr/null                             | device /usr/null
        a fifo                            | confext | fifo etc/f                                  |
        a whiteout                        | confext | whiteout etc/d/w                            | whiteout /etc/d/w
        an opaque directory               | confext | file etc/d/f; opaque etc/d                  | opaque /etc/d
        a marker that was copied along    | confext | file etc/.systemd-confext/dev               | marker /etc/.systemd-confext
        a top directory of another mode   | confext | mode etc 0700                               | top-mode /etc
        a top directory of another owner  | confext | owner etc                                   | top-owner /etc
        the whole tree of another owner   | confext | owner .                                     | top-owner /
        a directory over a symlink        | sysext  | file usr/sbin/s                             | other-type /usr/sbin
        a symlink over a directory        | sysext  | file opt/x; link usr/real ../opt            | other-type /usr/real
        a file over a directory           | confext | file etc/real                               | other-type /etc/real
        a file over a link to a directory | sysext  | file usr/sbin                               | other-type /usr/sbin
        a directory over a file           | confext | file etc/own/f                              | other-type /etc/own
        a file over a link to a file      | confext | file etc/link                               |
        a symlink over a file             | confext | link etc/own /run/x                         |
        another mode than the system's    | confext | file etc/private/f                          | mode /etc/private
        another owner than the system's   | confext | file etc/real/f; owner etc/real             | owner /etc/real
        the system's mode and owner       | confext | file etc/private/f; mode etc/private 0700   |
        a new directory of another owner  | confext | file etc/d/e/f; owner etc/d/e               | owner /etc/d/e
        a directory for everybody         | confext | file etc/d/f; mode etc/d 0777               | mode /etc/d
        a directory like /tmp             | confext | file etc/d/f; mode etc/d 1777               |
        an origin of overlayfs            | confext | file etc/d/f; note etc/d/f                  | overlay-mark /etc/d/f
        an origin on a directory          | sysext  | file usr/d/f; note usr/d                    | overlay-mark /usr/d
        a machine's id                    | confext | write etc/machine-id 0123456789abcdef0123456789abcdef | identity /etc/machine-id
        an empty id, and one to be made   | confext | empty etc/machine-id                        |
        an id that is to be made          | confext | write etc/machine-id uninitialized          |
        a host key                        | confext | file etc/ssh/ssh_host_ed25519_key; file etc/ssh/ssh_host_ed25519_key.pub | identity /etc/ssh/ssh_host_ed25519_key
        an iSCSI name                     | confext | file etc/iscsi/initiatorname.iscsi          | identity /etc/iscsi/initiatorname.iscsi
        two things at once                | confext | whiteout etc/w; file README                 | outside /README, whiteout /etc/w
        a name with a new line            | confext | whiteout etc/a\nb                           | whiteout /etc/a\nb
        """);

    /// <summary>Images, with what mkfs can put into them. An image's hierarchies are resolved inside it.</summary>
    public static TheoryData<string, string, string, string> Images => Cases.Of(
        """
        file system | class   | done                                   | findings
        squashfs    | confext | file etc/a.conf                        |
        squashfs    | confext | whiteout etc/w; device etc/null        | device /etc/null, whiteout /etc/w
        squashfs    | sysext  | file usr/lib/os-release; file etc/x    | os-release /usr/lib/os-release, outside /etc
        ext4        | confext | file etc/s; mode etc/s 4755; owner etc | top-owner /etc, setuid /etc/s
        ext4        | sysext  | link usr/l /none                       | symlink /usr/l
        """);

    [Theory]
    [MemberData(nameof(Trees))]
    public void Each_fault_of_a_tree_is_found_where_it_is(string why, string cls, string done, string findings)
    {
        string path = MakeTree(cls, "a", done);
        Root.Write("/usr/bin/own", "");
        Root.Symlink("/usr/sbin", "bin");
        Root.Write("/usr/real/own", "");
        Root.Write("/etc/real/own", "");
        Root.Write("/etc/own", "");
        Root.Symlink("/etc/link", "own");
        Root.MakeDirectory("/etc/private");
        Files.ChangeMode(Root.Raw + "/etc/private", "0700");

        Outcome outcome = Check(cls, path);

        Assert.True(findings == Found(outcome), $"{why}: {outcome}");
        Assert.Equal(findings.Length == 0 ? 0 : 1, outcome.Status);
    }

    [Theory]
    [MemberData(nameof(Images))]
    public void Each_fault_of_an_image_is_found_where_it_is(string fileSystem, string cls, string done, string findings)
    {
        string tree = MakeTree(cls, "a", done);
        ImageFile.Pack(Root, fileSystem, tree, "/srv/a.raw");

        Outcome outcome = Check(cls, Root.Raw + "/srv/a.raw");

        Assert.True(findings == Found(outcome), outcome.ToString());
        Assert.Equal(findings.Length == 0 ? 0 : 1, outcome.Status);
    }

    [Fact]
    public void Two_hundred_levels_and_more_than_there_are_descriptors_are_walked()
    {
        string deep = "etc" + string.Concat(Enumerable.Repeat("/d", 700));
        string path = MakeTree("confext", "a", $"whiteout {deep}/w; file etc/e/f");

        // With 64 descriptors, a walk that keeps one open for each level would end early.
        Outcome outcome = Outcome.Of("sh",
            ["-c", "ulimit -n 64; exec \"$@\"", "sh", Workplace.Binary, "--root=" + Root.Path, "check", "--json=short",
            path]);

        Assert.Equal($"whiteout /{deep}/w", Found(outcome));
    }

    [Theory]
    [InlineData("a", "same-path /etc/f of a: is hidden by the same path in an extension above, b")]
    [InlineData("b", "same-path /etc/f of b: hides the same path in an extension below, a")]
    [InlineData("", "same-path /etc/f of a: is hidden by the same path in an extension above, b")]
    public void The_same_path_in_two_extensions_is_reported_of_the_one_that_was_asked_for(string asked, string finding)
    {
        Root.Extension("a", ("f", "1"), ("d/own-a", "1"));
        Root.Extension("b", ("f", "2"), ("d/own-b", "2"));

        Outcome outcome = Root.Bootmerge(["check", "--json=short",
            .. asked.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

        JsonElement only = Assert.Single(outcome.Json().EnumerateArray());
        Assert.Equal(finding, $"{only.GetProperty("id")} {only.GetProperty("place")} of "
            + $"{only.GetProperty("extension")}: {only.GetProperty("what")}");
    }

    [Fact]
    public void Only_extensions_that_are_merged_are_compared_with_each_other()
    {
        Root.Extension("a", ("f", "1"));
        Root.Extension("b", ("f", "2"));
        Root.Write("/var/lib/confexts/b/etc/extension-release.d/extension-release.b", "ID=other\n");

        Root.Bootmerge("check", "a").Succeeds().Says("Nothing found in 1 extension.");
        Assert.Equal("compatibility /etc/extension-release.d/extension-release.b",
            Found(Root.Bootmerge("check", "--json=short")));
        Assert.Equal(2, Root.Bootmerge("check", "--force", "--json=short").Json().GetArrayLength());
    }

    [Fact]
    public void An_extension_inside_the_hierarchy_that_it_extends_is_found()
    {
        Root.Write("/etc/data/a/extension-release.d/extension-release.a", "ID=_any\n");
        Root.Symlink("/var/lib/confexts/a/etc", "/etc/data/a");
        Root.Write("/usr/share/b/usr/lib/extension-release.d/extension-release.b", "ID=_any\n");
        Root.Symlink("/var/lib/extensions/b", "/usr/share/b");

        Outcome outcome = Root.Bootmerge("check", "--class=all");

        Assert.Equal(1, outcome.Status);
        outcome.Prints("overlap: a:/etc is inside the hierarchy that it extends", "/etc/data/a",
            "overlap: b:/usr is inside", "Fix: move the extension");
    }

    [Theory]
    [InlineData("image.img", "Fix: rename it to NAME.raw if it is an image")]
    [InlineData("-dangling", "Fix: remove it, or make it an extension")]
    public void The_fix_for_an_entry_fits_it(string name, string fix)
    {
        if (name[0] == '-')
            Root.Symlink("/var/lib/confexts/" + name, "/nowhere");
        else
            Root.Write("/var/lib/confexts/" + name, "x");

        Root.Bootmerge("check").Prints("/var/lib/confexts/" + name, fix);
    }

    [Theory]
    [InlineData("merge")]
    [InlineData("refresh")]
    [InlineData("boot")]
    public void A_merge_warns_of_a_directory_that_takes_the_place_of_a_symlink_of_the_system(string verb)
    {
        Root.Write("/usr/bin/own", "");
        Root.Symlink("/usr/sbin", "bin");
        Root.Write("/var/lib/extensions/a/usr/lib/extension-release.d/extension-release.a", "ID=_any\n");
        Root.Write("/var/lib/extensions/a/usr/sbin/tool", "");

        Root.Bootmerge("--class=sysext", verb).Succeeds()
            .Says("'a' has a directory at /usr/sbin, where the system has a symlink: one hides the other completely.");

        Root.Bootmerge("--class=sysext", "unmerge").Succeeds();
    }

    [Theory]
    [InlineData("merge")]
    [InlineData("refresh")]
    [InlineData("boot")]
    public void What_cannot_be_compared_with_the_system_for_that_warning_is_merged_all_the_same(string verb)
    {
        Root.Symlink("/usr/sbin", "bin");
        foreach (string name in new[] { "a", "b" })
        {
            Root.Write($"/var/lib/extensions/{name}/usr/lib/extension-release.d/extension-release.{name}", "ID=_any\n");
            Root.Write($"/var/lib/extensions/{name}/usr/sbin/{name}", name);
        }

        // The directory is read twice: to see whether it is empty, and for this comparison.
        string directory = Root.Path + "/var/lib/extensions/a/usr";
        string log = Root.Path + ".strace";
        Root.Remember();
        Outcome outcome = Outcome.Of("strace", ["-f", "-qq", "-o", log, "-P", directory, "-e", "trace=getdents64",
            "-e", "inject=getdents64:error=EIO:when=2", Workplace.Binary, "--root=" + Root.Path, "--class=sysext", verb]);

        outcome.Succeeds().Says("'b' has a directory at /usr/sbin");
        Assert.Contains("EIO", File.ReadAllText(log), StringComparison.Ordinal);
        Assert.DoesNotContain("'a' has", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(["a", "b"], new[] { "/usr/sbin/a", "/usr/sbin/b" }.Select(Root.Read));
        Root.Bootmerge("--class=sysext", "unmerge").Succeeds();
    }

    [Fact]
    public void A_refresh_compares_with_the_system_and_not_with_what_is_merged()
    {
        Root.Write("/usr/bin/own", "");
        Root.Symlink("/usr/sbin", "bin");
        Root.Write("/var/lib/extensions/a/usr/lib/extension-release.d/extension-release.a", "ID=_any\n");
        Root.Write("/var/lib/extensions/a/usr/sbin/tool", "");
        Root.Bootmerge("--class=sysext", "merge").Succeeds();
        Root.Write("/var/lib/extensions/b/usr/lib/extension-release.d/extension-release.b", "ID=_any\n");
        Root.Write("/var/lib/extensions/b/usr/file", "");

        Root.Bootmerge("--class=sysext", "refresh").Succeeds()
            .Says("'a' has a directory at /usr/sbin, where the system has a symlink: one hides the other completely.");

        Root.Bootmerge("--class=sysext", "unmerge").Succeeds();
    }

    [Fact]
    public void A_merge_does_not_warn_of_a_directory_that_the_machine_has_deleted()
    {
        Root.Extension("alpha", ("gone/file", "1"));
        Files.MakeWhiteout(Root.Raw + "/etc/gone");
        Root.Route("/etc");

        Outcome outcome = Root.Bootmerge("merge", "--mutable=auto").Succeeds();

        Assert.DoesNotContain("hides the other", outcome.Error, StringComparison.Ordinal);
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void A_mask_does_not_count_among_the_extensions_found()
    {
        Root.MakeDirectory("/run/confexts/masked");

        Root.Bootmerge("merge").Says("No extensions found");
    }

    [Fact]
    public void Without_names_everything_found_in_both_classes_is_checked_and_what_is_no_extension_is_named()
    {
        Root.Extension("a", ("f", "1"));
        Root.ExtensionIn("/run/confexts", "sound", ("g", "1"));
        Root.MakeDirectory("/run/confexts/masked");
        Root.Write("/var/lib/extensions/b/usr/x", "");
        Root.Write("/var/lib/extensions/notes", "");
        Files.MakeWhiteout(Root.Raw + "/var/lib/confexts/a/etc/w");

        Outcome outcome = Root.Bootmerge("check", "--class=all", "--json=short");

        Assert.Equal("whiteout /etc/w, release-file /usr/lib/extension-release.d/extension-release.b, entry "
            + "/var/lib/extensions/notes", Found(outcome));
        outcome.Says("3 things found in 4 extensions.");
    }

    [Fact]
    public void A_name_that_both_classes_have_is_checked_in_both_and_may_be_said_twice()
    {
        Root.Extension("a", ("f", "1"));
        Root.Write("/var/lib/extensions/a/usr/lib/extension-release.d/extension-release.a", "ID=_any\n");

        Root.Bootmerge("check", "--class=all", "a", "a").Succeeds().Says("Nothing found in 2 extensions.");
    }

    [Fact]
    public void People_get_the_place_the_fault_and_the_fix_and_one_line_of_summary()
    {
        Root.Extension("a");
        Files.MakeWhiteout(Root.Raw + "/var/lib/confexts/a/etc/w\nx\u001b");

        Outcome outcome = Root.Bootmerge("check", "a");

        Assert.Equal(1, outcome.Status);
        Assert.Equal(
            "whiteout: a:/etc/w\\x0ax\\x1b is a whiteout of overlayfs: it hides the file below it.\n"
            + "    Fix: remove it; to delete a file, delete it in the merged tree.\n", outcome.Output);
        Assert.Equal("bootmerge: 1 thing found in 1 extension.", Assert.Single(outcome.ErrorLines));
    }

    [Theory]
    [InlineData("nobody", "No extension 'nobody' was found", "./nobody")]
    [InlineData("aa", "No extension 'aa' was found (did you mean 'a'?)", "")]
    [InlineData("./missing", "missing", "ENOENT")]
    [InlineData("/proc/self/status", "cannot be an extension", ".raw")]
    [InlineData("/dev/null", "cannot be an extension", "it is not a directory, regular file or block device")]
    public void What_cannot_be_checked_is_one_line(string asked, string word, string other)
    {
        Root.Extension("a");

        Root.Bootmerge("check", asked).FailsInOneLine(word, other);
    }

    [Fact]
    public void Two_paths_to_extensions_of_one_name_are_refused()
    {
        string one = MakeTree("confext", "a", "file etc/x");
        string two = MakeTree("confext", "a", "file etc/y");

        Root.Bootmerge("check", one, two).FailsInOneLine("is the second extension", "'a'", "one by one");
    }

    [Fact]
    public void An_empty_directory_named_by_its_path_lacks_everything() =>
        Assert.Equal("release-file /etc/extension-release.d/extension-release.a",
            Found(Check("confext", Directory.CreateDirectory(NewDirectory() + "/a").FullName)));

    [Fact]
    public void An_image_that_is_none_is_a_finding()
    {
        Root.Write("/srv/a.raw", "no file system");

        Outcome outcome = Check("confext", Root.Raw + "/srv/a.raw");

        Assert.Equal("unusable " + Root.Raw + "/srv/a.raw", Found(outcome));
    }

    private Outcome Check(string cls, string path) => Root.Bootmerge("check", "--class=" + cls, "--json=short", path);

    /// <summary>The findings as "id place, id place". A line break in a place is written \n.</summary>
    private static string Found(Outcome outcome)
    {
        IEnumerable<string> lines = outcome.Json().EnumerateArray().Select(finding =>
        {
            Assert.NotEmpty(finding.GetProperty("what").GetString()!);
            Assert.NotEmpty(finding.GetProperty("fix").GetString()!);
            return $"{finding.GetProperty("id")} {finding.GetProperty("place")}";
        });
        return string.Join(", ", lines).Replace("\n", "\\n", StringComparison.Ordinal);
    }

    private string NewDirectory() => ImageFile.NewTree(Root);

    /// <summary>Makes a sound extension outside the root, and does this to it: "verb path argument; ...".</summary>
    private string MakeTree(string cls, string name, string done)
    {
        string tree = Directory.CreateDirectory($"{NewDirectory()}/{name}").FullName;
        string release = (cls is "confext" ? "etc" : "usr/lib") + "/extension-release.d/extension-release." + name;
        Directory.CreateDirectory(Path.GetDirectoryName($"{tree}/{release}")!);
        File.WriteAllText($"{tree}/{release}", "ID=flatcar\nVERSION_ID=4000.1.0\n");
        foreach (string step in done.Replace("RELEASE", release, StringComparison.Ordinal)
            .Split(';', StringSplitOptions.TrimEntries))
            Do(tree, step.Replace("\\n", "\n", StringComparison.Ordinal).Split(' '));
        return tree;
    }

    private static void Do(string tree, string[] words)
    {
        string path = tree + "/" + words[1];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        switch (words[0])
        {
            case "file": File.WriteAllText(path, "x"); break;
            case "empty": File.WriteAllText(path, ""); break;
            case "write": File.WriteAllText(path, words[2] + "\n"); break;
            case "directory": Directory.CreateDirectory(path); break;
            case "link": File.CreateSymbolicLink(path, words[2]); break;
            case "fifo": Files.MakeFifo(path); break;
            case "whiteout": Files.MakeWhiteout(path); break;
            // 1:3, as /dev/null
            case "device":
                Assert.Equal(0,
                Syscall.mknod(path, FilePermissions.S_IFCHR | FilePermissions.S_IRUSR, 0x103)); break;
            case "note": Files.SetXattr(path, "trusted.overlay.origin", "x"); break;
            case "opaque": Files.SetXattr(path, "trusted.overlay.opaque", "y"); break;
            case "mode": Files.ChangeMode(path, words[2]); break;
            case "owner": Files.ChangeOwner(path, 5, 5); break;
            case "remove" when Directory.Exists(path): Directory.Delete(path, recursive: true); break;
            case "remove": File.Delete(path); break;
            default: throw new ArgumentException(words[0], nameof(words));
        }
    }
}
