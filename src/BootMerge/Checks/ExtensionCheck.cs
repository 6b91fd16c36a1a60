using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Checks;

/// <summary>All checks of one class's extensions. Nothing is changed.</summary>
/// <param name="findings">A JSON array that receives the findings.</param>
/// <param name="merged">Names of the extensions that would be merged.</param>
/// <param name="asked">Names of the extensions to report on; others are only there for comparison.</param>
internal sealed class ExtensionCheck(Root root, ClassSettings settings, HostRelease host,
    List<string> merged, List<string> asked, JsonValue findings)
{
    private readonly SamePathCheck _paths = new();

    /// <summary>The user named what to check, and wants to know what the images contain.</summary>
    public bool DescribesImages { get; init; }

    /// <summary>Describes the images that were asked for, one paragraph each.</summary>
    public string Images { get; private set; } = "";

    /// <summary>To be called for all extensions that would be merged together, topmost first.</summary>
    public void Check(Extension extension)
    {
        // As in Judgement: the check looks for broken extensions, so one of them does not end it.
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

    /// <summary>An extension need not have every hierarchy. But what it has there should be merged.</summary>
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

    /// <summary>
    /// Like <see cref="Finding.Add"/>, but reports nothing about an extension that was not asked for.
    /// </summary>
    public void Add(string id, string extension, string place, string what, string fix,
        string detail)
    {
        if (IsAsked(extension))
            Finding.Add(findings, id, extension, place, what, detail, fix);
    }
}
