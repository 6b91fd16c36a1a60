using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Checks;

/// <summary>All checks of the extensions of one class. Nothing is changed.</summary>
/// <param name="asked">What is wrong with these is reported; others are there to be compared with.</param>
internal sealed class ExtensionCheck(Root root, ClassSettings settings, HostRelease host, List<Extension> asked)
{
    private readonly SamePathCheck _paths = new();

    public List<Finding> Findings { get; } = [];

    /// <summary>To be called for all extensions that would be merged together, the topmost first.</summary>
    public void Check(Extension extension)
    {
        // As in Judgement: a broken extension is what is looked for, it ends nothing.
        try
        {
            extension.OpenImage(root, settings.ImagePolicy);
            CheckOpened(extension);
        }
        catch (KernelException e)
        {
            Add(FindingId.Unusable, extension, extension.FoundPath, "cannot be used: " + e.Message, "repair it, or make it anew");
        }
        catch (InputException e)
        {
            Add(FindingId.Unusable, extension, extension.FoundPath, "cannot be used: " + e.Message, "repair it, or make it anew");
        }
    }

    public bool IsAsked(Extension extension) => asked.Contains(extension);

    private void CheckOpened(Extension extension)
    {
        using SafeFileHandle top = extension.TryOpen(root, "/", Sys.O_PATH | Sys.O_DIRECTORY)
            ?? throw new InputException("it went away during the check");
        using SafeFileHandle readable = Sys.OpenAt(top, ".", Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (extension.Image is null && !extension.IsGiven && Sys.ReadDirectory(readable).Count == 0)
            return; // it masks the name, on purpose

        ReleaseCheck.Check(this, root, extension, host, top);
        OutsideCheck.Check(this, extension, settings.Hierarchies, top);
        TopDirectoryCheck.CheckOwner(this, extension, "/", Sys.Status(top));
        foreach (string hierarchy in settings.Hierarchies)
        {
            using SafeFileHandle? directory = extension.OpenHierarchy(root, hierarchy);
            if (directory is null)
            {
                CheckMissing(extension, hierarchy, top);
                continue;
            }

            TopDirectoryCheck.CheckOwner(this, extension, hierarchy, Sys.Status(directory));
            TopDirectoryCheck.CheckMode(this, root, extension, hierarchy, Sys.Status(directory));
            new TreeCheck(this, root, extension, settings.Hierarchies, _paths).Check(directory, hierarchy);
        }
    }

    /// <summary>An extension need not have every hierarchy. If it has something there, that should be merged.</summary>
    private void CheckMissing(Extension extension, string hierarchy, SafeFileHandle top)
    {
        using SafeFileHandle? entry = Extension.TryOpenInside(top, hierarchy, Sys.O_PATH | Sys.O_NOFOLLOW);
        if (entry is not null)
            Add(FindingId.Hierarchy, extension, hierarchy, "is no directory and leads to none: nothing of it is merged", "make it a directory, or remove it");
    }

    /// <summary>Of an extension that is not asked for nothing is reported.</summary>
    public void Add(string id, Extension extension, string place, string what, string fix)
    {
        if (IsAsked(extension))
            Findings.Add(new Finding(id, extension.Name, place, what, fix));
    }
}
