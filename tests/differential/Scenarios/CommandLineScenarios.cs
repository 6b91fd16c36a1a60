using System.Collections.Generic;
using System.IO;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>Verbs, options, and what they print: specification, section 2.</summary>
internal static class CommandLineScenarios
{
    public static IReadOnlyList<Scenario> All =>
    [
        new("status is the verb when there is none",
            root => root.Extension("foo"),
            Run(), Merge(), Run()),
        new("status in every format, merged and not",
            root => root.Extension("foo-1.9").Extension("foo-1.10"),
            Status, StatusJson, Run("status", "--json=pretty"), Run("status", "--json=off"), Run("status", "--no-legend"), Merge(), Status, StatusJson,
            Run("status", "--json=pretty"), Run("status", "--json=off"), Run("status", "--no-legend"), Run("status", "--no-pager")),
        new("list in every format",
            root => root.Extension("foo-1.9").Extension("a-much-longer-name", directory: "run/confexts"),
            List, ListJson, Run("list", "--json=pretty"), Run("list", "--json=off"), Run("list", "--no-legend"), Run("--no-pager", "list")),
        new("Options stand before and after the verb",
            root => root.Extension("foo"),
            Run("merge", "--mutable=ephemeral"), Run("refresh", "--mutable=ephemeral"), Run("--mutable=ephemeral", "refresh", "--always-refresh=yes"), Run("--", "status")),
        new("Booleans are modes on the command line",
            root => root.Extension("foo"),
            Merge("--mutable=1"), Unmerge, Merge("--mutable=off"), Unmerge, Merge("--mutable=true"), Unmerge, Merge("--mutable=no")),
        new("The modes are listed",
            root => root.Extension("foo"),
            Run("--mutable=help"), Run("--no-legend", "--mutable=help")),
        new("Words that are not known change nothing",
            root => root.Extension("foo"),
            Run("mrege"), Run("--colour"), Merge("--mutable=perhaps"), Merge("--noexec=perhaps"), Merge("--always-refresh=perhaps"),
            Run("--json=perhaps"), Run("merge", "foo"), Run("unmerge", "foo"), Run("refresh", "foo"), Run("status", "foo"), Run("list", "foo")),
        new("noexec is the default and can be taken away",
            root => root.Extension("foo"),
            Merge("--noexec=yes"), Unmerge, Merge("--noexec=no"), Unmerge, Merge("--noexec=no", "--mutable=yes"), Unmerge, Merge()),
        new("The root is given in other words",
            root => root.Extension("foo"),
            Run("--root=/tmp/r/", "merge"), Run("--root", "/tmp/../tmp//r/.", "status", "--json=short"), Run("--root=/tmp/r/", "list"),
            Run("--root=/tmp/r/", "refresh"), Refresh(), Run("--root=/tmp/r/", "unmerge")),
        new("A root that is a symlink",
            root => File.CreateSymbolicLink(root.Extension("foo").Path + "/../link", "r"),
            Run("--root=/tmp/link", "merge"), StatusJson, Run("--root=/tmp/link", "refresh"), Run("--root=/tmp/link", "list"), Unmerge),
        new("A root that is not there or no directory",
            root => root.Extension("foo"),
            Run("--root=/tmp/nowhere", "merge"), Run("--root=/tmp/nowhere", "refresh"), Run("--root=/tmp/nowhere", "unmerge"),
            Run("--root=/tmp/nowhere", "status"), Run("--root=/tmp/nowhere", "list"), Run("--root=/etc/passwd", "merge"),
            Run("--root=/etc/passwd", "status"), Run("--root=/etc/passwd", "list")),
        new("--force takes what does not fit",
            root => root.Extension("foo", "ID=other\n").Extension("bar"),
            Merge("--force"), StatusJson, Refresh("--force"), Refresh()),
        new("--no-reload is taken",
            root => root.Extension("foo"),
            Merge("--no-reload"), Refresh("--no-reload"), Run("unmerge", "--no-reload")),
        new("An image policy is taken",
            root => root.Extension("foo"),
            Merge("--image-policy=root=verity"), Unmerge, Merge("--image-policy=nonsense=x")),
    ];
}
