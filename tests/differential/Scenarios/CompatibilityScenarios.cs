using System;
using System.Collections.Generic;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Which extensions are accepted on which system: specification, section 5. Each is tried together with one that always
/// fits.
/// </summary>
internal static class CompatibilityScenarios
{
    public static readonly IReadOnlyList<Scenario> All = [.. Releases(), .. OddExtensions(), .. Systems];

    private static IEnumerable<Scenario> Releases()
    {
        (string Name, string System, string Release)[] rows =
        [
            ("another ID", "", "ID=other\nVERSION_ID=1\n"),
            ("no ID", "", "VERSION_ID=1\n"),
            ("an empty release file", "", ""),
            ("the same ID and version", "", "ID=test\nVERSION_ID=1\n"),
            ("another version", "", "ID=test\nVERSION_ID=2\n"),
            ("no version", "", "ID=test\n"),
            ("another level", "CONFEXT_LEVEL=1\n", "ID=test\nCONFEXT_LEVEL=2\nVERSION_ID=1\n"),
            ("the same level and another version", "CONFEXT_LEVEL=1\n", "ID=test\nCONFEXT_LEVEL=1\nVERSION_ID=7\n"),
            ("no level where the system has one", "CONFEXT_LEVEL=1\n", "ID=test\nVERSION_ID=1\n"),
            ("a level where the system has none", "", "ID=test\nCONFEXT_LEVEL=1\n"),
            ("the level of the other class", "SYSEXT_LEVEL=1\n", "ID=test\nSYSEXT_LEVEL=2\nVERSION_ID=1\n"),
            ("an ID of the system's ID_LIKE", "ID_LIKE=\"one two\"\n", "ID=two\nVERSION_ID=1\n"),
            ("an ID of the system's ID_LIKE and another version", "ID_LIKE=\"one two\"\n", "ID=two\nVERSION_ID=3\n"),
            ("any ID and another version", "", "ID=_any\nVERSION_ID=9\n"),
            ("this architecture", "", "ID=_any\nARCHITECTURE=x86-64\n"),
            ("another architecture", "", "ID=_any\nARCHITECTURE=arm64\n"),
            ("any architecture", "", "ID=_any\nARCHITECTURE=_any\n"),
            ("an unknown architecture", "", "ID=_any\nARCHITECTURE=pdp11\n"),
            ("the scope initrd", "", "ID=_any\nCONFEXT_SCOPE=initrd\n"),
            ("the scopes system and initrd", "", "ID=_any\nCONFEXT_SCOPE=\"initrd system\"\n"),
            ("the scope portable", "", "ID=_any\nCONFEXT_SCOPE=portable\n"),
            ("an empty scope", "", "ID=_any\nCONFEXT_SCOPE=\n"),
            ("the other class's scope", "", "ID=_any\nSYSEXT_SCOPE=initrd\n"),
            ("quotes, comments and blank lines", "", "# about\n\nID='_any'\nNAME=\"a \\\"b\\\"\"\n"),
            ("Windows line ends", "", "ID=_any\r\nVERSION_ID=1\r\n"),
            ("a line that is not an assignment", "", "ID=_any\nwhat is this\n"),
            ("the ID twice", "", "ID=other\nID=_any\n"),
        ];
        foreach ((string name, string system, string release) in rows)
        {
            yield return new Scenario($"An extension with {name}",
                root => root.Append("usr/lib/os-release", system).Extension("fits").Extension("foo", release),
                Merge(), StatusJson, Unmerge, Merge("--force"), StatusJson);
        }
    }

