using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Checks;

/// <summary>All checks of the extensions of one class. Nothing is changed.</summary>
/// <param name="findings">An array, to which they are added.</param>
/// <param name="merged">Names of those that a merge would take.</param>
/// <param name="asked">Names: what is wrong with these is reported; others are there to be compared with.</param>
internal sealed class ExtensionCheck(Root root, ClassSettings settings, HostRelease host,
    List<string> merged, List<string> asked, JsonValue findings)
{
    private readonly SamePathCheck _paths = new();

    /// <summary>Somebody named what to check, and wants to know what is in it.</summary>
    public bool DescribesImages { get; init; }

    /// <summary>What is in the images that were asked for, a paragraph for each.</summary>
    public string Images { get; private set; } = "";

    /// <summary>To be called for all extensions that would be merged together, the topmost first.</summary>
    public void Check(Extension extension)
    {
        // As in Judgement: a broken extension is what is looked for, it ends nothing.
        try
        {
            if (DescribesImages && IsAsked(extension.Name)
                && extension.DescribeImage(root) is { Length: > 0 } description)
                Images += PathText.Printable(extension.Name + ": " + extension.FoundPath) + "\n" + description;
            if (extension.OpenImage(root, settings.ImagePolicy) is string refusal)
                Add(FindingId.ImagePolicy, extension, extension.FoundPath, "is not merged: ",
                    "sign or protect the image as the policy requires, or change ImagePolicy= or --image-policy=",
                    refusal);
            else
                CheckOpened(extension);
        }
        catch (Exception e) when (e is KernelException or InputException)
        {
            Add(FindingId.Unusable, extension, extension.FoundPath, "cannot be read: ",
                "repair it, or build it again", e.Message);
        }
    }

    public bool IsAsked(string extension) => asked.Has(extension);

    private void CheckOpened(Extension extension)
    {
        using SafeFileHandle top = extension.TryOpen(root, "/", Sys.O_PATH | Sys.O_DIRECTORY)
            ?? throw new InputException("it disappeared during the check");
        if (extension.Image is null && !extension.IsGiven && Sys.IsEmpty(top))
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
            if (extension.Image is null && !extension.IsGiven && root.PathOf(directory) is var path
                && PathName.IsOrIsBelow(path, hierarchy))
                Add(FindingId.Overlap, extension, hierarchy,
                "is inside the hierarchy that it extends, so it cannot be a layer of it: ",
                    "move the extension to a place outside, such as a search directory in /var/lib or /run", path);
            new TreeCheck(this, root, extension, settings.Hierarchies, _paths,
                extension.IsGiven || merged.Has(extension.Name)).Check(directory, hierarchy);
        }
    }

    /// <summary>An extension need not have every hierarchy. If it has something there, that should be merged.</summary>
    private void CheckMissing(Extension extension, string hierarchy, SafeFileHandle top)
    {
        using SafeFileHandle? entry = Extension.TryOpenInside(top, hierarchy, Sys.O_PATH | Sys.O_NOFOLLOW);
        if (entry is not null)
            Add(FindingId.Hierarchy, extension, hierarchy,
                "is neither a directory nor a symlink to one: nothing of it is merged",
                "make it a directory, or remove it");
    }

    public void Add(string id, Extension extension, string place, string what, string fix,
        string detail = "") =>
        Add(id, extension.Name, place, what, fix, detail);

    /// <summary>As <see cref="Finding.Add"/>; of an extension that is not asked for nothing is reported.</summary>
    public void Add(string id, string extension, string place, string what, string fix,
        string detail)
    {
        if (IsAsked(extension))
            Finding.Add(findings, id, extension, place, what, detail, fix);
    }
}
