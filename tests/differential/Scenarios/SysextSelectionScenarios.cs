using System;
using System.Collections.Generic;
using System.Linq;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Which sysexts are found, which fit, and where their settings come from: specification, sections 3 to 5.
/// </summary>
internal static class SysextSelectionScenarios
{
    private const string Releases = "var/lib/extensions/bar/usr/lib/extension-release.d/";

    public static readonly IReadOnlyList<Scenario> All =
        [.. Found.Concat(OnReleases()).Concat(OddExtensions()).Concat(Configured)
            .Select(scenario => scenario with { Class = TestedClass.Sysext })];

    private static IReadOnlyList<Scenario> Found =>
    [
        new("Sysexts, the strongest directory that has a name wins",
            root => root.Extension("foo", directory: "etc/extensions").Extension("foo", directory: "run/extensions")
                .Extension("foo"),
            Merge(), Change("remove the one in /etc", root => root.Remove("etc/extensions/foo")), Refresh(), List,
            Change("remove the one in /run", root => root.Remove("run/extensions/foo")), Refresh(), List,
            Change("remove the last one", root => root.Remove("var/lib/extensions/foo")), Refresh()),
        new("Sysexts of all directories are merged together",
            root => root.Extension("c", directory: "etc/extensions").Extension("b", directory: "run/extensions")
                .Extension("a"),
            List, Merge(), Refresh()),
        new("Sysexts are not looked for in other directories",
            root => root.Extension("a", directory: "usr/lib/extensions")
                .Extension("b", directory: "usr/local/lib/extensions")
                .Extension("c", directory: "var/lib/sysexts").Extension("d", directory: "usr/lib/confexts")
                .Extension("e", directory: ".extra/sysext"),
            Merge(), List),
        new("Sysexts, an empty directory in /etc masks",
            root => root.Extension("foo").Extension("bar", directory: "run/extensions").Directory("etc/extensions/foo")
                .Directory("etc/extensions/bar"),
            List, Merge(), Change("take a mask away", root => root.Remove("etc/extensions/foo")), Refresh(), List),
        new("Sysexts are stacked in the order of their versions",
            root => root.Extension("foo-1.9").Extension("foo-1.10").Extension("foo-1.10~rc1").Extension("foo-1.10^git")
                .Extension("foo").Extension("bar-2", directory: "run/extensions"),
            Merge()),
        new("Sysexts, an extension of /usr alone",
            root => root.Extension("foo", hierarchies: ["usr"]),
            Merge(), Refresh(), Unmerge, Merge("--mutable=auto"), Unmerge, Merge("--mutable=yes")),
        new("Sysexts, an extension of /opt and of nothing but its release file in /usr",
            root => root.Extension("foo", hierarchies: ["opt"]),
            Merge(), Refresh(), Unmerge, Merge("--mutable=auto"), Unmerge, Merge("--mutable=yes")),
        new("Sysexts, one of /usr, one of /opt and one of both",
            root => root.Extension("one", hierarchies: ["usr"]).Extension("two", hierarchies: ["opt"])
                .Extension("three"),
            Merge(), Refresh(), Change("take the one of both away", root => root.Remove("var/lib/extensions/three")),
                Refresh()),
        new("Sysexts, an extension of neither hierarchy",
            root => root.Extension("foo").File("var/lib/extensions/bar/srv/file", "x\n")
                .File("var/lib/extensions/baz/etc/extension-release.d/extension-release.baz", "ID=_any\n"),
            Merge(), List, Merge("--force")),
        new("Sysexts, what they have outside of the hierarchies is not merged",
            root => root.Extension("foo").File("var/lib/extensions/foo/etc/file", "x\n")
                .File("var/lib/extensions/foo/var/file", "x\n"),
            Merge()),
        new("Sysexts, the class in the name is not part of it",
            root => root.Extension("foo", at: "foo.sysext").Extension("bar", at: "bar.confext"),
            List, Merge(), Refresh()),
        new("Sysexts, symlinks to extensions are resolved inside the root",
            root => root.Extension("foo", directory: "data").Extension("bar", directory: "data")
                .Link("etc/extensions/foo", "/data/foo")
                .Link("run/extensions/bar", "../../../../data/bar").Link("var/lib/extensions/dangling", "/nowhere"),
            List, Merge(), Refresh()),
        new("Sysexts, a search directory that is a symlink",
            root => root.Extension("foo", directory: "data/extensions").Link("var/lib/extensions", "/data/extensions"),
            List, Merge(), Refresh()),
        new("Sysexts, a hierarchy directory that is a symlink inside the extension",
            root => root.Extension("foo").Move("var/lib/extensions/foo/opt", "var/lib/extensions/foo/usr/share/opt")
                .Link("var/lib/extensions/foo/opt", "usr/share/opt"),
            Merge(), Refresh()),
        new("Sysexts, an extension with lib, bin and sbin links as a whole system has them",
            root => root.Extension("foo").Link("var/lib/extensions/foo/lib", "usr/lib")
                .Link("var/lib/extensions/foo/bin", "usr/bin"),
            Merge(), Refresh()),
        new("Sysexts, in a root that is an initramfs",
            root => root.Extension("system").Extension("initrd", "ID=_any\nSYSEXT_SCOPE=initrd\n")
                .Extension("extra", "ID=_any\nSYSEXT_SCOPE=initrd\n", ".extra/sysext")
                .File("etc/initrd-release", "ID=test\nVERSION_ID=1\n"),
            List, Merge()),
        new("Sysexts, an extension below /usr is found through a routed search directory",
            root => root.Extension("foo", directory: "usr/share/extensions")
                .Link("etc/extensions", "../usr/share/extensions"),
            List, Merge(), Refresh(), Refresh("--always-refresh=yes"), Unmerge),
        new("Sysexts, nothing to find",
            root => root.Remove("opt"),
            List, Run("list", "--no-legend"), Status, Run("status", "--no-legend"), Merge(), Refresh(), Unmerge),
        new("Sysexts, every format of status and list",
            root => root.Extension("foo-1.9").Extension("a-much-longer-name", directory: "run/extensions",
                hierarchies: ["usr"]),
            Status, List, Merge(), Status, StatusJson, Run("status", "--no-legend"), List, ListJson,
                Run("list", "--json=pretty"), Run("list", "--no-legend"), Run()),
        new("Sysexts without --root, found in every directory",
            root => root.Extension("c", directory: "etc/extensions").Extension("b", directory: "run/extensions")
                .Extension("a").Extension("d", "ID=debian\n"),
            Merge("--no-reload"), List, Refresh("--no-reload"),
                Change("take one away", root => root.Remove("etc/extensions/c")), Refresh("--no-reload"))
        { Root = RootKind.Slash },
    ];

