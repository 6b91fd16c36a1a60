using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Checks;

/// <summary>All checks of the extensions of one class. Nothing is changed.</summary>
internal sealed class ExtensionCheck(Root root, ClassSettings settings, HostRelease host)
{
    private readonly SamePathCheck _paths = new();

    public List<Finding> Findings { get; } = [];

    /// <summary>To be called for all extensions that would be merged together, the topmost first.</summary>
    /// <param name="isAsked">Only what is wrong with these is reported; the others are there to be compared with.</param>
    public void Check(Extension extension, bool isAsked)
    {
        int before = Findings.Count;
        // As in Judgement: a broken extension is what is looked for, it ends nothing.
        try
        {
            extension.OpenImage(root, settings.ImagePolicy);
            CheckOpened(extension, isAsked);
        }
        catch (KernelException e)
        {
            Add(FindingId.Unusable, extension, extension.FoundPath, "cannot be used: " + e.Message, "repair it, or make it anew");
        }
        catch (InputException e)
        {
            Add(FindingId.Unusable, extension, extension.FoundPath, "cannot be used: " + e.Message, "repair it, or make it anew");
        }

        if (!isAsked)
            Findings.RemoveRange(before, Findings.Count - before);
    }

    private void CheckOpened(Extension extension, bool isAsked)
    {
        using SafeFileHandle top = extension.TryOpen(root, "/", Sys.O_PATH | Sys.O_DIRECTORY)
            ?? throw new InputException("it went away during the check");
        using SafeFileHandle readable = Sys.OpenAt(top, ".", Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (extension.Image is null && Sys.ReadDirectory(readable).Count == 0)
            return; // it masks the name, on purpose

        ReleaseCheck.Check(this, root, extension, host, top);
        OutsideCheck.Check(this, extension, settings.Hierarchies, top);
        TopDirectoryCheck.CheckOwner(this, extension, "/", Sys.Status(top));
        foreach (string hierarchy in settings.Hierarchies)
        {
            using SafeFileHandle? directory = extension.OpenHierarchy(root, hierarchy);
            if (directory is null)
                continue;
            TopDirectoryCheck.CheckOwner(this, extension, hierarchy, Sys.Status(directory));
            TopDirectoryCheck.CheckMode(this, root, extension, hierarchy, Sys.Status(directory));
            new TreeCheck(this, root, extension, settings.Hierarchies, _paths, isAsked).Check(directory, hierarchy);
        }
    }

    public void Add(string id, Extension extension, string place, string what, string fix) =>
        Findings.Add(new Finding(id, extension.Name, place, what, fix));
}
