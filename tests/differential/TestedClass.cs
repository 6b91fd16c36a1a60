namespace BootMerge.DifferentialTests;

/// <summary>What the harness must know about one of the two classes of extensions (systemd-sysext(8)).</summary>
/// <param name="Marker">The name of the directory by which a merge is recognised.</param>
/// <param name="Hierarchies">What it merges, relative to the root.</param>
/// <param name="ReleaseDirectory">The release file's directory inside an extension.</param>
/// <param name="SearchDirectory">Where scenarios put extensions unless they say otherwise.</param>
internal sealed record TestedClass(string Name, string Marker, string[] Hierarchies, string ReleaseDirectory,
    string SearchDirectory)
{
    public static readonly TestedClass Confext = new("confext", ".systemd-confext", ["etc"], "etc/extension-release.d",
        "usr/lib/confexts");
    public static readonly TestedClass Sysext = new("sysext", ".systemd-sysext", ["usr", "opt"],
        "usr/lib/extension-release.d", "var/lib/extensions");

    /// <summary>systemd's program for the class, and bootmerge's name when it takes that program's place.</summary>
    public string Program => "systemd-" + Name;
}
