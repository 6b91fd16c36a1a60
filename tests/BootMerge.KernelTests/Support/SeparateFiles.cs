using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Mono.Unix.Native;
using Xunit;

namespace BootMerge.KernelTests.Support;

/// <summary>Proves that each name in a merge is a file of its own.</summary>
internal static class SeparateFiles
{
    /// <summary>
    /// Appends to every file its own path, and looks where that has arrived: only there, and at the file's hard links
    /// in the machine's layer. Other kinds of files are told apart by their inodes. Hard links in a layer below are one
    /// file until one of them is copied up.
    /// </summary>
    /// <param name="upper">The machine's own layer.</param>
    public static void Prove(string merged, string upper)
    {
        List<string> paths = [.. Files.Snapshot(merged).Keys.Where(path =>
            path is not "/" && !path.StartsWith("/.systemd-", StringComparison.Ordinal)
            && !IsDirectory(merged + path))];
        Dictionary<string, string> owners = new(StringComparer.Ordinal);
        Dictionary<string, string> expected = new(StringComparer.Ordinal);
        foreach (string path in paths)
        {
            Stat status = Files.Status(merged + path);
            string inode = $"{status.st_dev} {status.st_ino}";
            if (owners.TryGetValue(inode, out string? other))
                Assert.True(AreLinked(upper + path, upper + other) || status.st_nlink > 1
                    && !Files.Exists(upper + path) && !Files.Exists(upper + other), $"{path} and {other} are one file");
            owners[inode] = path;
            if (IsRegular(status))
                expected[path] = File.ReadAllText(merged + path);
        }

        foreach (string path in expected.Keys)
        {
            File.AppendAllText(merged + path, path + "\n");
            foreach (string other in expected.Keys.Where(other => other == path
                || AreLinked(upper + path, upper + other)).ToList())
                expected[other] += path + "\n";
        }

        Assert.Equal(expected, expected.Keys.ToDictionary(path => path, path => File.ReadAllText(merged + path),
            StringComparer.Ordinal));
    }

    private static bool AreLinked(string one, string other) =>
        Files.Exists(one) && Files.Exists(other) && Files.Status(one).st_ino == Files.Status(other).st_ino;

    private static bool IsDirectory(string path) =>
        (Files.Status(path).st_mode & FilePermissions.S_IFMT) == FilePermissions.S_IFDIR;

    private static bool IsRegular(Stat status) => (status.st_mode & FilePermissions.S_IFMT) == FilePermissions.S_IFREG;
}
