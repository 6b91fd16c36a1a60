using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace BootMerge.DifferentialTests;

/// <summary>
/// The mounts below the root as facts: where, how, and for an overlay the stack in the words of the specification.
/// </summary>
internal sealed partial class MountFacts(Bench bench, IDictionary<string, string> facts, TestedClass tested)
{
    private static readonly HashSet<string> SlashMounts = ["proc", "dev", "sys", "run"];

    private readonly MarkerFacts markers = new(bench, facts, tested);

    public void Add(Scenario scenario)
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
            if (scenario.Root == RootKind.Slash
                && (SlashMounts.Contains(point) || (point == "usr" && scenario.Class == TestedClass.Confext)))
                continue;
            int depth = 0;
            for (Mount? below = mount; byId.TryGetValue(below.Parent, out below) && below.Point == mount.Point;)
                depth++;
            AddMount($"mount {point}[{depth}] ", mount, point);
        }
    }

    private void AddMount(string name, Mount mount, string point)
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
            layers.Add(LayerMeaning(layer, point, isLast: layers.Count == mount.Values("lowerdir").Count - 1));
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
    private string LayerMeaning(string layer, string hierarchy, bool isLast)
    {
        if (Relative(layer) == "/marker" || layer.StartsWith("/run/systemd/sysext/meta/", StringComparison.Ordinal))
            return "meta";
        string relative = Relative(layer);
        // systemd mounts each extension below a directory of its name. If a merge is mounted over, its origin cannot be
        // read.
        Match found = InSearchDirectory().Match(layer);
        bool hasImages = false;
        foreach ((string name, string path) in markers.ExtensionPaths(hierarchy))
        {
            if (relative.StartsWith(path + "/", StringComparison.Ordinal))
                return "extension " + name;
            bool isImage = IsImage(path);
            hasImages |= isImage;
            if (isImage && found.Success && found.Groups["name"].Value == name)
                return "image";
        }
        // For a detached mount, the kernel shows only the path inside it; in bootmerge's staging place, it also shows
        // which image. Without --root the hierarchy has such a path, too: it lies below all extensions.
        bool isInside = layer == "/" + hierarchy ? bench.RootPrefix.Length > 0
            || !isLast : Native.Lstat(bench.Root[relative.TrimStart('/')]) is null;
        if (hasImages && (isInside && !found.Success || StagedImage().IsMatch(relative)))
            return "image";
        if (relative == "/" + hierarchy)
            return "hierarchy";
        return found.Success ? "extension " + found.Groups["name"].Value : relative;
    }

    private bool IsImage(string path) => Native.Lstat(bench.Root[path.TrimStart('/')]) is { } status
        ? status.Type != Native.S_IFDIR : path.EndsWith(".raw", StringComparison.Ordinal);

    private string Relative(string path) =>
        path.StartsWith(bench.RootPrefix + "/", StringComparison.Ordinal) ? path[bench.RootPrefix.Length..] : path;

    [GeneratedRegex("^(lowerdir\\+?|upperdir|workdir)=", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex LayerOption();

    /// <summary>Each program's own place for files that last as long as the merge.</summary>
    [GeneratedRegex("^/run/systemd/sysext/mh_workspace/|^/(upper|work)$", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10000)]
    private static partial Regex InMemory();

    [GeneratedRegex("^/image\\.\\d+/", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10000)]
    private static partial Regex StagedImage();

    [GeneratedRegex("/(confexts|extensions)/(?<name>[^/]+)/", RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 10000)]
    private static partial Regex InSearchDirectory();
}
