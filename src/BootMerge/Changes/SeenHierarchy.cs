using System;
using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Mounting;
using BootMerge.Planning;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// A hierarchy as everybody sees it. It is opened early, because the root without merges may later be in another
/// namespace, which does not have the merges.
/// </summary>
internal sealed class SeenHierarchy : IDisposable
{
    private readonly SafeFileHandle _withoutMounts;

    private SeenHierarchy(string hierarchy, SafeFileHandle directory)
    {
        Hierarchy = hierarchy;
        Directory = directory;
        _withoutMounts = ChangedTrees.WithoutMounts(directory, hierarchy);
    }

    /// <summary>As configured: "/etc".</summary>
    public string Hierarchy { get; }

    /// <summary>O_PATH, including what is mounted below it.</summary>
    public SafeFileHandle Directory { get; }

    /// <summary>The merge there; null if nothing is merged.</summary>
    public ExistingMerge? Merge { get; private init; }

    /// <summary>The merge's extensions, lowest layer first.</summary>
    private List<AcceptedExtension> Merged { get; init; } = [];

    /// <summary>One for each existing hierarchy.</summary>
    public static List<SeenHierarchy> OpenAll(Session session, List<Selection> selections)
    {
        List<SeenHierarchy> all = [];
        foreach (Selection selection in selections)
            foreach (string hierarchy in selection.Settings.Hierarchies)
            {
                if (session.Root.TryOpenDirectory(hierarchy) is not SafeFileHandle directory)
                    continue;
                ExistingMerge? merge = ExistingMerge.Find(session.Root, selection.Settings.Class, hierarchy);
                all.Add(new SeenHierarchy(hierarchy, directory)
                {
                    Merge = merge,
                    Merged = merge is null ? [] : selection.Merged(session, merge)
                });
            }

        return all;
    }

    /// <summary>What the merges of a class were made of, lowest layer first.</summary>
    public static List<AcceptedExtension> Extensions(List<SeenHierarchy> all, ExtensionClass extensionClass)
    {
        List<AcceptedExtension> extensions = [];
        foreach (SeenHierarchy seen in all)
            if (seen.Merge?.Class == extensionClass)
                extensions.AddAll(seen.Merged.FindAll(merged =>
                    !extensions.Exists(other => other.Name == merged.Name)));
        return extensions;
    }

    /// <summary>Without what is mounted below it, opened for reading.</summary>
    public SafeFileHandle OpenWithoutMounts() => Sys.Reopen(_withoutMounts, Sys.O_RDONLY | Sys.O_DIRECTORY);

    /// <summary>
    /// The mount that it is on, which is the merge if there is one; null if the table does not have it.
    /// </summary>
    public Mount? MountIn(MountTable table) => table.ById(Sys.MountNumber(Directory));

    public void Dispose()
    {
        Directory.Dispose();
        _withoutMounts.Dispose();
    }
}
