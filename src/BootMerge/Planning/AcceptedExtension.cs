using System.Collections.Generic;
using BootMerge.Extensions;
using BootMerge.Json;

namespace BootMerge.Planning;

/// <summary>An extension that will be merged: its name, its layers, and its entry in the marker.</summary>
/// <param name="identity">Its entry in the marker's origin, as it is before the merge.</param>
/// <param name="layers">Topmost first if a hierarchy has several; empty directories are left out.</param>
/// <param name="isShown">The identity is that of something mounted on purpose, not of what is found at its
/// path.</param>
internal sealed class AcceptedExtension(string name, JsonValue identity, List<ExtensionLayer> layers,
    bool isShown = false)
{
    public string Name { get; } = name;

    public JsonValue Identity { get; } = identity;

    public List<ExtensionLayer> Layers { get; } = layers;

    public bool IsShown { get; } = isShown;

    /// <summary>The same extension with its layers replaced by the real ones.</summary>
    public AcceptedExtension WithLayers(List<ExtensionLayer> others) => new(Name, Identity, others, IsShown);
}
