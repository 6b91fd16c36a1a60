using BootMerge.Json;

namespace BootMerge.Checks;

/// <summary>A fault in an extension, in the form in which --json= shows it.</summary>
internal static class Finding
{
    /// <param name="findings">A JSON array.</param>
    /// <param name="id">One of <see cref="FindingId"/>.</param>
    /// <param name="extension">The extension's name; null for an entry that is not an extension.</param>
    /// <param name="place">A path inside the extension, or the path of the extension itself.</param>
    /// <param name="what">Follows the place in the message: "is a device file".</param>
    /// <param name="detail">What only this finding says; follows <paramref name="what"/>.</param>
    /// <param name="fix">What to do, as an instruction.</param>
    public static void Add(JsonValue findings, string id, string? extension, string place,
        string what, string detail, string fix) =>
        findings.Add(JsonValue.Object()
            .Add("id", id)
            .Add("extension", extension is null ? JsonValue.Null() : JsonValue.String(extension))
            .Add("place", place)
            .Add("what", what + detail)
            .Add("fix", fix));
}

/// <summary>Scripts look for these words, so none is ever renamed. bootmerge-check(8) explains each.</summary>
internal static class FindingId
{
    public const string Compatibility = "compatibility";
    public const string Device = "device";
    public const string Entry = "entry";
    public const string Hierarchy = "hierarchy";
    public const string Identity = "identity";
    public const string ImagePolicy = "image-policy";
    public const string Marker = "marker";
    public const string Mode = "mode";
    public const string Opaque = "opaque";
    public const string OsRelease = "os-release";
    public const string OtherType = "other-type";
    public const string Outside = "outside";
    public const string Overlap = "overlap";
    public const string OverlayMark = "overlay-mark";
    public const string Owner = "owner";
    public const string ReleaseFile = "release-file";
    public const string SamePath = "same-path";
    public const string Setuid = "setuid";
    public const string Symlink = "symlink";
    public const string TopMode = "top-mode";
    public const string TopOwner = "top-owner";
    public const string Unusable = "unusable";
    public const string Whiteout = "whiteout";
}
