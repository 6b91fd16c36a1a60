using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace BootMerge.DifferentialTests;

/// <summary>
/// A file with what systemd's side of scenarios showed in an earlier run. Its name has a hash of all that decides what
/// is observed there: so a file is read only by runs that would observe the same.
/// </summary>
internal sealed class ReferenceCache(string directory, string hash)
{
    private const string Prefix = "systemd-", Suffix = ".json";

    public string FilePath { get; } = Path.Combine(directory, Prefix + hash + Suffix);

    /// <summary>Beside the sid root, or null if this program was not built from the sources above it.</summary>
    public static ReferenceCache? OfThisRun()
    {
        const string project = "BootMerge.DifferentialTests.csproj";
        string? found = Programs.FindUpward(project) ?? Programs.FindUpward("tests/differential/" + project);
        if (found is null)
            return null;
        SortedDictionary<string, string> sources = SourcesOf(found);
        DateTime built = File.GetLastWriteTimeUtc(typeof(ReferenceCache).Assembly.Location);
        foreach (string path in sources.Values)
        {
            // The hash would be of other sources than those that observe.
            if (File.GetLastWriteTimeUtc(path) > built)
                return null;
        }
        List<string> conditions =
        [
            Programs.SidRoot,
            // A sid root that was deleted is made again under the same name, with the packages of another day.
            ContentOf(Programs.SidRoot + "/var/lib/dpkg/status"),
            ContentOf("/proc/sys/kernel/osrelease"), ContentOf("/proc/sys/kernel/version"),
            Environment.Version.ToString(),
        ];
        foreach ((string name, string path) in sources)
            conditions.AddRange([name, ContentOf(path)]);
        return new ReferenceCache(Path.GetDirectoryName(Programs.SidRoot)!, HashOf(conditions));
    }

    /// <summary>Nothing, if there is no such file, or a damaged one.</summary>
    public Dictionary<string, List<Observation>> Read()
    {
        Dictionary<string, List<Observation>> references = new(StringComparer.Ordinal);
        try
        {
            string text = File.ReadAllText(FilePath);
            int end = text.IndexOf('\n', StringComparison.Ordinal) + 1;
            // A damaged file may still be JSON.
            if (text[..end] != HashOf([text[end..]]) + "\n"
                || JsonSerializer.Deserialize<Dictionary<string, SortedDictionary<string, string>[]>>(text[end..])
                    is not { } scenarios)
                return references;
            foreach ((string name, SortedDictionary<string, string>[] observations) in scenarios)
                references[name] = [.. Array.ConvertAll(observations, facts => new Observation(facts))];
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            references.Clear();
        }
        return references;
    }

    /// <summary>Replaces the file, and removes those of other hashes. Another run may do so at the same time.</summary>
    public void Write(IEnumerable<KeyValuePair<string, List<Observation>>> references)
    {
        SortedDictionary<string, List<IReadOnlyDictionary<string, string>>> scenarios = new(StringComparer.Ordinal);
        foreach ((string name, List<Observation> observations) in references)
            scenarios[name] = observations.ConvertAll(observation => observation.Facts);
        string json = JsonSerializer.Serialize(scenarios);
        string temporary = $"{FilePath}.{Path.GetRandomFileName()}";
        File.WriteAllText(temporary, HashOf([json]) + "\n" + json);
        File.Move(temporary, FilePath, overwrite: true);
        foreach (string other in Directory.GetFiles(Path.GetDirectoryName(FilePath)!, $"{Prefix}*{Suffix}*"))
        {
            if (!other.StartsWith(FilePath, StringComparison.Ordinal))
                File.Delete(other);
        }
    }

    /// <summary>Twelve digits. The length before each text keeps texts apart.</summary>
    public static string HashOf(IEnumerable<string> texts)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (string text in texts)
            hash.AppendData(Encoding.UTF8.GetBytes($"{text.Length} {text}"));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }

    private static string ContentOf(string path) => File.ReadAllText(path);

    /// <summary>The project and all that is compiled for it, by name.</summary>
    private static SortedDictionary<string, string> SourcesOf(string project)
    {
        string directory = Path.GetDirectoryName(project)!;
        SortedDictionary<string, string> sources = new(StringComparer.Ordinal)
        {
            [Path.GetFileName(project)] = project,
        };
        foreach (string path in Directory.EnumerateFiles(directory, "*.cs", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(directory, path);
            if (name.Split('/')[0] is not ("bin" or "obj"))
                sources[name] = path;
        }
        return sources;
    }
}
