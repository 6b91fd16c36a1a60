using System.Collections.Generic;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Which extensions are found, which one of several wins, and in which order they lie: specification, section 4.
/// </summary>
internal static class SelectionScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("Extensions are stacked in the order of their versions",
            root => root.Extension("foo-1.9").Extension("foo-1.10").Extension("foo-1.10~rc1").Extension("foo-1.10^git")
                .Extension("foo")
                .Extension("bar-2").Extension("foo-1.10-2").Extension("foo_1").Extension("foo-1.9a").Extension("Foo-3")
                .Extension("foo-01"),
            Merge(), StatusJson, Status),
        new("Many extensions with long names",
            root =>
            {
                for (int number = 1; number <= 20; number++)
                    root.Extension($"a-name-that-is-quite-long-and-has-a-number-at-its-end-{number}");
            },
            Merge("--mutable=yes"), StatusJson, Refresh("--mutable=yes")),
        new("Odd but valid names are found, ordered and merged",
            root => root.Extension("a 1").Extension("a+2").Extension(".hidden").Extension("-x").Extension("é")
                .Extension("foo.raw").Extension("b@3").Extension("b=4"),
            List, ListJson, Merge(), StatusJson, Refresh()),
        new("A name with the separators of mount options",
            root => root.Extension("a:b").Extension("x,y").Extension("n\\m").Extension("good"),
            ListJson, Merge(), StatusJson),
        new("Names that are not valid are not found",
            root => root.Extension("good").Directory("usr/lib/confexts/new\nline/etc")
                .Directory("usr/lib/confexts/.sysupdate.foo/etc")
                .Directory("usr/lib/confexts/tab\tname/etc"),
            ListJson, Merge(), StatusJson),
        new("Files, fifos and dangling links are not extensions",
            root => root.Extension("good").File("usr/lib/confexts/file", "x\n").Fifo("usr/lib/confexts/fifo")
                .Link("usr/lib/confexts/dangling", "/nowhere")
                .Link("usr/lib/confexts/tofile", "/etc/hosts"),
            ListJson, Merge(), StatusJson),
        new("A link to itself is not an extension",
            root => root.Extension("good").Link("usr/lib/confexts/loop", "loop"),
            ListJson, Merge(), StatusJson),
        new("The strongest directory that has a name wins",
            root => root.Extension("foo", directory: "run/confexts").Extension("foo", directory: "var/lib/confexts")
                .Extension("foo", directory: "usr/local/lib/confexts").Extension("foo"),
            List, Merge(),
            Change("remove the one in /run", root => root.Remove("run/confexts/foo")), ListJson, Refresh(),
            Change("remove the one in /var/lib", root => root.Remove("var/lib/confexts/foo")), ListJson, Refresh(),
            Change("remove the one in /usr/local/lib", root => root.Remove("usr/local/lib/confexts/foo")), ListJson,
                Refresh(),
            Change("remove the last one", root => root.Remove("usr/lib/confexts/foo")), ListJson, Refresh()),
        new("Extensions of all directories are merged together",
            root => root.Extension("d", directory: "run/confexts").Extension("c", directory: "var/lib/confexts")
                .Extension("b", directory: "usr/local/lib/confexts").Extension("a"),
            List, ListJson, Merge(), StatusJson),
        new("An empty directory masks the extension of weaker directories",
            root => root.Extension("foo").Extension("bar").Directory("run/confexts/foo"),
            List, Merge(), StatusJson,
            Change("take the mask away", root => root.Remove("run/confexts/foo")), Refresh(), StatusJson),
        new("A masked only extension means none",
            root => root.Extension("foo").Directory("var/lib/confexts/foo"),
            Merge(), StatusJson, Merge("--mutable=auto"), StatusJson),
        new("A symlink with an absolute target is an extension, resolved inside the root",
            root => root.Extension("foo", directory: "data").Link("usr/lib/confexts/foo", "/data/foo"),
            List, ListJson, Merge(), StatusJson, Refresh()),
        new("A symlink with a relative target is an extension",
            root => root.Extension("foo", directory: "data").Link("usr/lib/confexts/foo", "../../../data/foo"),
            ListJson, Merge(), StatusJson, Refresh()),
        new("A symlink that climbs above the root stays inside it",
            root => root.Extension("foo", directory: "data").Link("usr/lib/confexts/foo", "../../../../../../data/foo"),
            ListJson, Merge(), StatusJson),
        new("A symlink's own name counts, not its target's",
            root => root.Extension("foo", directory: "data").Link("usr/lib/confexts/bar", "/data/foo"),
            ListJson, Merge(), StatusJson, Merge("--force"), StatusJson),
        new("A search directory that is a symlink is searched",
            root => root.Extension("foo", directory: "data/confexts").Link("var/lib/confexts", "/data/confexts"),
            ListJson, Merge(), StatusJson, Refresh()),
        new("The class in the name is not part of it",
            root => root.Extension("foo", at: "foo.confext"),
            ListJson, Merge(), StatusJson, Refresh()),
        new("A hierarchy directory that is a symlink inside the extension",
            root => root.Extension("foo").Move("usr/lib/confexts/foo/etc", "usr/lib/confexts/foo/real")
                .Link("usr/lib/confexts/foo/etc", "real"),
            ListJson, Merge(), StatusJson, Refresh()),
        new("A hierarchy directory that is a symlink out of the extension",
            root => root.Extension("foo").Move("usr/lib/confexts/foo/etc", "usr/share/vendor/etc")
                .Link("usr/lib/confexts/foo/etc", "../../../share/vendor/etc"),
            ListJson, Merge(), StatusJson, Refresh()),
        new("An extension without the hierarchy's directory adds nothing",
            root => root.Extension("foo").Directory("usr/lib/confexts/bar/usr"),
            ListJson, Merge(), StatusJson, Unmerge, Merge("--force"), StatusJson),
        new("In a root that is an initramfs the initramfs's directories are searched",
            root => root.Extension("usr").Extension("var", directory: "var/lib/confexts")
                .Extension("run", directory: "run/confexts")
                .Extension("extra", directory: ".extra/confext").File("etc/initrd-release", "ID=test\nVERSION_ID=1\n"),
            ListJson, Merge(), StatusJson),
        new("Nothing to find",
            root => root.Remove("usr/lib/os-release").File("usr/lib/os-release", "ID=test\n"),
            List, ListJson, Run("list", "--no-legend"), Merge(), Refresh(), Unmerge, Status, StatusJson),
    ];
}
