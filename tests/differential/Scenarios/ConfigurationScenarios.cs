using System.Collections.Generic;
using System.Linq;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>Where the mutable mode and the overlay's options come from: specification, section 3.</summary>
internal static class ConfigurationScenarios
{
    private const string Mode = "SYSTEMD_CONFEXT_MUTABLE_MODE";
    private const string Options = "SYSTEMD_CONFEXT_OVERLAYFS_MOUNT_OPTIONS";

    private const string OsRelease = "SYSTEMD_OS_RELEASE";

    private static readonly string[] MountFlags =
    [
        "relatime", "noatime", "nodiratime", "strictatime", "noatime,strictatime", "noatime,relatime", "ro", "rw",
            "sync", "dirsync,lazytime", "sync,async",
        "exec", "suid,dev", "noexec,nosuid,nodev", "silent,iversion", "x-note", "redirect_dir=on,,noatime,index=off",
    ];

    public static IReadOnlyList<Scenario> All =>
    [
        new("The mode of etc/systemd/confext.conf",
            root => root.Extension("foo").File("etc/systemd/confext.conf", "[ConfExt]\nMutable=ephemeral\n"),
            Merge(), Refresh(), Unmerge, Merge("--mutable=no")),
        new("The mode of usr/lib/systemd/confext.conf",
            root => root.Extension("foo").File("usr/lib/systemd/confext.conf", "# about\n[ConfExt]\nMutable = yes\n"),
            Merge(), Refresh(), Refresh()),
        new("The file in /etc hides those in /run and /usr/lib",
            root => root.Extension("foo").File("usr/lib/systemd/confext.conf", "[ConfExt]\nMutable=ephemeral\n")
                .File("run/systemd/confext.conf", "[ConfExt]\nMutable=import\n")
                .File("etc/systemd/confext.conf", "[ConfExt]\nMutable=yes\n"),
            Merge(), Refresh()),
        new("Drop-ins are read in the order of their names",
            root => root.Extension("foo").File("etc/systemd/confext.conf", "[ConfExt]\nMutable=ephemeral\n")
                .File("usr/lib/systemd/confext.conf.d/50-b.conf", "[ConfExt]\nMutable=yes\n")
                .File("etc/systemd/confext.conf.d/10-a.conf", "[ConfExt]\nMutable=import\n"),
            Merge(), Refresh()),
        new("A drop-in of a stronger directory hides that of the same name",
            root => root.Extension("foo").File("usr/lib/systemd/confext.conf.d/50-b.conf", "[ConfExt]\nMutable=yes\n")
                .File("run/systemd/confext.conf.d/50-b.conf", "[ConfExt]\nMutable=ephemeral\n"),
            Merge(), Refresh()),
        new("A drop-in is masked by a link to /dev/null",
            root => root.Extension("foo").File("usr/lib/systemd/confext.conf.d/50-b.conf", "[ConfExt]\nMutable=yes\n")
                .Link("etc/systemd/confext.conf.d/50-b.conf", "/dev/null"),
            Merge(), Refresh()),
        new("An unknown value, key or section is ignored",
            root => root.Extension("foo").File("etc/systemd/confext.conf", "[ConfExt]\nMutable=import\n")
                .File("etc/systemd/confext.conf.d/10.conf",
                "[ConfExt]\nMutable=perhaps\nColour=red\n[Other]\nMutable=yes\n"),
            Merge(), Refresh()),
        new("Booleans are modes in a file",
            root => root.Extension("foo").File("etc/systemd/confext.conf", "[ConfExt]\nMutable=on\n"),
            Merge(), Unmerge, Change("switch it off", root =>
                root.File("etc/systemd/confext.conf", "[ConfExt]\nMutable=false\n")), Merge()),
        new("Configuration files that are symlinks are read inside the root",
            root => root.Extension("foo").Link("etc/systemd/confext.conf", "/data/conf")
                .File("data/conf", "[ConfExt]\nMutable=import\n")
                .Link("run/systemd/confext.conf.d", "/data/drop-ins")
                .File("data/drop-ins/1.conf", "[ConfExt]\nMutable=ephemeral\n"),
            Merge(), Refresh()),
        new("Configuration files that are directories, dangling or binary",
            root => root.Extension("foo").Directory("etc/systemd/confext.conf")
                .Link("etc/systemd/confext.conf.d/1.conf", "/nowhere")
                .File("etc/systemd/confext.conf.d/2.conf", "\u0001\u0002[ConfExt\nMutable=yes\n")
                .File("etc/systemd/confext.conf.d/3.txt", "[ConfExt]\nMutable=yes\n")
                .File("etc/systemd/confext.conf.d/4.conf", "[ConfExt]\nMutable=ephemeral\n"),
            Merge(), Refresh()),
        new("Continued lines, comments and blanks in a configuration file",
            root => root.Extension("foo").File("etc/systemd/confext.conf",
                "; about\n\n  [ConfExt]  \n  Mutable  =  \\\n   ephemeral  \n"),
            Merge(), Refresh()),
        new("A key without a section, and an empty value",
            root => root.Extension("foo").File("etc/systemd/confext.conf",
                "Mutable=yes\n[ConfExt]\nMutable=import\nMutable=\n"),
            Merge(), Refresh()),
        new("The other class's configuration is not read",
            root => root.Extension("foo").File("etc/systemd/sysext.conf", "[SysExt]\nMutable=yes\n")
                .File("etc/systemd/confext.conf.d/1.conf", "[SysExt]\nMutable=yes\n"),
            Merge()),
        new("The environment beats the files, the command line beats the environment",
            root => root.Extension("foo").File("etc/systemd/confext.conf", "[ConfExt]\nMutable=ephemeral\n"),
            With(Mode, "import", Merge()), With(Mode, "import", Refresh()),
                With(Mode, "import", Refresh("--mutable=yes")), Unmerge),
        new("An unknown mode in the environment is ignored",
            root => root.Extension("foo").File("etc/systemd/confext.conf", "[ConfExt]\nMutable=ephemeral\n"),
            With(Mode, "perhaps", Merge())),
        new("The environment's overlay options on a read-only stack",
            root => root.Extension("foo"),
            With(Options, "index=off", Merge()), With(Options, "index=off", Refresh()), Refresh(), StatusJson),
        new("The environment's overlay options on a mutable stack",
            root => root.Extension("foo").RoutingDirectory(),
            With(Options, "redirect_dir=nofollow,index=off", Merge("--mutable=auto")),
            Attempt("rename etc/nested", root => root.Move("etc/nested", "etc/renamed")),
            With(Options, "redirect_dir=nofollow,index=off", Refresh("--mutable=auto")), Refresh("--mutable=auto")),
        new("Mount flags among the overlay options of a mutable stack",
            root => root.Extension("foo").RoutingDirectory(),
                [.. MountFlags.Select(options => Flags(options, "--mutable=auto"))]),
        new("Mount flags among the overlay options of a read-only stack",
            root => root.Extension("foo").RoutingDirectory(),
                [.. MountFlags.Select(options => Flags(options, "--mutable=no"))]),
        new("Mount flags among the overlay options in the other modes",
            root => root.Extension("foo").RoutingDirectory(),
            Flags("nodiratime,exec,index=off", "--mutable=import"), Flags("sync,strictatime", "--mutable=ephemeral"),
                Flags("ro,suid", "--mutable=ephemeral-import")),
        new("Mount flags that make no mount of their own",
            root => root.Extension("foo"),
            Flags("remount", "--mutable=no"), Flags("bind", "--mutable=no"), Flags("private", "--mutable=no"),
                Flags("defaults", "--mutable=no"),
            Flags("noatime=1", "--mutable=no")),
        new("Overlay options that the kernel refuses on a read-only stack",
            root => root.Extension("foo").RoutingDirectory(),
            Flags("no_such_option=1", "--mutable=no"), Flags("no_such_option", "--mutable=import"), StatusJson),
        new("Another os-release by the environment",
            root => root.Extension("foo", "ID=test\nVERSION_ID=1\n").Extension("bar", "ID=other\n")
                .File("data/release", "ID=other\n").Link("data/link", "/data/release"),
            With(OsRelease, "/data/release", Merge()), With(OsRelease, "data/link", Refresh()), Refresh(), Unmerge,
                With(OsRelease, "../../data/link", Merge()),
            Unmerge, With(OsRelease, "/nowhere", Merge()), With(OsRelease, "/data", Merge())),
        new("Overlay options that the kernel refuses",
            root => root.Extension("foo").RoutingDirectory(),
            With(Options, "no_such_option=1", Merge("--mutable=auto")), StatusJson),
        new("An empty environment variable means the defaults",
            root => root.Extension("foo").RoutingDirectory(),
            With(Options, "", Merge("--mutable=auto")), Refresh("--mutable=auto")),
    ];

    /// <summary>Makes the stack anew with these options.</summary>
    private static Command Flags(string options, string mode) =>
        With(Options, options, Refresh(mode, "--always-refresh=yes"));
}
