namespace BootMerge.Changes;

/// <summary>Records an upper layer: every file in it that hides another, or did, and every opaque directory.</summary>
internal sealed class ShadowedWalk(ChangedTree tree, ShadowedRecord record, ShadowedRecord older) : TreeWalk(tree)
{
    protected override bool Enter(Entry entry)
    {
        if (entry.UpperHandle is null)
        {
            if (entry.Upper is not null && !entry.IsWhiteout)
                record.AddFile(Tree.Hierarchy, entry, older);
            return false;
        }

        if (entry.IsOpaque && entry.Redirect is null)
            record.AddOpaque(Tree.Hierarchy, entry, older);
        return true;
    }
}