    private static IEnumerable<Scenario> OnReleases()
    {
        (string Name, string System, string Release)[] rows =
        [
            ("another ID", "", "ID=other\nVERSION_ID=1\n"),
            ("an empty release file", "", ""),
            ("the same ID and version", "", "ID=test\nVERSION_ID=1\n"),
            ("another version", "", "ID=test\nVERSION_ID=2\n"),
            ("no version", "", "ID=test\n"),
            ("another level", "SYSEXT_LEVEL=1\n", "ID=test\nSYSEXT_LEVEL=2\nVERSION_ID=1\n"),
            ("the same level and another version", "SYSEXT_LEVEL=1\n", "ID=test\nSYSEXT_LEVEL=1\nVERSION_ID=7\n"),
            ("a level where the system has none", "", "ID=test\nSYSEXT_LEVEL=1\n"),
            ("the level of the other class", "CONFEXT_LEVEL=1\n", "ID=test\nCONFEXT_LEVEL=2\nVERSION_ID=1\n"),
            ("an ID of the system's ID_LIKE", "ID_LIKE=\"one two\"\n", "ID=two\nVERSION_ID=1\n"),
            ("any ID, another version and another level", "SYSEXT_LEVEL=1\n",
                "ID=_any\nVERSION_ID=9\nSYSEXT_LEVEL=2\n"),
            ("another architecture", "", "ID=_any\nARCHITECTURE=arm64\n"),
            ("this architecture", "", "ID=_any\nARCHITECTURE=x86-64\n"),
            ("the scope initrd", "", "ID=_any\nSYSEXT_SCOPE=initrd\n"),
            ("the scopes system and initrd", "", "ID=_any\nSYSEXT_SCOPE=\"initrd system\"\n"),
            ("the scope portable", "", "ID=_any\nSYSEXT_SCOPE=portable\n"),
            ("the other class's scope", "", "ID=_any\nCONFEXT_SCOPE=initrd\n"),
        ];
        foreach ((string name, string system, string release) in rows)
        {
            yield return new Scenario($"A sysext with {name}",
                root => root.Append("usr/lib/os-release", system).Extension("fits").Extension("foo", release),
                Merge(), Unmerge, Merge("--force"));
        }
    }

    private static IEnumerable<Scenario> OddExtensions()
    {
        (string Name, Action<TestRoot> Arrange)[] rows =
        [
            ("without a release file", root => root.File("var/lib/extensions/bar/usr/file", "x\n")),
            ("with a confext's release file", root => root.File("var/lib/extensions/bar/usr/file", "x\n")
                .File("var/lib/extensions/bar/etc/extension-release.d/extension-release.bar", "ID=_any\n")),
            ("with /opt and no /usr", root => root.File("var/lib/extensions/bar/opt/file", "x\n")),
            ("with another name's release file", root => root.Extension("foo", at: "bar")),
            ("with another name's release file that is not strict",
                root => root.Extension("foo", at: "bar")
                    .Xattr(Releases + "extension-release.foo", "user.extension-release.strict", "0")),
            ("with an empty /usr and /opt", root => root.Directory("var/lib/extensions/bar/usr")
                .Directory("var/lib/extensions/bar/opt")),
            ("that ships usr/lib/os-release", root => root.Extension("bar")
                .File("var/lib/extensions/bar/usr/lib/os-release", "ID=x\n")),
            ("that ships etc/os-release", root => root.Extension("bar")
                .File("var/lib/extensions/bar/etc/os-release", "ID=x\n")),
            ("that ships etc/initrd-release", root => root.Extension("bar")
                .File("var/lib/extensions/bar/etc/initrd-release", "ID=x\n")),
            ("that ships a copy of a marker", root => root.Extension("bar")
                .File("var/lib/extensions/bar/usr/.systemd-sysext/dev", "0:1\n")
                .File("var/lib/extensions/bar/usr/.systemd-sysext/extensions", "old\n")),
            ("whose usr is a file", root => root.Extension("bar").Remove("var/lib/extensions/bar/usr")
                .File("var/lib/extensions/bar/usr", "x\n")),
            ("whose opt is a file", root => root.Extension("bar").Remove("var/lib/extensions/bar/opt")
                .File("var/lib/extensions/bar/opt", "x\n")),
        ];
        foreach ((string name, Action<TestRoot> arrange) in rows)
        {
            yield return new Scenario($"A sysext {name}",
                root =>
                {
                    root.Extension("fits");
                    arrange(root);
                },
                Merge(), Unmerge, Merge("--force"));
        }
    }

