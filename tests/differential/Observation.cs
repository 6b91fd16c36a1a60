using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Everything that is compared after a step, as facts: name and value. A name says the aspect and the place
/// ("mount etc[0] flags", "merged etc/hosts"); values are free of ids, times and paths that differ by run.
/// </summary>
internal sealed partial class Observation
{
    private const string Marker = ".systemd-confext";
    private static readonly HashSet<string> SlashMounts = ["proc", "dev", "sys", "run", "usr"];

    private readonly Bench bench;
    private readonly SortedDictionary<string, string> facts = new(StringComparer.Ordinal);

    private Observation(Bench bench) => this.bench = bench;

    public IReadOnlyDictionary<string, string> Facts => facts;

    public static Observation Of(Bench bench, Scenario scenario)
    {
        Observation observation = new(bench);
        observation.ObserveMounts(scenario);
        foreach (string hierarchy in scenario.Hierarchies)
        {
            observation.ObserveTree("merged", bench.Root[hierarchy], hierarchy);
            observation.ObserveMarker(hierarchy);
        }
        bench.WithoutMounts(raw =>
        {
            observation.ObserveTree("raw", raw, "");
            return 0;
        });
        observation.ObserveOutside();
        return observation;
    }

    public void Add(CommandResult result, bool withErrors)
    {
        facts["exit"] = result.ExitStatus.ToString(CultureInfo.InvariantCulture);
        ObserveOutput(WithoutTimes(result.Output));
        if (withErrors)
            facts["stderr"] = WithoutTimes(result.Errors);
        if (result.ExitStatus != 0)
            facts["explains"] = result.Errors.Trim().Length > 0 ? "yes" : "no";
    }

    /// <summary>A table by its cells and JSON by its keys: what one side has more than the other is a fact of its own.</summary>
    private void ObserveOutput(string output)
    {
        string[] lines = output.TrimEnd('\n').Split('\n');
        if (output.StartsWith('['))
        {
            facts["stdout form"] = lines.Length == 1 ? "JSON on one line" : "JSON indented by " + JsonSerializer.Serialize(Indentation().Match(lines[1]).Value);
            using JsonDocument document = JsonDocument.Parse(output);
            Flatten("stdout", document.RootElement, extension: null);
        }
        else if (TableHeader().IsMatch(output))
        {
            facts["stdout form"] = "a table";
            MatchCollection headers = Word().Matches(lines[0]);
            for (int row = 1; row < lines.Length; row++)
            {
                for (int column = 0; column < headers.Count; column++)
                {
                    int start = Math.Min(headers[column].Index, lines[row].Length);
                    int end = column + 1 < headers.Count ? Math.Min(headers[column + 1].Index, lines[row].Length) : lines[row].Length;
                    facts[$"stdout row {row} {headers[column].Value}"] = lines[row][start..end].TrimEnd();
                }
            }
        }
        else
            facts["stdout form"] = output.Length == 0 ? "nothing" : output;
    }

    public void Add(string name, string value) => facts[name] = value;

    /// <summary>Identities of the mounts at the hierarchies, to tell a skipped refresh from a repeated merge.</summary>
    public static Dictionary<string, ulong?> Identities(Bench bench, Scenario scenario)
    {
        Dictionary<string, ulong?> identities = [];
        foreach (string hierarchy in scenario.Hierarchies)
            identities[hierarchy] = Native.Lstat(bench.Root[hierarchy])?.MountId;
        return identities;
    }

    private void ObserveMounts(Scenario scenario)
    {
        List<Mount> mounts = Mount.ReadAll();
        Dictionary<int, Mount> byId = [];
        foreach (Mount mount in mounts)
            byId[mount.Id] = mount;
        foreach (Mount mount in mounts)
        {
            if (!mount.Point.StartsWith(bench.Root.Path + "/", StringComparison.Ordinal))
                continue;
            string point = mount.Point[(bench.Root.Path.Length + 1)..];
            if (scenario.Root == RootKind.Slash && SlashMounts.Contains(point))
                continue;
            int depth = 0;
            for (Mount? below = mount; byId.TryGetValue(below.Parent, out below) && below.Point == mount.Point;)
                depth++;
            ObserveMount($"mount {point}[{depth}] ", mount, point);
        }
    }

    private void ObserveMount(string name, Mount mount, string point)
    {
        facts[name + "type"] = mount.Type;
        facts[name + "source"] = mount.Source;
        facts[name + "root"] = mount.Root;
        facts[name + "flags"] = mount.Flags;
        facts[name + "propagation"] = mount.Propagation;
        if (mount.Type != "overlay" || mount.Root != "/")
            return;
        List<string> layers = [];
        foreach (string layer in mount.Values("lowerdir"))
            layers.Add(LayerMeaning(layer, point));
        facts[name + "layers"] = string.Join(" > ", layers);
        if (mount.Values("upperdir") is [string upper])
            facts[name + "upper"] = InMemory().IsMatch(Relative(upper)) ? "in memory" : Relative(upper);
        if (mount.Values("workdir") is [string work])
            facts[name + "work"] = InMemory().IsMatch(Relative(work)) ? "in memory" : Relative(work);
        List<string> rest = [];
        foreach (string option in Mount.SplitEscaped(mount.Options, ','))
        {
            if (!LayerOption().IsMatch(option))
                rest.Add(option);
        }
        rest.Sort(StringComparer.Ordinal);
        facts[name + "options"] = string.Join(',', rest);
    }

