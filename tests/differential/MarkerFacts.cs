using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text.Json;

namespace BootMerge.DifferentialTests;

/// <summary>A marker as facts: its files and what they mean.</summary>
internal sealed class MarkerFacts(Bench bench, IDictionary<string, string> facts, TestedClass tested)
{
    public void Add(string hierarchy)
    {
        string directory = bench.Root[$"{hierarchy}/{tested.Marker}"];
        if (Native.Lstat(directory) is not { } status)
            return;
        string name = $"marker {hierarchy}/";
        facts[name + "."] = TreeFacts.Describe(directory, status, raw: false);
        foreach (string path in Directory.GetFileSystemEntries(directory))
        {
            string file = Path.GetFileName(path);
            Native.Statx entry = Native.Lstat(path)!.Value;
            facts[name + file] = $"{TreeFacts.KindOf(entry)} {Convert.ToString(entry.Mode & 0xFFF, 8)} "
                + $"{entry.Uid}:{entry.Gid}";
            if (entry.Type != Native.S_IFREG)
                continue;
            string content = File.ReadAllText(path);
            if (file == "origin")
                AddOrigin(name + "origin", content);
            else
                facts[name + file + " content"] = file switch
                {
                    "dev" => DeviceMeaning(content, Native.Lstat(bench.Root[hierarchy])!.Value, "the merged hierarchy"),
                    "backing" => DeviceMeaning(content, Native.Lstat(bench.Root.Path)!.Value, "the root"),
                    _ => content,
                };
        }
    }

    /// <summary>The extensions that the merge of <paramref name="hierarchy"/> says it has.</summary>
    public IEnumerable<(string Name, string Path)> ExtensionPaths(string hierarchy)
    {
        string origin = bench.Root[$"{hierarchy}/{tested.Marker}/origin"];
        if (Native.Lstat(origin) is null)
            yield break;
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(origin));
        if (!document.RootElement.TryGetProperty("extensions", out JsonElement extensions))
            yield break;
        foreach (JsonProperty extension in extensions.EnumerateObject())
            yield return (extension.Name, extension.Value.GetProperty("path").GetString()!);
    }

    private void AddOrigin(string name, string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        string? extension = null;
        JsonFacts.Flatten(name, document.RootElement, (fact, element) =>
        {
            string key = fact[(fact.LastIndexOf('.') + 1)..];
            facts[fact] = key switch
            {
                "onMountId" => ExtensionStatus(extension) is { } on
                    && element.ToString() == on.MountId.ToString(CultureInfo.InvariantCulture)
                    ? "the extension's mount" : "another mount",
                "crtime" => ExtensionStatus(extension) is { } born
                    && element.ToString() == born.BirthMicroseconds.ToString(CultureInfo.InvariantCulture)
                    ? "the extension's birth" : "another time",
                "mtime" => ExtensionStatus(extension) is { Type: not Native.S_IFDIR } changed
                    && element.ToString() == changed.ModificationMicroseconds.ToString(CultureInfo.InvariantCulture)
                    ? "the extension's last change" : element.GetRawText() is "0" ? "0" : "another time",
                "handle" => $"{element.ToString().Length} digits",
                _ => element.GetRawText(),
            };
        }, entered => extension = entered.TryGetProperty("path", out JsonElement path) ? path.GetString() : extension);
    }

    private static string DeviceMeaning(string content, Native.Statx of, string meaning) =>
        content == $"{of.DevMajor}:{of.DevMinor}\n" ? meaning : $"another device: {content}";

    /// <summary>Null if the extension has been replaced or removed since: then nothing is known.</summary>
    private Native.Statx? ExtensionStatus(string? path) =>
        path is null ? null : Native.Lstat(bench.Root[path.TrimStart('/')]);
}
