using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// The record by which diff tells frozen files later: made before the merge, while the machine's layers lie open, and written
/// when the merge has worked. Nothing of it makes a boot fail.
/// </summary>
internal sealed class ShadowedFiles
{
    private readonly Session _session;
    private readonly ShadowedRecord _older;
    private readonly ShadowedRecord _record = new();
    private readonly List<string> _hierarchies = [];
    private readonly List<Survey> _seen = [];

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

    /// <param name="surveys">Those that the trees were opened for.</param>
    public void Look(ChangedTrees trees, List<Survey> surveys)
    {
        foreach (ChangedTree tree in trees.Trees)
        {
            // What is kept in memory will be gone.
            if (tree.IsWhole)
                continue;
            new ShadowedWalk(tree, _record, _older).Run();
            _hierarchies.Add(tree.Hierarchy);
        }

        _seen.AddRange(surveys);
    }

    /// <summary>Opening trees takes as long as a merge: only those that nobody has opened yet, and that can have a layer of the machine's.</summary>
    public void LookAtRest(List<Survey> surveys)
    {
        List<Survey> rest = surveys.FindAll(survey => !_seen.Contains(survey) && survey.Settings.Mode is (MutableMode.Auto or MutableMode.Yes or MutableMode.Import));
        if (rest.Count == 0)
            return;
        try
        {
            using ChangedTrees trees = ChangedTrees.Open(_session, rest);
            Look(trees, rest);
        }
        catch (KernelException e)
        {
            _session.Log.Warning("The record of shadowed files is not brought up to date: " + e.Message);
        }
        catch (InputException e)
        {
            // The merge will say the same, with what follows from it.
            _session.Log.Debug("The record of shadowed files is not brought up to date: " + e.Message + ".");
        }
    }

    public void Write()
    {
        try
        {
            _record.AddAllOutside(_hierarchies, _older);
            _record.Write(_session.Root, _older);
        }
        catch (KernelException e)
        {
            _session.Log.Warning("The record of shadowed files is not written: " + e.Message);
        }
    }
}