    /// <summary>What a lowerdir is, in the words of the specification.</summary>
    private string LayerMeaning(string layer, string hierarchy)
    {
        if (Relative(layer) == "/marker" || layer.StartsWith("/run/systemd/sysext/meta/", StringComparison.Ordinal))
            return "meta";
        string relative = Relative(layer);
        if (relative == "/" + hierarchy)
            return "hierarchy";
        foreach ((string name, string path) in ExtensionPaths(hierarchy))
        {
            if (relative.StartsWith(path + "/", StringComparison.Ordinal))
                return "extension " + name;
        }
        // systemd mounts each below a directory of its name; a merge that is mounted over has no origin to read.
        Match found = InSearchDirectory().Match(layer);
        return found.Success ? "extension " + found.Groups["name"].Value : relative;
    }

    private string Relative(string path) =>
        path.StartsWith(bench.RootPrefix + "/", StringComparison.Ordinal) ? path[bench.RootPrefix.Length..] : path;

    private IEnumerable<(string Name, string Path)> ExtensionPaths(string hierarchy)
    {
        string origin = bench.Root[$"{hierarchy}/{Marker}/origin"];
        if (Native.Lstat(origin) is null)
            yield break;
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(origin));
        if (!document.RootElement.TryGetProperty("extensions", out JsonElement extensions))
            yield break;
        foreach (JsonProperty extension in extensions.EnumerateObject())
            yield return (extension.Name, extension.Value.GetProperty("path").GetString()!);
    }

    private void ObserveMarker(string hierarchy)
    {
        string directory = bench.Root[$"{hierarchy}/{Marker}"];
        if (Native.Lstat(directory) is not { } status)
            return;
        string name = $"marker {hierarchy}/";
        facts[name + "."] = Describe(directory, status, raw: false);
        foreach (string path in Directory.GetFileSystemEntries(directory))
        {
            string file = Path.GetFileName(path);
            Native.Statx entry = Native.Lstat(path)!.Value;
            facts[name + file] = $"{KindOf(entry)} {Convert.ToString(entry.Mode & 0xFFF, 8)} {entry.Uid}:{entry.Gid}";
            if (entry.Type != Native.S_IFREG)
                continue;
            string content = File.ReadAllText(path);
            if (file == "origin")
                ObserveOrigin(name + "origin", content);
            else
                facts[name + file + " content"] = file switch
                {
                    "dev" => DeviceMeaning(content, Native.Lstat(bench.Root[hierarchy])!.Value, "the merged hierarchy"),
                    "backing" => DeviceMeaning(content, Native.Lstat(bench.Root.Path)!.Value, "the root"),
                    _ => content,
                };
        }
    }

    private static string DeviceMeaning(string content, Native.Statx of, string meaning) =>
        content == $"{of.DevMajor}:{of.DevMinor}\n" ? meaning : $"another device: {content}";

    private void ObserveOrigin(string name, string text)
    {
        using JsonDocument document = JsonDocument.Parse(text);
        Flatten(name, document.RootElement, extension: null);
    }

    private void Flatten(string name, JsonElement element, string? extension)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            if (element.TryGetProperty("path", out JsonElement path) && path.ValueKind == JsonValueKind.String)
                extension = path.GetString();
            foreach (JsonProperty property in element.EnumerateObject())
                Flatten($"{name}.{property.Name}", property.Value, extension);
            return;
        }
        if (element.ValueKind == JsonValueKind.Array)
        {
            facts[name + " count"] = element.GetArrayLength().ToString(CultureInfo.InvariantCulture);
            int index = 0;
            foreach (JsonElement item in element.EnumerateArray())
                Flatten($"{name}[{index++}]", item, extension);
            return;
        }
        facts[name] = name[(name.LastIndexOf('.') + 1)..] switch
        {
            "onMountId" => ExtensionStatus(extension) is { } on && element.ToString() == on.MountId.ToString(CultureInfo.InvariantCulture)
                ? "the extension's mount" : "another mount",
            "crtime" => ExtensionStatus(extension) is { } born && element.ToString() == born.BirthMicroseconds.ToString(CultureInfo.InvariantCulture)
                ? "the extension's birth" : "another time",
            "handle" => $"{element.ToString().Length} digits",
            _ => element.GetRawText(),
        };
    }

    /// <summary>Null when the extension has been replaced or removed since: then nothing can be said.</summary>
    private Native.Statx? ExtensionStatus(string? path) =>
        path is null ? null : Native.Lstat(bench.Root[path.TrimStart('/')]);

    private void ObserveTree(string aspect, string path, string relative)
    {
        Native.Statx status;
        try
        {
            if (Native.Lstat(path) is not { } found)
            {
                facts[$"{aspect} {relative}"] = "absent";
                return;
            }
            status = found;
        }
        catch (NativeException refused)
        {
            // overlayfs lets nobody into its own workdir, should one lie in a layer.
            facts[$"{aspect} {relative}"] = Marshal.GetPInvokeErrorMessage(refused.Errno);
            return;
        }
        facts[$"{aspect} {relative}"] = Describe(path, status, raw: aspect == "raw");
        // What overlayfs keeps in its workdir is named by inode numbers, and its own business.
        if (status.Type != Native.S_IFDIR || relative.EndsWith("-workdir/work", StringComparison.Ordinal))
            return;
        foreach (string entry in Directory.GetFileSystemEntries(path))
        {
            string name = Path.GetFileName(entry);
            if (aspect == "merged" && name == Marker)
                continue;
            if (aspect == "raw" && relative.Length == 0 && name is "bootmerge" or "systemd-confext")
                continue;
            ObserveTree(aspect, entry, relative.Length == 0 ? name : relative + "/" + name);
        }
    }

    private static string Describe(string path, Native.Statx status, bool raw)
    {
        StringBuilder text = new();
        text.Append(KindOf(status)).Append(' ');
        if (status.Type == Native.S_IFLNK)
            text.Append("-> ").Append(new FileInfo(path).LinkTarget).Append(' ');
        else
            text.Append(Convert.ToString(status.Mode & 0xFFF, 8)).Append(' ');
        text.Append(status.Uid).Append(':').Append(status.Gid);
        if (status.Type is Native.S_IFCHR or Native.S_IFBLK)
            text.Append($" device {status.RdevMajor}:{status.RdevMinor}");
        if (status.Type == Native.S_IFREG)
            text.Append(' ').Append(ContentOf(path));
        string[] names = Native.ListXattrs(path);
        Array.Sort(names, StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (IsCompared(name, raw))
                text.Append($" {name}={Convert.ToHexString(Native.GetXattr(path, name))}");
        }
        return text.ToString();
    }

    /// <summary>Of overlayfs's own, those that decide what is seen through a layer; the rest is bookkeeping.</summary>
    private static bool IsCompared(string xattr, bool raw) => xattr switch
    {
        "trusted.overlay.opaque" or "trusted.overlay.redirect" or "trusted.overlay.metacopy" => raw,
        "security.selinux" => false,
        _ => !xattr.StartsWith("trusted.overlay.", StringComparison.Ordinal),
    };

    private static string KindOf(Native.Statx status) => status.Type switch
    {
        Native.S_IFDIR => "directory",
        Native.S_IFREG => "file",
        Native.S_IFLNK => "link",
        Native.S_IFCHR => "character",
        Native.S_IFBLK => "block",
        Native.S_IFIFO => "fifo",
        Native.S_IFSOCK => "socket",
        _ => "unknown",
    };

    private static string ContentOf(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        return bytes.Length <= 200
            ? JsonSerializer.Serialize(Encoding.UTF8.GetString(bytes))
            : Convert.ToHexString(SHA256.HashData(bytes));
    }

    /// <summary>What appeared beside the root. The two programs' own directories in /run are theirs.</summary>
    private void ObserveOutside()
    {
        foreach (string directory in (string[])["run", "tmp"])
        {
            foreach (string entry in Directory.GetFileSystemEntries(Path.Combine(bench.Outside, directory)))
            {
                string name = $"{directory}/{Path.GetFileName(entry)}";
                if (name is not ("run/systemd" or "run/bootmerge" or "tmp/r" or "tmp/bootmerge" or "tmp/systemd-confext" or "tmp/root.img" or "tmp/link"))
                    facts["outside " + name] = "there";
            }
        }
    }

    private static string WithoutTimes(string text)
    {
        // As long as the time was: the columns of a table stay where they are.
        text = TimeText().Replace(text, time => "<time>".PadRight(time.Length));
        text = TimeNumber().Replace(text, "${key}\"<time>\"");
        return TrailingBlanks().Replace(text, "");
    }

    [GeneratedRegex("^(lowerdir\\+?|upperdir|workdir)=", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex LayerOption();

    /// <summary>Each program's own place for what lasts as long as the merge.</summary>
    [GeneratedRegex("^/run/systemd/sysext/mh_workspace/|^/(upper|work)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex InMemory();

    [GeneratedRegex("/confexts/(?<name>[^/]+)/", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex InSearchDirectory();

    [GeneratedRegex("[A-Z][a-z][a-z] \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex TimeText();

    [GeneratedRegex("(?<key>\"(since|time)\"\\s*:\\s*)\\d{16}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex TimeNumber();

    [GeneratedRegex("^[ \\t]*", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex Indentation();

    [GeneratedRegex("^(HIERARCHY|NAME) ", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex TableHeader();

    [GeneratedRegex("[^ ]+", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex Word();

    [GeneratedRegex("[ \\t]+$", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 10000)]
    private static partial Regex TrailingBlanks();
}
