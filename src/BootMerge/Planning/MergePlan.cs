using System.Collections.Generic;
using BootMerge.Extensions.Images;
using BootMerge.Json;

namespace BootMerge.Planning;

internal enum LayerKind
{
    Extension,

    /// <summary>The hierarchy's own directory.</summary>
    Hierarchy,

    /// <summary>The directory that the routing entry leads to, imported read-only.</summary>
    Routed,
}

/// <summary>One lowerdir.</summary>
/// <param name="name">The extension's name, or "etc" for the hierarchy and the routed directory.</param>
/// <param name="path">Resolved, inside the root or the image.</param>
/// <param name="image">That it is in; null: the layer is a directory of the root.</param>
internal sealed class Layer(LayerKind kind, string name, string path, ImageReference? image = null)
{
    public LayerKind Kind { get; } = kind;

    public string Name { get; } = name;

    public string Path { get; } = path;

    public ImageReference? Image { get; } = image;

    /// <summary>For people: inside the root, and in an image: "/var/lib/confexts/a.raw:/etc".</summary>
    public string Place => Image is null ? Path : Image.Path + ":" + Path;
}

/// <summary>Where writes go: upperdir and workdir, which overlayfs accepts only together.</summary>
internal abstract class UpperDirectory;

/// <summary>An upperdir in the root.</summary>
/// <param name="path">Of the upperdir, inside the root.</param>
/// <param name="createWithMode">Permission bits to create it with; null if it exists.</param>
/// <param name="workDirectory">Its path inside the root, on the same mount as the upperdir. The merge creates it, and
/// unmerge removes it.</param>
internal sealed class PersistentUpper(string path, uint? createWithMode, string workDirectory) : UpperDirectory
{
    public string Path { get; } = path;

    public uint? CreateWithMode { get; } = createWithMode;

    public string WorkDirectory { get; } = workDirectory;
}

/// <summary>An upperdir in a tmpfs, gone with the mount.</summary>
internal sealed class MemoryUpper : UpperDirectory;

/// <summary>An overlayfs option; without a value it is a flag.</summary>
internal sealed class OverlayOption(string key, string? value)
{
    public string Key { get; } = key;

    public string? Value { get; } = value;

    public override string ToString() => Value is null ? Key : Key + "=" + Value;
}

/// <summary>What is to be mounted on one hierarchy.</summary>
internal sealed class StackPlan
{
    public required ExtensionClass Class { get; init; }

    /// <summary>As configured: "/etc".</summary>
    public required string Hierarchy { get; init; }

    /// <summary>Where it is mounted: resolved, inside the root.</summary>
    public required string Target { get; init; }

    /// <summary>Whether the target does not exist and must be made first.</summary>
    public required bool CreateTarget { get; init; }

    /// <summary>Lower[0] is the topmost lowerdir, not counting the marker's layer, which is always above it.</summary>
    public required List<Layer> Lower { get; init; }

    /// <summary>null: the merge is read-only.</summary>
    public required UpperDirectory? Upper { get; init; }

    /// <summary>false: it shows only the machine's own files.</summary>
    public bool HasExtensions => Lower.Exists(static layer => layer.Kind == LayerKind.Extension);

    /// <summary>MOUNT_ATTR_* bits.</summary>
    public required uint Attributes { get; init; }

    public required List<OverlayOption> Options { get; init; }

    /// <summary>
    /// For the marker: the hierarchy's device, if the hierarchy is a lower layer and on a block device.
    /// </summary>
    public required string? Backing { get; init; }
}

/// <summary>A hierarchy that is not merged, and why.</summary>
internal sealed class SkippedHierarchy(ExtensionClass extensionClass, string hierarchy, string reason)
{
    public ExtensionClass Class { get; } = extensionClass;

    public string Hierarchy { get; } = hierarchy;

    public string Reason { get; } = reason;
}

/// <summary>Everything a merge of one class will do, before any of it is done.</summary>
internal sealed class MergePlan
{
    public required ExtensionClass Class { get; init; }

    public required MutableMode Mode { get; init; }

    /// <summary>
    /// The mode that the marker's origin states. It differs from <see cref="Mode"/> if systemd could not do the same.
    /// </summary>
    public required MutableMode RecordedMode { get; init; }

    /// <summary>The mode for the marker's own file; null if the two are the same.</summary>
    public string? MarkerMode => Mode == RecordedMode ? null : MutableModes.Name(Mode);

    /// <summary>Names, lowest layer first.</summary>
    public required List<string> Extensions { get; init; }

    public required List<StackPlan> Stacks { get; init; }

    public required List<SkippedHierarchy> Skipped { get; init; }

    /// <summary>The marker's origin file, with the extensions as found before the merge.</summary>
    public required JsonValue Origin { get; init; }

    /// <summary>Names of extensions whose entry in the origin does not describe what is found at their path.</summary>
    public required List<string> Shown { get; init; }
}

/// <summary>A plan, and the reason if it cannot be carried out.</summary>
internal sealed class PlanResult(MergePlan plan, string? refusal)
{
    /// <summary>Useful even if refused: the present merge may be exactly this one.</summary>
    public MergePlan Plan { get; } = plan;

    /// <summary>
    /// Names what cannot be used, and why. It is always about a routing entry; the boot stage's fallback depends on it.
    /// </summary>
    public string? Refusal { get; } = refusal;

    /// <summary>The plan; throws an <see cref="InputException"/> if it is refused.</summary>
    public MergePlan Accepted() => Refusal is null ? Plan : throw new InputException(Refusal);
}
