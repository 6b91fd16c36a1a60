using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Text.RegularExpressions;
using System.Threading;

namespace BootMerge.DifferentialTests;

/// <summary>An intended difference, with its reason from the specification.</summary>
/// <param name="Scenario">Matches names of scenarios.</param>
/// <param name="Fact">Matches names of facts.</param>
/// <param name="Values">Matches systemd's value, then " => ", then bootmerge's. A value that does not exist is
/// "(nothing)".</param>
internal sealed record Allowance(string Scenario, string Fact, string Values, string Reason)
{
    private static readonly ConcurrentDictionary<string, Regex> compiled = new(StringComparer.Ordinal);

    private int uses;

    /// <summary>The names that it holds for. It must be needed for each of them.</summary>
    public CalledAs CalledAs { get; init; } = CalledAs.Both;

    public bool IsUsed => (CalledAs)Volatile.Read(ref uses) == CalledAs;

    /// <summary>If it covers the difference, it counts as used.</summary>
    public bool Covers(Difference difference)
    {
        bool covers = WouldCover(difference);
        if (covers)
            Interlocked.Or(ref uses, (int)difference.CalledAs);
        return covers;
    }

    public bool WouldCover(Difference difference) =>
        CalledAs.HasFlag(difference.CalledAs) && IsFor(difference.Scenario) && Matches(Fact, difference.Fact)
            && Matches(Values, $"{difference.Reference ?? "(nothing)"} => {difference.Subject ?? "(nothing)"}");

    public bool IsFor(string scenario) => Matches(Scenario, scenario);

    /// <summary>The whole text must match.</summary>
    private static bool Matches(string pattern, string text) =>
        compiled.GetOrAdd(pattern, _ => new Regex($"\\A(?:{pattern})\\z",
            RegexOptions.Singleline | RegexOptions.ExplicitCapture, Regex.InfiniteMatchTimeout)).IsMatch(text);
}

/// <summary>
/// Every intended difference of bootmerge. An allowance that no longer covers anything fails the run.
/// </summary>
internal static class AllowedDifferences
{
    /// <summary>
    /// What differs when one side merges and the other does not. The raw tree does not differ; exit statuses are listed
    /// separately.
    /// </summary>
    private const string AnythingMerged = "(mount|marker|merged|another mount) "
        + "(etc|usr|opt).*|(stdout|status|list).*|explains";

    /// <summary>The same, if writes that fail on one side work on the other.</summary>
    private const string Unmerged = AnythingMerged + "|raw .*|exit|outcome";

    /// <summary>bootmerge merges and systemd does not.</summary>
    private const string OnlyHere =
        @"\(nothing\) => .*|no => yes|null => .*|- => .*|0 => \d+|yes => \(nothing\)|/usr => ";

    private const string WithoutUsableImage = "An image without (a release file|the hierarchies)|"
        + "An image with another name's release file|An empty file is not an image"
        + "|A file of text is not an image|An image that is cut off|Images (of sysexts )?with the class in their names";

    private const string SelfImport = "(Sysexts, m|M)ode (import|ephemeral-import) with .*self-rout.*";

    /// <summary>At least one hierarchy has only the marker to merge.</summary>
    private const string NoLayer = "An (absent|empty) hierarchy without extensions in mode auto|Sysexts, an "
        + "(absent|empty) /opt that nobody fills in mode auto";

