using System.Collections.Generic;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>Mounts under a hierarchy stay where they were, before, during and after.</summary>
internal static class SubmountScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("A bind-mounted file and a tmpfs in a tmpfs are carried over",
            root => Arrange(root).Extension("foo"),
            Merge(), Attempt("write into the inner tmpfs", root => root.File("etc/outer/inner/new", "new\n")),
            Attempt("write into the bind-mounted file", root => root.File("etc/machine-id", "other\n")),
            Refresh(), Refresh("--always-refresh=yes"), Unmerge),
        new("Mounts under a self-routed hierarchy are carried over",
            root => Arrange(root).Extension("foo").RoutingLink("/etc"),
            [Merge("--mutable=auto"), .. Writes, Refresh("--mutable=auto", "--always-refresh=yes"), Unmerge]),
        new("Mounts under an ephemeral merge are carried over",
            root => Arrange(root).Extension("foo"),
            Merge("--mutable=ephemeral"), Refresh("--mutable=ephemeral", "--always-refresh=yes"),
                Refresh("--mutable=no"), Unmerge),
        new("A mount made while merged survives refresh and unmerge",
            root => root.Extension("foo").File("data/file", "mounted\n"),
            Merge(), Change("mount on etc/hosts", root => root.Bind("data/file", "etc/hosts")), Refresh(),
                Refresh("--always-refresh=yes"), Unmerge),
        new("A mount on an extension's file survives a refresh",
            root => root.Extension("foo").File("data/file", "mounted\n"),
            Merge(), Change("mount on etc/foo.conf", root => root.Bind("data/file", "etc/foo.conf")),
                Refresh("--always-refresh=yes"),
            Change("unmount it", root => root.Unmount("etc/foo.conf")), Unmerge),
        new("A mount on a file that only an extension has, when it is unmerged",
            root => root.Extension("foo").File("data/file", "mounted\n"),
            Merge(), Change("mount on etc/foo.conf", root => root.Bind("data/file", "etc/foo.conf")), Unmerge,
                StatusJson),
        new("A mount on a file that is gone after a refresh",
            root => root.Extension("foo").Extension("bar").File("data/file", "mounted\n"),
            Merge(), Change("mount on etc/foo.conf", root => root.Bind("data/file", "etc/foo.conf")),
            Change("take the extension away", root => root.Move("usr/lib/confexts/foo", "data/foo")), Refresh(),
                StatusJson),
        new("Mounts of mounts of mounts are carried over",
            root => root.Extension("foo").Tmpfs("etc/a", "a").Tmpfs("etc/a/b", "b").File("etc/a/b/file", "b\n")
                .Tmpfs("etc/a/b/c", "c").File("etc/a/b/c/file", "c\n")
                .Tmpfs("etc/d", "d").Bind("etc/a/b/file", "etc/hosts"),
            Merge("--mutable=yes"), Refresh("--mutable=yes", "--always-refresh=yes"), Unmerge, Merge(), Unmerge),
        new("Private and shared mounts under a hierarchy",
            root => root.Extension("foo").Tmpfs("etc/private", "private").Propagation("etc/private", Native.MS_PRIVATE)
                .Tmpfs("etc/private/shared", "shared").Propagation("etc/private/shared", Native.MS_SHARED),
            Merge(), Refresh("--always-refresh=yes"), Unmerge, Merge(), Systemd("unmerge")),
        new("A read-only mount under a hierarchy stays read-only",
            root => root.Extension("foo").File("data/file", "mounted\n").Bind("data/file", "etc/hosts")
                .MakeReadOnly("etc/hosts"),
            Merge("--mutable=yes"), Attempt("change etc/hosts", root => root.File("etc/hosts", "changed\n")), Unmerge),
        new("A mount with blanks and backslashes in its name is carried over",
            root => root.Extension("foo").Tmpfs("etc/odd name\\x", "odd"),
            Merge(), Refresh("--always-refresh=yes"), Unmerge),
        new("Two mounts on the same place are carried over in their order",
            root => root.Extension("foo").Tmpfs("etc/twice", "first").File("etc/twice/first", "first\n")
                .Tmpfs("etc/twice", "second").File("etc/twice/second", "second\n"),
            Merge(), Refresh("--always-refresh=yes"), Unmerge,
                Change("unmount the upper one", root => root.Unmount("etc/twice"))),
        new("What is mounted over a whole merge hides it",
            root => root.Extension("foo"),
            Merge(), Change("mount over etc", root => root.Tmpfs("etc", "over")), StatusJson,
                Change("unmount it", root => root.Unmount("etc")), StatusJson),
        new("Mounts are where they were after a merge that failed",
            root => Arrange(root).Extension("foo").RoutingDirectory(700),
            Merge("--mutable=auto"), StatusJson),
        new("systemd-confext carries over the mounts of what was merged",
            root => Arrange(root).Extension("foo"),
            Merge(), Systemd("--always-refresh=yes", "refresh"), Systemd("unmerge"), Systemd("merge"), Unmerge),
        new("systemd-confext unmerges from under mounts",
            root => Arrange(root).Extension("foo"),
            Merge(), Systemd("unmerge"), Merge(), Systemd("unmerge")),
        new("The mounts of what systemd-confext merged are carried over",
            root => Arrange(root).Extension("foo").RoutingLink("/etc"),
            Systemd("--mutable=auto", "merge"), Refresh("--mutable=auto", "--always-refresh=yes"), Unmerge),
    ];

    private static TestRoot Arrange(TestRoot root) => root
        .File("data/machine-id", "id\n").File("etc/machine-id", "").Bind("data/machine-id", "etc/machine-id")
        .Tmpfs("etc/outer", "outer", Native.MS_NOSUID).File("etc/outer/file", "outer\n")
        .Tmpfs("etc/outer/inner", "inner", Native.MS_NOEXEC).File("etc/outer/inner/file", "inner\n");
}
