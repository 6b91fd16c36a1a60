using System.Collections.Generic;
using BootMerge.Json;

namespace BootMerge.Markers;

/// <summary>The marker's origin file: what a merge was made from, and how.</summary>
internal static class Origin
{
    /// <param name="mode">The mode's name.</param>
    /// <param name="mutableDirectories">From each hierarchy to the directory that is written to or imported; both are
    /// paths inside the root.</param>
    /// <param name="mountOptions">Overlay options that replaced the default ones, or null.</param>
    /// <param name="extensions">Name and identity of each merged extension.</param>
    public static JsonValue Of(
        string mode,
        List<KeyValuePair<string, string>> mutableDirectories,
        string? mountOptions,
        List<KeyValuePair<string, JsonValue>> extensions)
    {
        JsonValue mutable = JsonValue.Object().Add("mode", mode);
        if (mutableDirectories.Count > 0)
        {
            JsonValue directories = JsonValue.Object();
            foreach (KeyValuePair<string, string> directory in mutableDirectories)
                directories.Add(directory.Key, JsonValue.String(directory.Value));
            mutable.Add("mutableDirs", directories);
        }

        JsonValue origin = JsonValue.Object().Add("mutable", mutable);
        if (mountOptions is not null)
            origin.Add("mountOptions", mountOptions);
        if (extensions.Count > 0)
        {
            JsonValue merged = JsonValue.Object();
            foreach (KeyValuePair<string, JsonValue> extension in extensions)
                merged.Add(extension.Key, extension.Value);
            origin.Add("extensions", merged);
        }

        return origin;
    }

    /// <summary>The same origin with new identities of some extensions.</summary>
    /// <param name="identify">Gets name and path; returns null to keep the identity.</param>
    public static JsonValue Reidentified(JsonValue origin, System.Func<string, string, JsonValue?> identify)
    {
        if (origin.Get("extensions") is not JsonValue extensions)
            return origin;
        JsonValue merged = JsonValue.Object();
        for (int i = 0; i < extensions.Items.Count; i++)
            merged.Add(extensions.Keys[i], identify(extensions.Keys[i], extensions.Items[i].Get("path")!.Text)
                ?? extensions.Items[i]);
        JsonValue other = JsonValue.Object();
        for (int i = 0; i < origin.Items.Count; i++)
            other.Add(origin.Keys[i], origin.Items[i]);
        return other.Add("extensions", merged);
    }

    /// <summary>true if a marker's origin says the same. One that cannot be read never does.</summary>
    public static bool IsSame(JsonValue origin, string? recorded) =>
        recorded is not null && JsonReader.TryParse(PathText.Encode(recorded)) is JsonValue other
            && (origin.Matches(other) || AsWritten(origin) is JsonValue own && own.Matches(other));

    /// <summary>The origin as it reads after writing, which changes bytes that are not UTF-8.</summary>
    private static JsonValue? AsWritten(JsonValue origin) =>
        JsonReader.TryParse(PathText.Encode(origin.ToCompactText()));

    /// <summary>The overlay options that replaced the defaults; null if the origin has none.</summary>
    public static string? MountOptionsOf(string? origin) =>
        origin is null
            || JsonReader.TryParse(PathText.Encode(origin))?.Get("mountOptions") is not { Kind: JsonKind.Text } options
            ? null : options.Text;

    /// <summary>
    /// The origin's part about where writes go; null if there is no origin, or an older systemd wrote it.
    /// </summary>
    public static JsonValue? Mutable(string? origin) => origin is null
        ? null : JsonReader.TryParse(PathText.Encode(origin))?.Get("mutable");

    /// <summary>The path inside the root from which an extension was merged; null if the origin does not say.</summary>
    public static string? PathOf(string? origin, string name) =>
        origin is null ? null
            : JsonReader.TryParse(PathText.Encode(origin))?.Get("extensions")?.Get(name)?.Get("path")?.Text;

    /// <summary>null if the origin does not say.</summary>
    public static MutableMode? ModeOf(string? origin) =>
        MutableModes.TryParse(Mutable(origin)?.Get("mode")?.Text ?? "", out MutableMode mode) ? mode : null;
}
