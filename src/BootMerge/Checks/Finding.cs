namespace BootMerge.Checks;

/// <summary>Something that is wrong with an extension.</summary>
/// <param name="id">One of <see cref="FindingId"/>.</param>
/// <param name="extension">The extension's name; of an entry that is none, empty.</param>
/// <param name="place">A path inside the extension, or of the extension itself.</param>
/// <param name="what">To stand behind the place: "is a device file".</param>
/// <param name="fix">What to do, as an order.</param>
internal sealed class Finding(string id, string extension, string place, string what, string fix)
{
    public string Id { get; } = id;

    public string Extension { get; } = extension;

    public string Place { get; } = place;

    public string What { get; } = what;

    public string Fix { get; } = fix;
}

/// <summary>Scripts look for these words: one is never renamed. Each is explained in bootmerge(8).</summary>
internal static class FindingId
{
    public const string Compatibility = "compatibility";
    public const string Device = "device";
    public const string Entry = "entry";
    public const string Hierarchy = "hierarchy";
    public const string Marker = "marker";
    public const string Opaque = "opaque";
    public const string OsRelease = "os-release";
    public const string Outside = "outside";
    public const string ReleaseFile = "release-file";
    public const string SamePath = "same-path";
    public const string Setuid = "setuid";
    public const string Symlink = "symlink";
    public const string TopMode = "top-mode";
    public const string TopOwner = "top-owner";
    public const string Unusable = "unusable";
    public const string Whiteout = "whiteout";
}
