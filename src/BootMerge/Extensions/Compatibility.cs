using System;

namespace BootMerge.Extensions;

/// <summary>Whether a release file fits a system: the rules of os-release(5) and UAPI.4, in systemd's order.</summary>
internal static class Compatibility
{
    private const string Any = "_any";
    private const string DefaultScope = "system portable";

    public static Verdict Judge(ReleaseFile extension, HostRelease host, ExtensionClass extensionClass)
    {
        if (extension.IsEmpty)
            return Verdict.Rejected("its release file is empty (ID=_any is the least it needs)");

        string? scope = extension[extensionClass.ScopeKey];
        if (!Words.Contain(scope ?? DefaultScope, host.Scope))
            return Mismatch(extensionClass.ScopeKey, scope,
                "the system's scope is " + host.Scope + (scope is null ? ", the default is " + DefaultScope : ""));

        string? architecture = extension.NonEmpty("ARCHITECTURE");
        if (architecture is not null && architecture != Any && architecture != host.Architecture)
            return Mismatch("ARCHITECTURE", architecture, "the system is " + host.Architecture);

        string hostId = host.Release["ID"]!;
        string? id = extension.NonEmpty("ID");
        if (id is null)
            return Verdict.Rejected(MissingId(extension, hostId));
        if (id == Any)
            return Verdict.Accept;
        string? like = host.Release.NonEmpty("ID_LIKE");
        if (id != hostId && !Words.Contain(like ?? "", id))
            return Mismatch("ID", id, "the system has " + hostId + (like is null ? "" : " (like " + like + ")"));

        return JudgeVersion(extension, host.Release, extensionClass.LevelKey);
    }

    private static Verdict JudgeVersion(ReleaseFile extension, ReleaseFile host, string levelKey)
    {
        string? hostLevel = host.NonEmpty(levelKey);
        string? level = extension.NonEmpty(levelKey);
        if (hostLevel is not null && level is not null)
            return level == hostLevel ? Verdict.Accept : Mismatch(levelKey, level, "the system has " + hostLevel);

        // A rolling distribution has no version: an extension must fit what it ships today.
        string? hostVersion = host.NonEmpty("VERSION_ID");
        string? version = extension["VERSION_ID"];
        if (hostVersion is null || hostVersion == version)
            return Verdict.Accept;
        return Mismatch("VERSION_ID", version, "the system has " + hostVersion);
    }

    private static Verdict Mismatch(string key, string? value, string system) =>
        Verdict.Rejected(PathText.Printable((value is null ? "no " + key : key + "=" + value) + ", " + system));

    private static string MissingId(ReleaseFile extension, string hostId)
    {
        const string ByteOrderMark = "\uFEFF";
        return extension[ByteOrderMark + "ID"] is null
            ? PathText.Printable("no ID, the system has " + hostId + " (ID=_any fits every system)")
            : "its release file starts with a byte order mark, which hides its ID";
    }
}
