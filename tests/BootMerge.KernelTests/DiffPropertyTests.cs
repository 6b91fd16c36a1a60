using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// Random trees, changed at random through a real merge. diff reports every difference between the views, and only
/// those.
/// </summary>
public sealed class DiffPropertyTests : KernelTest
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, SweepPoints.IsWhole ? 1000 : 60)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Diff_tells_every_difference_and_nothing_else(int seed)
    {
        Random random = new(seed);
        Root.Route("/etc");
        Root.Extension("vendor", ("keep", "keep"));
        string vendor = Root.Raw + "/var/lib/confexts/vendor/etc";
        RandomTree.Grow(vendor, random, 25);
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        RandomTree.Change(Root.Etc, random, 30);
        Root.Expect("/etc");

        Dictionary<string, string> below = new(Files.Snapshot(vendor), StringComparer.Ordinal);
        Dictionary<string, string> seen = new(Files.Snapshot(Root.Etc)
            .Where(entry => !entry.Key.StartsWith("/.systemd-", StringComparison.Ordinal)), StringComparer.Ordinal);
        Check(below, seen);
        Root.Bootmerge("unmerge").Succeeds();
        Check(below, seen);
    }

    private void Check(Dictionary<string, string> below, Dictionary<string, string> seen)
    {
        List<(string Kind, string Path, string From)> told =
        [
            .. Root.Bootmerge("diff", "--json=short").Succeeds().Json().EnumerateArray()
                .Select(change => (change.GetProperty("change").GetString()!,
                Inside(change.GetProperty("path").GetString()!),
                Inside(change.GetProperty("from").GetString() ?? "/etc"))),
        ];
        List<(string Path, string From)> moves = [.. told.Where(change => change.Kind is "moved")
            .Select(change => (change.Path, change.From)).OrderByDescending(move => move.Path.Length)];

        foreach ((string kind, string path, string from) in told)
        {
            string? other = below.GetValueOrDefault(Origin(path, moves, kind is "moved"));
            string? now = seen.GetValueOrDefault(path);
            bool isSo = kind switch
            {
                "added" => now is not null && other is null,
                "modified" => now is not null && other is not null && now != other,
                "deleted" => now is null && other is not null,
                "replaced" => IsDirectory(now) && IsDirectory(other),
                "moved" => IsDirectory(now) && IsDirectory(below.GetValueOrDefault(from)),
                _ => false,
            };
            Assert.True(isSo, $"{kind} {path} is not so: below {other}, now {now}");
        }

        HashSet<string> paths = [.. told.Select(change => change.Path)];
        HashSet<string> gone = [.. told.Where(change => change.Kind is "deleted").Select(change => change.Path)];
        foreach (string path in seen.Keys.Concat(below.Keys).Where(path => path is not "/"))
        {
            string? other = below.GetValueOrDefault(Origin(path, moves, false));
            if (seen.GetValueOrDefault(path) == other || paths.Contains(path)
                || !seen.ContainsKey(path) && Parents(path)
                .Any(parent => gone.Contains(parent) || !IsDirectory(seen.GetValueOrDefault(parent))
                && paths.Contains(parent)))
                continue;
            Assert.Fail($"{path} is not told: below {other}, now {seen.GetValueOrDefault(path)}; told "
                + $"{string.Join(", ", told)}");
        }
    }

    private static string Inside(string path) => path["/etc".Length..];

    private static bool IsDirectory(string? description) =>
        description?.StartsWith("directory", StringComparison.Ordinal) ?? false;

    /// <summary>
    /// Where the layers below have what is seen at a path: elsewhere if the path or a directory above it was moved.
    /// </summary>
    private static string Origin(string path, List<(string Path, string From)> moves, bool isMoved)
    {
        foreach ((string to, string from) in moves)
            if (path == to && !isMoved || path.StartsWith(to + "/", StringComparison.Ordinal))
                return from + path[to.Length..];
        return path;
    }

    private static IEnumerable<string> Parents(string path)
    {
        for (int slash = path.LastIndexOf('/'); slash > 0; slash = path.LastIndexOf('/', slash - 1))
            yield return path[..slash];
    }
}
