using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace BootMerge.KernelTests.Support;

/// <summary>One line of /proc/self/mountinfo.</summary>
internal sealed record MountEntry(
    int Id, int Parent, string Device, string Root, string Point, string[] Options, string[] Propagation,
    string Type, string Source, string[] SuperOptions)
{
    /// <summary>
    /// Everything but the numbers: what stays when the same thing is mounted again at the same place.
    /// </summary>
    public string Description =>
        $"{Type} {Source} [{Root}] on {Point} ({string.Join(',', Options)}) {string.Join(',', Propagation)}".TrimEnd();

    /// <summary>The layers in the options, topmost first, in whichever form the kernel got them.</summary>
    public string[] LowerDirectories => [.. SuperOptions
        .Where(option => option.StartsWith("lowerdir", StringComparison.Ordinal))
        .SelectMany(option => option.StartsWith("lowerdir+=", StringComparison.Ordinal)
        ? [option["lowerdir+=".Length..]]
            : option["lowerdir=".Length..].Replace("\\:", "\0", StringComparison.Ordinal).Split(':'))];
}

/// <summary>/proc/self/mountinfo, read by the tests' own code and not by the program's.</summary>
internal static class MountTable
{
    /// <summary>All mounts at or below <paramref name="path"/>, in the kernel's order.</summary>
    public static List<MountEntry> Under(string path) =>
        [.. Read().Where(mount => string.Equals(mount.Point, path, StringComparison.Ordinal)
            || mount.Point.StartsWith(path + "/", StringComparison.Ordinal))];

    /// <summary>The mounts exactly at <paramref name="path"/>, lowest first.</summary>
    public static List<MountEntry> At(string path)
    {
        List<MountEntry> found = [.. Read().Where(mount => string.Equals(mount.Point, path, StringComparison.Ordinal))];
        // The lowest mount's parent is the mount that holds the place. Every other one's parent is the mount below it.
        List<MountEntry> ordered = [.. found.Where(mount => found.TrueForAll(other => other.Id != mount.Parent))];
        while (ordered.Count > 0 && found.Find(mount => mount.Parent == ordered[^1].Id) is { } above)
            ordered.Add(above);
        return ordered;
    }

    public static List<MountEntry> Read() => [.. File.ReadLines("/proc/self/mountinfo", Encoding.Latin1).Select(Parse)];

    private static MountEntry Parse(string line)
    {
        string[] words = line.Split(' ');
        int separator = Array.IndexOf(words, "-", 6);
        return new MountEntry(
            int.Parse(words[0]), int.Parse(words[1]), words[2], Unescape(words[3]), Unescape(words[4]),
                words[5].Split(','),
            words[6..separator], words[separator + 1], Unescape(words[separator + 2]), words[separator + 3].Split(','));
    }

    /// <summary>Blank, tab, newline, backslash and # are written as \ and three octal digits.</summary>
    private static string Unescape(string text)
    {
        List<byte> bytes = [];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length)
            {
                bytes.Add(Convert.ToByte(text.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                bytes.Add((byte)text[i]);
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