    public static readonly IReadOnlyList<Allowance> All =
    [
        new(SelfImport, AnythingMerged, OnlyHere,
            "a self-routed import is refused by systemd; here the machine's own files win over the extensions "
                + "(specification, section 6)") { CalledAs = CalledAs.Bootmerge },
        new(SelfImport, "exit", "1 => 0", "the same") { CalledAs = CalledAs.Bootmerge },
        new("The hierarchy's owner, ACL and xattrs are seen in the merge",
            "merged etc|raw var/lib/extensions.mutable/etc",
            "directory 775 0:0 => directory 775 7:8 system.posix_acl_access=.* trusted.note=.* user.note=.*",
            "the merged directory, and an upperdir that is created, keep the hierarchy's owner, ACL and xattrs "
                + "(specification, section 6)"),
        new("Sysexts, the hierarchies' modes and owners are seen in the merge",
            "merged opt|raw var/lib/extensions.mutable/opt",
            "directory 777 0:0 => directory 1777 0:0", "the same: the sticky bit is a part of the mode"),
        new("Sysexts, a routing entry that is a file .*", "raw var/lib/extensions.mutable/usr",
            @"directory 755 0:0 => \(nothing\)",
            "a merge that fails leaves nothing behind; systemd leaves the upper directories it made "
                + "(specification, section 8)"),
        new("A name with the separators of mount options", AnythingMerged, OnlyHere,
            "systemd hands all layers to mount(2) in one string and fails; names with , : and \\ work here "
                + "(specification, section 13)"),
        new("A name with the separators of mount options", "exit", "1 => 0", "the same"),
        new("A link to itself is not an extension", AnythingMerged, OnlyHere + "|nothing => JSON on one line",
            "one broken link does not keep all extensions from being merged (specification, section 4: links that lead "
                + "nowhere are skipped)"),
        new("A link to itself is not an extension", "exit|list --json exit", "1 => 0", "the same"),
        new("A hierarchy directory that is a symlink out of the extension", AnythingMerged, OnlyHere,
            "the hierarchy's directory of a directory extension may be a symlink into the root "
                + "(specification, section 4)"),
        new("An extension that is an empty directory", "marker etc/confexts content", "bar\nfits\n => fits\n",
            "what cannot be mounted is not accepted by --force (specification, section 5)"),
        new("An extension that is an empty directory",
            @"marker etc/origin\.extensions\.bar\..*|(stdout|status --json)\[0\]\.extensions.*|status row \d .*",
            @".* => \(nothing\)|2 => 1|(?<quote>""?)bar\k<quote> *=> \k<quote>fits\k<quote>",
            "the same"),
        new("An extension that ships usr/lib/os-release", AnythingMerged,
            @".*bar.* => (?!.*bar).*|2 => 1|.* => \(nothing\)",
            "such an extension is refused, also as a confext (specification, section 5)"),
        new("A refresh that fails because of the routing", "mount etc.*|marker etc.*|merged etc.*|(stdout|status).*",
            OnlyHere + "|directory 755 0:0 => directory 700 0:0",
            "a refresh that fails keeps the old stack; systemd has taken it away by then (specification, section 8)"),
        new("A refresh that fails because of the routing", @"raw var/lib/extensions\.mutable/\.systemd-etc-workdir.*",
            @"\(nothing\) => .*", "the same"),
        new("A refresh that fails because of the routing", "another mount etc", "yes => no|no => yes",
            "the same: there the refresh unmerges, here the last step does"),
        new("Called as systemd-confext, mode (import|ephemeral-import) refuses self-routing",
            "mount etc.*|marker etc.*|merged etc.*|status.*", OnlyHere,
            "the same: the merge that cannot be refreshed into a refused mode stays") { CalledAs = CalledAs.DropIn },
        new("Called as systemd-confext, mode (import|ephemeral-import) refuses self-routing",
            @"raw \.systemd-etc-workdir(/work)?", @"\(nothing\) => directory .*",
            "the same") { CalledAs = CalledAs.DropIn },
        new("Called as systemd-confext, mode (import|ephemeral-import) refuses self-routing", "another mount etc",
            "yes => no|no => yes", "the same") { CalledAs = CalledAs.DropIn },
        new("Mode auto with (no|a dangling) routing entry and no extension|"
            + "Sysexts, mode auto with (/opt routed to a directory|no routing entry) and no extension"
            + "|A masked only extension means none|Nothing but rejected extensions means none", Unmerged, ".*",
            "a merge without extensions would only make the hierarchy read-only: it is left alone where nothing is "
                + "routed (specification, section 6)") { CalledAs = CalledAs.Bootmerge },
        new("One of two hierarchies is filled by no extension|Sysexts, an extension of /usr alone",
            "(mount|marker|merged|another mount) opt.*|(stdout|status).*", ".*",
            "the same") { CalledAs = CalledAs.Bootmerge },
        new("Sysexts, another mode is a change", "(mount|marker|merged|another mount) (opt|usr).*|(stdout|status).*",
            ".*",
            "a refresh without a mode keeps that of the merge (specification, section 3)") { CalledAs =
                CalledAs.Bootmerge },
        new(NoLayer, AnythingMerged, OnlyHere,
            "without any layer systemd's mount fails; here nothing, or the hierarchy alone, is merged "
                + "(specification, section 6)"),
        new(NoLayer, "exit", "1 => 0", "the same"),
        new("A sysext (that ships usr/lib/os-release|whose (usr|opt) is a file)", AnythingMerged, OnlyHere,
            "one extension that cannot be merged is left out with its reason; systemd then merges none "
                + "(specification, section 5)"),
        new("A sysext (that ships usr/lib/os-release|whose (usr|opt) is a file)", "exit", "1 => 0", "the same"),
        new("Sysexts, an extension below /usr is found .*", "exit|explains", @"1 => 0|yes => \(nothing\)",
            "the kernel refuses a layer that lies in another one, and systemd fails; here the extension is left out "
                + "with that reason (specification, section 5: except what cannot be mounted)"),
        new("Configuration files that are directories, dangling or binary",
            @"mount etc.*|marker etc.*|merged etc.*|exit|explains|another mount etc|status.*",
            @".* => (\(nothing\)|-|null)|yes => no|0 => 1|1 => 0|\(nothing\) => (yes|file .*)",
                "a directory where a file is expected is an error, and nothing changes (specification, section 13)"),
        new("A hierarchy that is a file is an error|Sysexts, /opt that is a file", "(stdout|status|list).*",
            @"1 => 0|2 => 1|.*/opt.* => .*/usr.*|.* => \(nothing\)|\(nothing\) => .*|(nothing|JSON .*) => JSON on one line", "status leaves out a hierarchy that is not a directory, and list does not look at hierarchies"),
        new("A list of hierarchies that is not valid is refused", "list --json.*",
            @".* => \(nothing\)|0 => 1|JSON on one line => nothing",
            "a variable that is not valid is an error for every verb (specification, section 13)"),
        new("Sysexts, one hierarchy is merged already", AnythingMerged, OnlyHere,
            "a refresh brings every hierarchy up to date; systemd skips when the first that is merged needs nothing "
                + "(specification, section 2)"),
        new("An image that ships usr/lib/os-release", AnythingMerged,
            @".*foo.* => (?!.*foo).*|2 => 1|.* => \(nothing\)|<time> +=> -|.*ID=x.* => .*ID=test.*|.*image.* => (?!.*image).*| => .+",
            "systemd's --force lets an image replace the system's os-release, and a directory not; here neither does "
                + "(specification, section 5)"),
        new("A hierarchy deep in the tree has an escaped routing entry", "exit|explains|(stdout|status).*",
            @"1 => 0|yes => \(nothing\)|nothing => (a table|JSON .*)|\(nothing\) => .*",
            "systemd's status reads the time of the marker outside of --root"),
        new("A copy of a marker in .*", "marker etc/(confexts|dev) content",
            "(old\n|another device: 0:1\n) => (foo\n|the merged hierarchy)",
            "a copied marker in the upper hides systemd's own, so that it forgets its merge; here the marker is mounted "
                + "over it (specification, section 7)"),
        new("A copy of a marker in .*", @"mount etc/\.systemd-confext\[0\] (flags|root|source|type)",
            @".*noatime => .*relatime|/\.systemd-confext => /marker/\.systemd-confext|confext => bootmerge|overlay => tmpfs", "the same"),
        new("A copy of a marker in .*", "(stdout|status).*", OnlyHere, "the same"),
        new("A copy of a marker in .*", AnythingMerged, @".* => \(nothing\)|no => yes",
            "the same: systemd's unmerge does not see that it is merged"),
        new("A copy of a marker in .*", @"raw .*\.systemd-etc-workdir(/work)?", @"directory .* => \(nothing\)",
            "the same: and its workdir stays"),
        new("Routing into (an extension|the hierarchy)|A self-routed hierarchy that is a mount of its own|Sysexts, a "
            + "self-routed /usr that is a mount of its own|Overlay options that the kernel refuses",
            @"raw .*\.systemd-(etc|usr)-workdir(/work)?", @"directory .* => \(nothing\)",
                "a merge that fails leaves nothing behind; systemd leaves its workdir (specification, section 8)"),
        new("A leftover workdir is taken over and removed|Sysexts, a leftover workdir .*",
            @"raw \.systemd-(etc|opt)-workdir(/index)?", "directory 755 0:0 => .*", "the workdir is made anew"),
        new("A mount on a file that only an extension has, when it is unmerged", AnythingMerged + "|raw etc/foo.conf",
            OnlyHere + @"|.* => \(nothing\)",
            "systemd writes an empty file into the machine's /etc to mount on; here the unmerge fails, names the mount "
                + "and changes nothing (specification, section 6: none is lost)"),
        new("A mount on a file that only an extension has, when it is unmerged", "exit|explains",
            @"0 => 1|\(nothing\) => yes", "the same"),
        new("A mount on a file that only an extension has, when it is unmerged", "another mount etc", "yes => no",
            "the same: there the unmerge unmerges, here nothing does"),
        new("A mount on a file that is gone after a refresh", "mount etc.*|marker etc.*|merged etc.*|(stdout|status).*",
            OnlyHere + @"|0 => 2", "a refresh that fails keeps the old stack (specification, section 8)"),
        new("A mount on a file that is gone after a refresh", "another mount etc", "yes => no|no => yes", "the same"),
        new("A mount on a file that is gone after a refresh", "exit|explains", @"0 => 1|\(nothing\) => yes",
            "the same: nor does the merge go while the mount has no place without it"),
        new("Two mounts on the same place are carried over in their order", @"mount etc/twice\[\d\] .*",
            @"second => first|\(nothing\) => .*",
            "systemd carries over the upper one only, here all that are there (specification, section 6: in "
                + "their order)"),
        new("Routing into the hierarchy", AnythingMerged,
            @".* => \(nothing\)|yes => no|1 => 0|<time> +=> -|""<time>"" => null|foo +=> -|Too many levels of symbolic links => directory .*",
            "a merge whose upperdir lies in its own lowest layer shows ELOOP there: it is refused "
                + "(specification, section 6)"),
        new("Routing into the hierarchy", "exit|explains", @"0 => 1|\(nothing\) => yes", "the same"),
        new("An empty environment variable means the defaults", @"mount .* (flags|options)",
            ".*(relatime|rw,uuid=on) => .*(noatime|redirect_dir=on,rw,uuid=on)",
            "an empty variable would drop redirect_dir and metacopy: it counts as not set (specification, section 3)"),
        new("status in every format, merged and not|Sysexts, (nothing to find|every format of status and list)",
            "stdout form", "/(etc|opt|usr) .* => .*",
            "without a legend too, status says where writes go") { CalledAs = CalledAs.Bootmerge },
        new(".*", @"(list --json.*|stdout)\[\d+\]\.protection", @"\(nothing\) => null",
            "list says how far what is in an image is known") { CalledAs = CalledAs.Bootmerge },
        new(WithoutUsableImage, AnythingMerged, OnlyHere + @"|nothing => JSON on one line",
            "one extension that cannot be used is left out with its reason; systemd merges nothing then "
                + "(specification, section 5)") { CalledAs = CalledAs.Bootmerge },
        new(WithoutUsableImage, "exit", "1 => 0", "the same") { CalledAs = CalledAs.Bootmerge },
        new("An image that the policy refuses.*", AnythingMerged,
            OnlyHere + @"|nothing => JSON on one line|.*foo.* => (?!.*foo).*|.*image.* => (?!.*image).*|"
            + @".* => \(nothing\)|2 => 1| => .+|no => yes",
            "one image that the policy refuses is left out with its reason; systemd merges nothing then "
                + "(specification, section 5)") { CalledAs = CalledAs.Bootmerge },
        new("An image that the policy refuses.*", "exit", "1 => 0", "the same") { CalledAs = CalledAs.Bootmerge },
        new("A directory and an image of one name in one directory",
            @"stdout row 1 (PATH|TYPE)|list --json\[0\]\.(path|type)|marker etc/origin\.extensions\.foo\.(mtime|path)|mount etc\[0\] layers",
            ".*(raw|last change|image).* => .*",
                "in systemd the file system's order decides, here the directory wins on every file system "
                + "(specification, section 4)"),
        new(".*(with Xfs|with every file system.*)", "exit|explains|stderr|another mount (etc|opt|usr)",
            @"1 => 0|yes => \(nothing\)|no => yes|Failed to read metadata.* => .*",
            "systemd cannot mount an XFS image while it is merged, so that its refresh fails; here it is mounted with "
                + "nouuid (specification, section 12)"),
        new("The modes are listed", "stdout form",
            "(Known mutability modes:.*|no\nyes\n.*) => (Modes of "
            + "--mutable=)?.*no.*auto.*yes.*import.*ephemeral.*ephemeral-import.*",
            "messages are worded differently") { CalledAs = CalledAs.Bootmerge },
        new("Words that are not known change nothing|An image policy is taken|Sysexts, booleans and short "
            + "forms of modes", "exit", "1 => 2", "a usage error has the exit status 2 (specification, section 2)")
        { CalledAs = CalledAs.Bootmerge },
        new("Words that are not known change nothing", "exit|explains|stdout.*",
            @"1 => 0|yes => \(nothing\)|nothing => a table|\(nothing\) => .*", "list takes names of extensions")
        { CalledAs = CalledAs.Bootmerge },
        new("Private and shared mounts under a hierarchy", @"mount etc/private\[0\] propagation", "private => shared",
            "a mount is moved into the merge and back, and what is attached below a shared mount becomes shared "
                + "(specification, section 6: carried over)"),
        new("A root that is a symlink",
            @"marker etc/origin\.extensions\.foo\..*|mount etc\[0\] layers|stdout row 1 PATH",
            ".*(/tmp/link|another).* => .*",
            "systemd writes a path outside of the root into the marker"),
        new("A root that is not there or no directory", "exit|explains|stdout form",
            @"(0|a table|\(nothing\)) => (1|nothing|yes)",
            "a root that is not a directory is an error for every verb (specification, section 13)"),
        new(".*", @"(stdout|status( --json)?)(\[\d+\]\.(mode|writes)| row \d+ WRITES)", @"\(nothing\) => .*",
            "status also says whether the merge is mutable and where writes go (specification, section 2)") { CalledAs =
                CalledAs.Bootmerge },
        new(".*", @"(mount .*\] work|marker .*/work_dir content)", @"(?<work>.*-workdir\n?) => .*-workdir\.1\n?",
            "a refresh never writes through two stacks with one workdir: it alternates between two names "
                + "(specification, section 8)"),
    ];
}
