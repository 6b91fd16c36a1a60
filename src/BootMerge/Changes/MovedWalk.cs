using System.Collections.Generic;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>Finds the directories of the layers below that the machine has moved.</summary>
internal sealed class MovedWalk(ChangedTree tree) : TreeWalk(tree)
{
    /// <summary>Where a directory is now, to where it was; inside the hierarchy. Only those that are still below.</summary>
    public List<KeyValuePair<string, string>> Moved { get; } = [];

    protected override bool Enter(Entry entry)
    {
        if (entry.Redirect is not string redirect)
            return entry.UpperHandle is not null;
        string from = redirect[0] == '/' ? redirect : entry.BelowPath + "/" + redirect;
        using SafeFileHandle? below = Sys.TryOpenAt(Tree.Below, from.TrimStart('/'), Sys.O_PATH | Sys.O_DIRECTORY, Sys.RESOLVE_BENEATH | Sys.RESOLVE_NO_SYMLINKS, out _);
        if (below is not null)
            Moved.Add(new KeyValuePair<string, string>(entry.Path, from));
        return true;
    }
}