    private static IEnumerable<Scenario> OddExtensions()
    {
        const string Releases = "usr/lib/confexts/bar/etc/extension-release.d/";
        (string Name, Action<TestRoot> Arrange)[] rows =
        [
            ("without a release file", root => root.File("usr/lib/confexts/bar/etc/file", "x\n")),
            ("that is an empty directory", root => root.Directory("usr/lib/confexts/bar")),
            ("with an empty hierarchy", root => root.Directory("usr/lib/confexts/bar/etc")),
            ("with another name's release file", root => root.Extension("foo", at: "bar")),
            ("with another name's release file that is not strict",
                root => root.Extension("foo", at: "bar")
                    .Xattr(Releases + "extension-release.foo", "user.extension-release.strict", "0")),
            ("with another name's release file that says false",
                root => root.Extension("foo", at: "bar")
                    .Xattr(Releases + "extension-release.foo", "user.extension-release.strict", "false")),
            ("with another name's release file that is strict",
                root => root.Extension("foo", at: "bar")
                    .Xattr(Releases + "extension-release.foo", "user.extension-release.strict", "1")),
            ("with two other names' release files that are not strict",
                root => root.Extension("foo", at: "bar").File(Releases + "extension-release.baz", "ID=_any\n")
                    .Xattr(Releases + "extension-release.foo", "user.extension-release.strict", "0")
                    .Xattr(Releases + "extension-release.baz", "user.extension-release.strict", "0")),
            ("with two release files of which one carries its name",
                root => root.Extension("bar").File(Releases + "extension-release.baz", "ID=other\n")),
            ("with a release file that is a symlink", root =>
                root.Extension("bar").Move(Releases + "extension-release.bar", "usr/lib/confexts/bar/release")
                .Link(Releases + "extension-release.bar", "../../release")),
            ("with a release file that is a directory", root =>
                root.Extension("bar").Remove(Releases + "extension-release.bar")
                .Directory(Releases + "extension-release.bar")),
            ("that ships usr/lib/os-release", root => root.Extension("bar")
                .File("usr/lib/confexts/bar/usr/lib/os-release", "ID=x\n")),
            ("that ships etc/os-release", root => root.Extension("bar")
                .File("usr/lib/confexts/bar/etc/os-release", "ID=x\n")),
        ];
        foreach ((string name, Action<TestRoot> arrange) in rows)
        {
            yield return new Scenario($"An extension {name}",
                root =>
                {
                    root.Extension("fits");
                    arrange(root);
                },
                ListJson, Merge(), StatusJson, Unmerge, Merge("--force"), StatusJson);
        }
    }

    private static IReadOnlyList<Scenario> Systems =>
    [
        new("A system without version and level takes any of its ID",
            root => root.File("usr/lib/os-release", "ID=test\n").Extension("foo", "ID=test\nVERSION_ID=5\n"),
            Merge(), StatusJson),
        new("An os-release that is an absolute symlink is read inside the root",
            root => root.Remove("etc/os-release").Link("etc/os-release", "/usr/share/release")
                .File("usr/share/release", "ID=inside\nVERSION_ID=8\n")
                .Extension("in", "ID=inside\nVERSION_ID=8\n").Extension("out", "ID=test\nVERSION_ID=1\n")
                .Extension("host", "ID=debian\n"),
            Merge(), StatusJson),
        new("A dangling os-release in etc",
            root => root.Remove("etc/os-release").Link("etc/os-release", "/nowhere")
                .Extension("foo", "ID=test\nVERSION_ID=1\n"),
            Merge(), StatusJson),
        new("An os-release that is a directory is an error",
            root => root.Remove("etc/os-release").Directory("etc/os-release").Extension("foo"),
            Merge(), StatusJson),
        new("A system without os-release is an error",
            root => root.Remove("etc/os-release").Remove("usr/lib/os-release").Extension("foo"),
            ListJson, Merge(), Refresh(), Merge("--force"), StatusJson),
        new("A system with an empty os-release is an error",
            root => root.File("usr/lib/os-release", "").Extension("foo"),
            Merge(), StatusJson),
        new("A system without an ID is an error",
            root => root.File("usr/lib/os-release", "NAME=test\nVERSION_ID=1\n").Extension("foo"),
            Merge(), StatusJson),
        new("A system without an ID and without extensions",
            root => root.File("usr/lib/os-release", "NAME=test\n"),
            Merge(), Merge("--mutable=auto"), StatusJson),
        new("etc/os-release beats usr/lib/os-release",
            root => root.Remove("etc/os-release").File("etc/os-release", "ID=test\nVERSION_ID=2\n")
                .Extension("one", "ID=test\nVERSION_ID=1\n")
                .Extension("two", "ID=test\nVERSION_ID=2\n"),
            Merge(), StatusJson),
        new("A root with etc/initrd-release has the scope initrd",
            root => root.Extension("system", directory: "run/confexts")
                .Extension("initrd", "ID=_any\nCONFEXT_SCOPE=initrd\n", "run/confexts")
                .File("etc/initrd-release", "ID=test\nVERSION_ID=1\n"),
            ListJson, Merge(), StatusJson),
        new("Nothing but rejected extensions means none",
            root => root.Extension("foo", "ID=other\n"),
            Merge(), Refresh(), Merge("--mutable=auto"), StatusJson, Refresh("--mutable=no")),
    ];
}
