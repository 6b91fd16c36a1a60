using System.Collections.Generic;

namespace BootMerge.Extensions;

/// <summary>The pairs of an os-release or extension-release file (os-release(5)).</summary>
internal sealed class ReleaseFile
{
    private readonly Dictionary<string, string> _values = [];

    /// <summary>Why nothing in the file can be relied on; null if it can. A file with a problem has no pairs.</summary>
    public string? Problem { get; private init; }

    public bool IsEmpty => _values.Count == 0;

    /// <summary>null if absent; a key without a value is the empty string.</summary>
    public string? this[string key]
    {
        get => _values.TryGetValue(key, out string? value) ? value : null;
        set => _values[key] = value!;
    }

    /// <summary>null if absent or empty.</summary>
    public string? NonEmpty(string key) => this[key] is { Length: > 0 } value ? value : null;

    public static ReleaseFile Unusable(string problem) => new() { Problem = problem };
}
