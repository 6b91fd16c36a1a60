using System;
using System.Collections.Generic;
using System.Text.Json;

namespace BootMerge.DifferentialTests;

/// <summary>JSON as facts: each place has a name, so that an extra key is a difference of its own.</summary>
internal static class JsonFacts
{
    /// <param name="value">Called with each value that is neither an object nor an array.</param>
    /// <param name="enter">Called with each object before its members.</param>
    public static void Flatten(string name, JsonElement element,
        Action<string, JsonElement> value, Action<JsonElement>? enter = null)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                enter?.Invoke(element);
                foreach (JsonProperty member in element.EnumerateObject())
                    Flatten($"{name}.{member.Name}", member.Value, value, enter);
                break;
            case JsonValueKind.Array:
                int index = 0;
                foreach (JsonElement item in element.EnumerateArray())
                    Flatten($"{name}[{index++}]", item, value, enter);
                value($"{name} count", JsonSerializer.SerializeToElement(index));
                break;
            default:
                value(name, element);
                break;
        }
    }
}
