using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// The record by which diff tells frozen files later: made before the merge, while the machine's layers lie open. Nothing of
/// it makes a boot fail.
/// </summary>
internal sealed class ShadowedFiles
{
    private readonly Session _session;
    private readonly ShadowedRecord _older;
    private readonly ShadowedRecord _record = new();

    private ShadowedFiles(Session session)
    {
        _session = session;
        _older = ShadowedRecord.Read(session.Root, session.Log);
    }

    /// <summary>null where nothing can be written down.</summary>
    public static ShadowedFiles? Begin(Session session)
    {
        try
        {
            using SafeFileHandle? directory = session.Root.TryOpenDirectory("/var/lib");
            if (directory is not null && !Sys.IsReadOnly(directory))
                return new ShadowedFiles(session);
            session.Log.Debug("No record of shadowed files is kept: " + session.Root.Outside("/var/lib") + " is not there, or read-only.");
        }
        catch (KernelException e)
        {
            session.Log.Warning("No record of shadowed files is kept: " + e.Message);
        }

        return null;
    }

    public void Write(ChangedTrees trees)
    {
        List<string> hierarchies = [];
        foreach (ChangedTree tree in trees.Trees)
        {
            new ShadowedWalk(tree, _record, _older).Run();
            hierarchies.Add(tree.Hierarchy);
        }

        try
        {
            _record.AddAllOutside(hierarchies, _older);
            _record.Write(_session.Root, _older);
        }
        catch (KernelException e)
        {
            _session.Log.Warning("The record of shadowed files is not written: " + e.Message);
        }
    }
}