    private static IReadOnlyList<Scenario> Configured =>
    [
        .. ((string[])["etc", "run", "usr/local/lib", "usr/lib"])
            .Select(directory => new Scenario($"Sysexts, the mode of {directory}/systemd/sysext.conf",
            root => root.Extension("foo").File(directory + "/systemd/sysext.conf", "[SysExt]\nMutable=ephemeral\n"),
            Merge(), Refresh(), Unmerge, Merge("--mutable=no"))),
        new("Sysexts, drop-ins in the order of their names, hidden and masked",
            root => root.Extension("foo").File("etc/systemd/sysext.conf", "[SysExt]\nMutable=import\n")
                .File("usr/lib/systemd/sysext.conf.d/10-a.conf", "[SysExt]\nMutable=ephemeral\n")
                .File("run/systemd/sysext.conf.d/20-b.conf", "[SysExt]\nMutable=auto\n")
                .File("usr/lib/systemd/sysext.conf.d/20-b.conf", "[SysExt]\nMutable=yes\n")
                .File("usr/lib/systemd/sysext.conf.d/30-c.conf", "[SysExt]\nMutable=yes\n")
                .Link("etc/systemd/sysext.conf.d/30-c.conf", "/dev/null"),
            Merge(), Change("take one away", root => root.Remove("run/systemd/sysext.conf.d/20-b.conf")), Refresh()),
        new("Sysexts, the other class's section, file and variable count for nothing",
            root => root.Extension("foo").File("etc/systemd/confext.conf", "[ConfExt]\nMutable=yes\n")
                .File("etc/systemd/sysext.conf", "[ConfExt]\nMutable=yes\n"),
            With("SYSTEMD_CONFEXT_MUTABLE_MODE", "yes", Merge())),
        new("Sysexts, a configuration file that comes with an extension counts once it is merged",
            root => root.Extension("foo").File("var/lib/extensions/foo/usr/lib/systemd/sysext.conf.d/1.conf",
                "[SysExt]\nMutable=ephemeral\n"),
            Merge(), Refresh(), Refresh(), Unmerge),
        new("Sysexts, the environment beats the files, the command line beats the environment",
            root => root.Extension("foo").File("etc/systemd/sysext.conf", "[SysExt]\nMutable=ephemeral\n"),
            With("SYSTEMD_SYSEXT_MUTABLE_MODE", "import", Merge()),
                With("SYSTEMD_SYSEXT_MUTABLE_MODE", "import", Refresh("--mutable=yes")),
            With("SYSTEMD_SYSEXT_MUTABLE_MODE", "perhaps", Refresh())),
        new("Sysexts, the hierarchies of the environment",
            root => root.Extension("foo").File("var/lib/extensions/foo/srv/file", "x\n"),
            With("SYSTEMD_SYSEXT_HIERARCHIES", "/opt", Merge()),
                With("SYSTEMD_SYSEXT_HIERARCHIES", "/opt:/usr", Merge()), Unmerge,
            With("SYSTEMD_SYSEXT_HIERARCHIES", "/srv:/opt", Merge()),
                With("SYSTEMD_SYSEXT_HIERARCHIES", "/srv:/opt", Refresh()),
            With("SYSTEMD_SYSEXT_HIERARCHIES", "/srv:/opt", Unmerge))
        { Hierarchies = ["usr", "opt", "srv"] },
        new("Sysexts, overlay options of the environment",
            root => root.Extension("foo").RoutingDirectory(hierarchy: "opt"),
            With("SYSTEMD_SYSEXT_OVERLAYFS_MOUNT_OPTIONS", "index=off", Merge()), Unmerge,
            With("SYSTEMD_SYSEXT_OVERLAYFS_MOUNT_OPTIONS", "redirect_dir=nofollow", Merge("--mutable=auto")), Unmerge,
            With("SYSTEMD_CONFEXT_OVERLAYFS_MOUNT_OPTIONS", "index=off", Merge("--mutable=auto"))),
    ];
}
