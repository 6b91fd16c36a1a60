using System;
using System.Collections.Generic;
using BootMerge.Changes;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Linux;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs;

/// <summary>
/// The record with which diff later finds frozen files, and the next boot learns whether a directory hides anything on
/// purpose. It is made before the merge, while the machine's layers are uncovered. None of this fails a boot.
/// </summary>
internal sealed class ShadowedFiles
{
    private const int TextLimit = 1 << 16;

    private readonly Session _session;
    private readonly ShadowedRecord _older;
    private readonly ShadowedRecord _record = new();
    private bool _isWritten;

    private ShadowedFiles(Session session)
    {
        _session = session;
        _older = ShadowedRecord.Read(session.Root, session.Log);
    }

    /// <summary>null if nothing can be recorded.</summary>
    public static ShadowedFiles? Begin(Session session)
    {
        try
        {
            using SafeFileHandle? directory = session.Root.TryOpenDirectory("/var/lib");
            if (directory is not null && !Sys.IsReadOnly(directory))
                return new ShadowedFiles(session);
            session.Log.Debug("No record of shadowed files is kept: " + session.Root.Outside("/var/lib")
                + " is missing or read-only.");
        }
        catch (KernelException e)
        {
            session.Log.Warning("No record of shadowed files is kept: " + e.Message);
        }

        return null;
    }

    /// <summary>
    /// After a merge in the running system: if boot keeps a record, it must include what can be hidden or edited from
    /// now on.
    /// </summary>
    public static void KeepUp(Session session)
    {
        ShadowedFiles? files = null;
        try
        {
            if (!ShadowedRecord.Exists(session.Root) || Begin(session) is not ShadowedFiles begun)
                return;
            files = begun;
            List<Selection> selections = [];
            foreach (ClassSettings settings in session.Settings.Classes)
                selections.Add(Selection.Make(session, settings, VendorDefaults.AsExtension(session.Root)));
            using ChangedTrees trees = ChangedTrees.Open(session, selections);
            files.Write(trees, selections, isRunning: true);
        }
        catch (KernelException e)
        {
            session.Log.Warning("The record of shadowed files cannot be updated: " + e.Message);
        }
        catch (InputException e)
        {
            session.Log.Warning("The record of shadowed files cannot be updated: " + e.Message + ".");
        }
        catch (OutOfMemoryException)
        {
            session.Log.Warning("The record of shadowed files cannot be updated: the trees are too large for "
                + "bootmerge's memory limit.");
        }

        files?.RemoveUnlessWritten();
    }

    /// <summary>See <see cref="MadeFirstWalk"/>. The upper layer must not be part of a merge.</summary>
    /// <returns>Paths inside the root of directories in which something shows now that did not before.</returns>
    public List<string> TakeOffMarks(ChangedTree tree)
    {
        List<string> shown = new MadeFirstWalk(tree, _older).TakeOff();
        foreach (string path in shown)
            _session.Log.Info("What the layers below have in " + PathText.Printable(path)
                + " shows now: the machine made that directory before they had it.");
        return shown;
    }

    /// <param name="selections">What the trees are made of.</param>
    /// <param name="isRunning">What was below before may have been hidden on purpose since.</param>
    public void Write(ChangedTrees trees, List<Selection> selections, bool isRunning)
    {
        List<string> hierarchies = [];
        bool isComplete = true;
        foreach (ChangedTree tree in trees.Trees)
        {
            // A merge in memory has no upper layer that outlives it.
            if (tree.IsWhole)
                continue;
            isComplete = isComplete && new BelowWalk(tree, VersionOf(selections, tree), _record, _older).Run();
            if (isRunning)
                _record.AddBelowOf(tree.Hierarchy, _older);
            new ShadowedWalk(tree, _record, _older).Run();
            hierarchies.Add(tree.Hierarchy);
        }

        _record.AddAllOutside(hierarchies, _older);
        if (!isComplete)
        {
            _session.Log.Warning("There are more than " + ShadowedRecord.MaximumBelow.ToString()
                + " files in the layers below: the record of shadowed files does not contain them.");
            _record.ForgetBelow();
        }

        try
        {
            _record.Write(_session.Root, _older);
            _isWritten = true;
        }
        catch (KernelException e)
        {
            _session.Log.Warning("The record of shadowed files cannot be written: " + e.Message);
        }
    }

    /// <summary>
    /// Otherwise a record of an earlier boot would be treated as that of the machine's last run, and what was deleted
    /// since would reappear. Without a record, nothing is known.
    /// </summary>
    public void RemoveUnlessWritten()
    {
        if (_isWritten)
            return;
        try
        {
            ShadowedRecord.Remove(_session.Root);
        }
        catch (KernelException e)
        {
            _session.Log.Warning("An old record of shadowed files cannot be removed: " + e.Message
                + ". Remove it by hand.");
        }
    }

    /// <summary>
    /// Distinguishes versions whose files look the same on the disk, such as those of an image that was rebuilt with
    /// the same times. A needless change only costs one reading of all files.
    /// </summary>
    private string VersionOf(List<Selection> selections, ChangedTree tree)
    {
        Root root = _session.Root;
        string text = TextOf("/proc/version") + TextOf("/proc/cmdline");
        foreach (string path in new[] { "/usr/lib/os-release", "/etc/os-release" })
            if (root.TryOpen(path) is SafeFileHandle file)
                using (file)
                    text += Sys.Status(file).IsRegular
                        ? PathText.Decode(Root.ReadFile(file, root.Outside(path), TextLimit)) : "";
        using (SafeFileHandle? usr = root.TryOpen("/usr"))
            text += usr is null ? "" : Sys.FileSystemOf(usr) + "\n";
        foreach (Selection selection in selections)
            foreach (Candidate candidate in selection.Candidates)
                if (selection.Settings.Class == tree.Class && candidate.Verdict.Accepted)
                    text += Marked(candidate.Extension) + "\n";
        return Digest.Of(text);
    }

    private static string Marked(Extension extension)
    {
        FileStatus status = extension.Status;
        return extension.Path + (extension.Kind != ExtensionKind.Image
            ? "" : " " + status.Inode.ToString() + " " + status.Size.ToString() + " "
            + status.BirthTime.ToString() + " " + status.ModificationTime.ToString() + " "
            + status.ChangeTime.ToString());
    }

    private static string TextOf(string path)
    {
        using SafeFileHandle? file = Sys.TryOpen(path, Sys.O_RDONLY);
        return file is null ? "" : PathText.Decode(Sys.ReadAll(file, TextLimit, path));
    }
}
