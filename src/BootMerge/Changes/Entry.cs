using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>A name in a directory of the upper layer, beside what the layers below have there.</summary>
internal sealed class Entry
{
    /// <summary>The directory's path inside the hierarchy: "/ssh", or "".</summary>
    public required string Parent { get; init; }

    public required string Name { get; init; }

    /// <summary>Inside the hierarchy: "/ssh/sshd_config". Put together anew each time: most entries are never told of.</summary>
    public string Path => Parent + "/" + Name;

    public required SafeFileHandle UpperDirectory { get; init; }

    /// <summary>null when the layers below have nothing where the parent is.</summary>
    public required SafeFileHandle? BelowDirectory { get; init; }

    /// <summary>Of <see cref="BelowDirectory"/>, inside the hierarchy: another one than of the parent below a directory that was moved.</summary>
    public required string BelowPath { get; init; }

    /// <summary>null when only the layers below have it; see <see cref="ChangedTree.IsWhole"/>.</summary>
    public required FileStatus? Upper { get; init; }

    /// <summary>null when the layers below have nothing of that name.</summary>
    public required FileStatus? Below { get; init; }

    /// <summary>Of a directory, opened for reading; else null.</summary>
    public SafeFileHandle? UpperHandle { get; init; }

    /// <summary>What is merged into the directory, opened for reading: what lies below it, or where it was moved from; or null.</summary>
    public SafeFileHandle? BelowHandle { get; init; }

    /// <summary>The directory hides what the layers below have inside it.</summary>
    public bool IsOpaque { get; set; }

    /// <summary>Where the directory was moved from, as overlayfs has it: a name beside it, or a path from the hierarchy; else null.</summary>
    public string? Redirect { get; init; }

    /// <summary>Where the layers below have what is merged into it, inside the hierarchy.</summary>
    public string Source => Redirect is ['/', ..] ? Redirect : BelowPath + "/" + (Redirect ?? Name);

    /// <summary>It hides what the layers below have of that name; gone through the merge.</summary>
    public bool IsWhiteout => Upper is { IsWhiteout: true };
}
