using System.Collections.Generic;
using BootMerge.Json;

namespace BootMerge.Planning;

/// <summary>An extension that will be merged: its name, its layers, and what the marker says of it.</summary>
/// <param name="Identity">Its entry in the marker's origin.</param>
/// <param name="Layers">Hierarchy to the path of the extension's directory for it, inside the root; empty directories left out.</param>
internal sealed record AcceptedExtension(string Name, JsonValue Identity, List<KeyValuePair<string, string>> Layers)
{
    public string? LayerFor(string hierarchy)
    {
        foreach (KeyValuePair<string, string> layer in Layers)
            if (layer.Key == hierarchy)
                return layer.Value;
        return null;
    }
}
