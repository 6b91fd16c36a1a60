using System.Collections.Generic;
using BootMerge.Extensions.Images;
using BootMerge.Json;

namespace BootMerge.Planning;

/// <summary>An extension that will be merged: its name, its layers, and what the marker says of it.</summary>
/// <param name="identity">Its entry in the marker's origin, as it is before the merge.</param>
/// <param name="layers">Hierarchy to the path of the extension's directory for it, inside the root or the image; empty directories left out.</param>
/// <param name="isShown">The identity is that of something mounted on purpose, not of what is found at its path.</param>
/// <param name="image">What the layers are in; null: in the root.</param>
internal sealed class AcceptedExtension(string name, JsonValue identity, List<KeyValuePair<string, string>> layers, DiskImage? image = null, bool isShown = false)
{
    public string Name { get; } = name;

    public JsonValue Identity { get; } = identity;

    public List<KeyValuePair<string, string>> Layers { get; } = layers;

    public DiskImage? Image { get; } = image;

    public bool IsShown { get; } = isShown;

    public string? LayerFor(string hierarchy)
    {
        foreach (KeyValuePair<string, string> layer in Layers)
            if (layer.Key == hierarchy)
                return layer.Value;
        return null;
    }
}
