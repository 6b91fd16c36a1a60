using System;
using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// Finds the opaque directories of an upper layer under which nothing existed when the machine made them, and removes
/// their marks: then what the vendor now ships there shows. Each mark is one step, and a second run does the rest.
/// </summary>
internal sealed class MadeFirstWalk(ChangedTree tree, ShadowedRecord record) : TreeWalk(tree)
{
    private readonly List<Found> _found = [];
    private readonly List<string> _movedFrom = [];

    private sealed class Found(string path, string pathBelow, bool showsMore)
    {
        public string Path { get; } = path;

        public string PathBelow { get; } = pathBelow;

        public bool ShowsMore { get; } = showsMore;
    }

    /// <returns>Paths inside the root of directories in which something shows now that did not before.</returns>
    public List<string> TakeOff()
    {
        Run();
        List<string> shown = [];
        foreach (Found found in _found)
        {
            // What a redirect shows, or will show, at another place would be a stale handle at one of the two.
            if (_movedFrom.Exists(source => PathName.IsOrIsBelow(source, found.PathBelow)))
                continue;
            using SafeFileHandle? directory = Sys.TryOpenAt(
                Tree.Upper, found.Path.AsSpan(1), Sys.O_RDONLY | Sys.O_DIRECTORY | Sys.O_NOFOLLOW,
                    Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS, out _);
            if (directory is null)
                continue; // gone, or too deep
            Sys.RemoveXattr(directory, OverlayMark.Opaque);
            if (found.ShowsMore)
                shown.Add(Tree.Hierarchy + found.Path);
        }

        return shown;
    }

    protected override bool Enter(Entry entry)
    {
        if (entry.UpperHandle is null)
            return false;
        if (entry.Redirect is not null)
            _movedFrom.Add(entry.Source);
        if (record.IsMadeFirst(Tree.Hierarchy, entry))
        {
            _found.Add(new Found(entry.Path, entry.PathBelow, entry.Below is { IsDirectory: true }));
            // From here on its content is examined as it will be.
            entry.IsOpaque = false;
        }

        return true;
    }
}
