using System;
using System.Collections.Generic;
using System.Text;
using CommunityToolkit.HighPerformance;

namespace BootMerge.Markers;

/// <summary>
/// The content of a marker directory, as systemd 262 writes and reads it: one small file for each property that is set.
/// </summary>
internal sealed class Marker
{
    /// <summary>File "dev": device number of the overlay that carries the marker, "0:47".</summary>
    public required string Device { get; init; }

    /// <summary>File "confexts" or "extensions": the merged extensions, lowest first.</summary>
    public required List<string> Names { get; init; }

    /// <summary>
    /// File "origin": JSON that tells a refresh whether anything has changed. null if the file is missing.
    /// </summary>
    public string? Origin { get; init; }

    /// <summary>
    /// File "work_dir": the persistent workdir, relative to the root, unescaped. null if there is none.
    /// </summary>
    public string? WorkDirectory { get; init; }

    /// <summary>
    /// File "backing": the hierarchy's device, if the hierarchy is a lower layer and on a block device.
    /// </summary>
    public string? Backing { get; init; }

    /// <summary>
    /// File "bootmerge-mode": a fallback's mode, or auto with nothing routed, which the origin cannot express. null if
    /// the origin states the mode.
    /// </summary>
    public string? Mode { get; init; }

    /// <summary>When the marker was written, in microseconds since the epoch.</summary>
    public ulong Since { get; init; }

    /// <summary>Names as the file has them: one a line.</summary>
    public static string NamesText(List<string> names)
    {
        StringBuilder text = new();
        foreach (string name in names)
            text.Append(name).Append('\n');
        return text.ToString();
    }

    public static List<string> ParseNames(string text)
    {
        List<string> names = [];
        foreach (ReadOnlySpan<char> name in text.Tokenize('\n'))
            if (!name.IsEmpty)
                names.Add(name.ToString());
        return names;
    }

    /// <summary>
    /// Whether a path from a marker is safe: relative, without an empty, "." or ".." component. Any other could lead
    /// out of the root.
    /// </summary>
    public static bool IsSafeRelativePath(string path)
    {
        if (path.Length == 0 || path.Contains('\0'))
            return false;
        foreach (ReadOnlySpan<char> component in path.Tokenize('/'))
            if (component is "" or "." or "..")
                return false;
        return true;
    }
}
