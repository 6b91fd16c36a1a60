using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// The record by which diff tells frozen files later: made before the merge, while the machine's layer lies open, and written
/// when the merge has worked. Nothing of it makes a boot fail.
/// </summary>
internal sealed class ShadowedFiles
{
    private readonly ShadowedRecord _older;
    private readonly ShadowedRecord _record;

    private ShadowedFiles(ShadowedRecord older, ShadowedRecord record)
    {
        _older = older;
        _record = record;
    }

    /// <returns>null where nothing can be written down, or the machine's layer cannot be looked at.</returns>
    public static ShadowedFiles? Look(Session session, List<Survey> surveys)
    {
        try
        {
            using SafeFileHandle? directory = session.Root.TryOpenDirectory("/var/lib");
            if (directory is null || Sys.IsReadOnly(directory))
            {
                session.Log.Debug("No record of shadowed files is kept: " + session.Root.Outside("/var/lib") + " is not there, or read-only.");
                return null;
            }

            ShadowedRecord older = ShadowedRecord.Read(session.Root, session.Log);
            ShadowedRecord record = new();
            List<string> seen = [];
            using ChangedTrees trees = ChangedTrees.Open(session, surveys);
            foreach (ChangedTree tree in trees.Trees)
            {
                // What is kept in memory will be gone.
                if (tree.IsWhole)
                    continue;
                new ShadowedWalk(tree, record, older).Run();
                seen.Add(tree.Hierarchy);
            }

            record.AddAllOutside(seen, older);
            return new ShadowedFiles(older, record);
        }
        catch (KernelException e)
        {
            session.Log.Warning("The record of shadowed files is not kept: " + e.Message);
        }
        catch (InputException e)
        {
            // The merge will say the same, with what follows from it.
            session.Log.Debug("The record of shadowed files is not kept: " + e.Message + ".");
        }

        return null;
    }

    public void Write(Session session)
    {
        try
        {
            _record.Write(session.Root, _older);
        }
        catch (KernelException e)
        {
            session.Log.Warning("The record of shadowed files is not written: " + e.Message);
        }
    }
}
