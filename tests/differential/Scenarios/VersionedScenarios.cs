using System.Collections.Generic;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Versioned directories, class infixes, and which of several entries gets a name: specification, section 4. No
/// scenario has two entries of one name in one directory: there systemd goes by the file system's order, and bootmerge
/// does not.
/// </summary>
internal static class VersionedScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("The newest of the directories in a versioned directory is merged",
            root => Versions(root, "foo.v", "foo_1.9", "foo_1.10", "foo_1.10~rc1", "foo_1.2"),
            List, ListJson, Merge(), StatusJson, Status, Refresh()),
        new("A newer version is taken by the next refresh",
            root => Versions(root, "foo.v", "foo_1", "foo_2"),
            Merge(), StatusJson,
            Change("add foo_3", root => Versions(root, "foo.v", "foo_3")), ListJson, Refresh(), StatusJson,
            Change("remove foo_3 and foo_2", root => root.Remove("usr/lib/confexts/foo.v/foo_3")
                .Remove("usr/lib/confexts/foo.v/foo_2")), Refresh(), StatusJson,
            Change("remove the last", root => root.Remove("usr/lib/confexts/foo.v/foo_1")), ListJson, Refresh(),
                StatusJson),
        new("A refresh is skipped while the version is the same",
            root => Versions(root, "foo.v", "foo_1", "foo_2"),
            Merge(), Refresh(),
            Change("an older version comes", root => Versions(root, "foo.v", "foo_0")), Refresh(), Systemd("refresh"),
                StatusJson),
        new("Versions for other machines are ignored",
            root => Versions(root, "foo.v", "foo_1_x86-64", "foo_2_arm64", "foo_3_s390x", "foo_0"),
            ListJson, Merge(), StatusJson),
        new("The machine's own architecture is preferred to its second one and to none",
            root => Versions(Versions(root, "foo.v", "foo_1", "foo_1_x86", "foo_1_x86-64"), "bar.v", "bar_1",
                "bar_01_x86"),
            ListJson),
        new("Architectures that nobody knows are none",
            root => Versions(Versions(Versions(root, "foo.v", "foo_2_amd64", "foo_1"), "bar.v", "bar_2_x86_64",
                "bar_1"), "baz.v", "baz_2_native", "baz_1_x86-64"),
            ListJson, Merge(), StatusJson),
        new("Versions without tries left come last",
            root => Versions(Versions(root, "foo.v", "foo_1", "foo_2+0-3"), "bar.v", "bar_1+0", "bar_2+0-5"),
            ListJson, Merge(), StatusJson),
        new("Versions with tries left count by their version",
            root => Versions(Versions(root, "foo.v", "foo_1", "foo_2+3-0"), "bar.v", "bar_2+1", "bar_2+3", "bar_2+0"),
            ListJson, Merge(), StatusJson),
        new("Counters in every spelling",
            root => Versions(
                Versions(Versions(Versions(Versions(root, "a.v", "a_1", "a_2+"), "b.v", "b_01+010", "b_1+9"), "c.v",
                "c_1", "c_2+08"),
                "d.v", "d_1", "d_2+4294967296"), "e.v", "e_01+4294967295", "e_1"),
            ListJson),
        new("A counter behind the architecture",
            root => Versions(root, "foo.v", "foo_1_x86-64+3-1", "foo_1", "foo_2_arm64+3"),
            ListJson, Merge(), StatusJson, Refresh()),
        new("Names in a versioned directory that are not versions",
            root => Versions(Versions(root, "foo.v", "foo", "foo_", "bar_9", "foo_9@", "foo_1_2_3", "foo-9", "foo_1"),
                "bar.v", "bar", "baz_1"),
            List, ListJson, Merge(), StatusJson),
        new("Only directories are versions in a versioned directory",
            root => Versions(root, "foo.v", "foo_1").File("usr/lib/confexts/foo.v/foo_2", "x\n")
                .Fifo("usr/lib/confexts/foo.v/foo_3").File("usr/lib/confexts/foo.v/foo_4.raw", "x\n"),
            ListJson, Merge(), StatusJson),
        new("Images in versioned directories are listed",
            root => root.File("usr/lib/confexts/a.raw.v/a_1.raw", "x\n")
                .File("usr/lib/confexts/a.raw.v/a_2.confext.raw", "x\n")
                .File("usr/lib/confexts/b.confext.raw.v/b_1.confext.raw", "x\n")
                .File("usr/lib/confexts/b.confext.raw.v/b_2.raw", "x\n")
                .File("usr/lib/confexts/c.v/c_1.raw", "x\n").Directory("usr/lib/confexts/d.raw.v/d_2.raw")
                .File("usr/lib/confexts/d.raw.v/d_1.raw", "x\n")
                .File("usr/lib/confexts/e.raw.v/e_2_arm64.raw", "x\n")
                .File("usr/lib/confexts/e.raw.v/e_1_x86-64+2-1.raw", "x\n"),
            List, ListJson),
        new("Images with and without a class in the name are listed",
            root => root.File("usr/lib/confexts/a.raw", "x\n").File("usr/lib/confexts/b.confext.raw", "x\n")
                .File("usr/lib/confexts/c.sysext.raw", "x\n")
                .File("usr/lib/confexts/d.confext", "x\n").File("usr/lib/confexts/e.raw.raw", "x\n")
                .File("usr/lib/confexts/.raw", "x\n").File("usr/lib/confexts/f.RAW", "x\n")
                .Link("usr/lib/confexts/g.raw", "/data/image")
                .Link("usr/lib/confexts/h.confext.raw", "../../../data/image").File("data/image", "x\n"),
            List, ListJson),
        new("The class in the name of a versioned directory is wanted in its versions",
            root => Versions(Versions(root, "foo.confext.v", "foo_1.confext", "foo_2"), "bar.confext.v", "bar_1"),
            ListJson, Merge(), StatusJson, Refresh()),
        new("The other class in a name is part of it",
            root => Versions(Versions(root.Extension("bar.sysext"), "foo.sysext.v", "foo.sysext_1"), "baz.sysext.v",
                "baz_1", "baz_1.sysext"),
            ListJson, Merge(), StatusJson),
        new("Symlinks in a versioned directory are resolved inside the root",
            root => Versions(root, "foo.v", "foo_1").Extension("foo", directory: "data", at: "two")
                .Link("usr/lib/confexts/foo.v/foo_2", "/data/two")
                .Extension("bar", directory: "data", at: "bar")
                .Link("usr/lib/confexts/bar.v/bar_1", "../../../../data/bar"),
            ListJson, Merge(), StatusJson, Refresh()),
        new("A versioned directory may be a symlink",
            root => root.Extension("foo", directory: "data/versions", at: "foo_1")
                .Link("usr/lib/confexts/foo.v", "/data/versions")
                .Extension("bar", directory: "data/bar.v", at: "bar_1")
                .Link("var/lib/confexts/bar.v", "../../../data/bar.v"),
            List, ListJson, Merge(), StatusJson, Refresh()),
        new("The symlink's name says whether a directory is versioned",
            root => root.Extension("foo", directory: "data", at: "foo.v").Link("usr/lib/confexts/foo", "/data/foo.v"),
            ListJson, Merge(), StatusJson),
        new("A dangling symlink in a versioned directory keeps it from being used",
            root => Versions(Versions(root, "foo.v", "foo_2"), "bar.v", "bar_2")
                .Link("usr/lib/confexts/foo.v/foo_1", "/nowhere")
                .Link("usr/lib/confexts/bar.v/bar_3_arm64", "/nowhere"),
            ListJson, Merge(), StatusJson),
        new("A version in a stronger directory hides whatever has its name in weaker ones",
            root => Versions(Versions(root, "foo.v", "foo_2").Extension("foo", directory: "usr/local/lib/confexts"),
                "foo.v", "var/lib/confexts", ["foo_1"]),
            ListJson, Merge(), StatusJson,
            Change("remove the strongest", root => root.Remove("var/lib/confexts/foo.v")), ListJson, Refresh(),
                StatusJson,
            Change("remove the next", root => root.Remove("usr/local/lib/confexts/foo")), ListJson, Refresh(),
                StatusJson),
        new("An empty version masks",
            root => root.Extension("foo").Extension("bar").Directory("run/confexts/foo.v/foo_1"),
            ListJson, Merge(), StatusJson),
        new("A versioned directory with nothing to pick masks nothing",
            root => root.Extension("foo").Extension("bar").Directory("run/confexts/foo.v")
                .Directory("run/confexts/bar.v/bar_1_arm64"),
            ListJson, Merge(), StatusJson),
        new("Masks and versions go by the name without suffix",
            root => Versions(Versions(root.Extension("baz", at: "baz.confext").Extension("foo_1"), "foo.v", "foo_1"),
                "bar.v", "bar_1")
                .Directory("run/confexts/bar").Directory("run/confexts/baz").Directory("run/confexts/foo_2"),
            ListJson, Merge(), StatusJson,
            Change("mask foo_1", root => root.Directory("run/confexts/foo_1")), Refresh(), StatusJson),
        new("An extension with the class in its name hides one without in a weaker directory",
            root => root.Extension("foo", directory: "var/lib/confexts", at: "foo.confext").Extension("foo")
                .Directory("run/confexts/bar.confext").Extension("bar"),
            ListJson, Merge(), StatusJson, Refresh()),
        new("The newest empty version masks the older ones beside it",
            root => Versions(root, "foo.v", "foo_1").Directory("usr/lib/confexts/foo.v/foo_2").Extension("bar"),
            ListJson, Merge(), StatusJson),
        new("Names of every kind",
            root => root.Extension("a.").Extension("...").Extension("..a").Extension("#a").Extension("a~")
                .Extension("a%b").Extension("a*'\"").Extension(".sysupdate")
                .Extension("a.confext.confext").Extension("a.v.").Directory("usr/lib/confexts/.#a/etc")
                .Directory("usr/lib/confexts/a\uFFFE/etc")
                .Directory("usr/lib/confexts/.confext/etc").Directory("usr/lib/confexts/.v/_1/etc")
                .Extension(new string('n', 233)),
            List, ListJson),
    ];

    private static TestRoot Versions(TestRoot root, string versioned, params string[] entries) =>
        Versions(root, versioned, "usr/lib/confexts", entries);

    /// <summary>
    /// Makes directories in a versioned directory. Each is a confext of its name, with a file that says which one it
    /// is.
    /// </summary>
    private static TestRoot Versions(TestRoot root, string versioned, string directory, string[] entries)
    {
        string name = versioned[..^2].Replace(".confext", "", System.StringComparison.Ordinal);
        foreach (string entry in entries)
            root.Extension(name, directory: directory, at: versioned + "/" + entry)
                .File($"{directory}/{versioned}/{entry}/etc/version", entry + "\n");
        return root;
    }
}
