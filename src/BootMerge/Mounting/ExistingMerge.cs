using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Markers;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Mounting;

/// <summary>A merge, ours or systemd's, that is seen on a hierarchy.</summary>
internal sealed class ExistingMerge(ExtensionClass extensionClass, string hierarchy, Marker marker)
{
    public ExtensionClass Class { get; } = extensionClass;

    public string Hierarchy { get; } = hierarchy;

    public Marker Marker { get; } = marker;

    /// <summary>The topmost merge of each hierarchy of these classes that has one.</summary>
    public static List<ExistingMerge> FindAll(Root root, IReadOnlyList<ClassSettings> classes)
    {
        List<ExistingMerge> merges = [];
        foreach (ClassSettings settings in classes)
            foreach (string hierarchy in settings.Hierarchies)
                if (Find(root, settings.Class, hierarchy) is ExistingMerge merge)
                    merges.Add(merge);
        return merges;
    }

    public static ExistingMerge? Find(Root root, ExtensionClass extensionClass, string hierarchy)
    {
        using SafeFileHandle? handle = root.TryOpenDirectory(hierarchy);
        return handle is not null && MarkerDirectory.TryRead(handle, extensionClass) is Marker marker
            ? new ExistingMerge(extensionClass, hierarchy, marker)
            : null;
    }
}
