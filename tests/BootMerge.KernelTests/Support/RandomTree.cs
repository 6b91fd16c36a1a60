using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace BootMerge.KernelTests.Support;

/// <summary>Trees, and changes to them: the same for the same seed. What the kernel refuses is left out.</summary>
internal static class RandomTree
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e f"];
    private static readonly string[] Modes = ["0644", "0600", "0755"];

    public static void Grow(string root, Random random, int count)
    {
        for (int i = 0; i < count; i++)
            Make(AnyDirectory(root, random) + "/" + Any(Names, random), random);
    }

    public static void Change(string root, Random random, int count)
    {
        for (int i = 0; i < count; i++)
        {
            string path = AnyPath(root, random);
            switch (random.Next(14))
            {
                case 0 or 1: Make(AnyDirectory(root, random) + "/" + Any(Names, random), random); break;
                case 2: Remove(path); break;
                case 3: Rename(path, AnyDirectory(root, random) + "/" + Any(Names, random)); break;
                case 4 when IsPlain(path) && File.Exists(path): File.WriteAllText(path, Any(Names, random)); break;
                case 5 when Files.Exists(path): Files.ChangeMode(root, "0755"); break;
                case 6 when IsPlain(path): Files.ChangeMode(path, Any(Modes, random)); break;
                case 7 when Files.Exists(path): Files.ChangeOwner(path, random.Next(3), 0); break;
                case 8 when IsPlain(path): Files.SetXattr(path, "trusted.note", Any(Names, random)); break;
                case 9: Remove(path); Make(path, random); break;
                // What people do before they edit a file: mv or cp -a to another name, and back.
                case 10: PutAside(path, AnyDirectory(root, random) + "/" + Any(Names, random)); break;
                case 11: Copy(path, AnyDirectory(root, random) + "/" + Any(Names, random)); break;
                case 12: Link(path, AnyDirectory(root, random) + "/" + Any(Names, random)); break;
                case 13 when IsPlain(path) && File.Exists(path):
                    File.AppendAllText(path,
                    "+" + Any(Names, random)); break;
                default: break;
            }
        }
    }

    private static void Make(string path, Random random)
    {
        if (Files.Exists(path))
            return;
        switch (random.Next(6))
        {
            case 0 or 1: Directory.CreateDirectory(path); break;
            case 2: File.CreateSymbolicLink(path, Any(Names, random)); break;
            default:
                File.WriteAllText(path, Any(Names, random));
                Files.ChangeMode(path, Any(Modes, random));
                break;
        }
    }

    private static void Remove(string path)
    {
        if (new FileInfo(path).LinkTarget is null && Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        else
            File.Delete(path);
    }

    private static void Rename(string from, string to)
    {
        if (!Files.Exists(to) && !(to + "/").StartsWith(from + "/", StringComparison.Ordinal))
            _ = LibC.Rename(from, to);
    }

    private static void PutAside(string path, string aside)
    {
        if (!Files.Exists(path) || Files.Exists(aside) || (aside + "/").StartsWith(path + "/", StringComparison.Ordinal)
            || LibC.Rename(path, aside) != 0)
            return;
        Copy(aside, path);
    }

    private static void Copy(string from, string to)
    {
        if (Files.Exists(from) && !Files.Exists(to) && !(to + "/").StartsWith(from + "/", StringComparison.Ordinal))
            Outcome.OfTool("cp", "-a", from, to);
    }

    /// <summary>Another name for a file; directories have none.</summary>
    private static void Link(string from, string to)
    {
        if (Files.Exists(from) && !Files.Exists(to)
            && (new FileInfo(from).LinkTarget is not null || !Directory.Exists(from)))
            Outcome.OfTool("ln", "-P", from, to);
    }

    private static bool IsPlain(string path) => Files.Exists(path) && new FileInfo(path).LinkTarget is null;

    private static string AnyPath(string root, Random random)
    {
        List<string> all = [];
        Add(root);
        return all.Count == 0 ? root + "/none" : all[random.Next(all.Count)];

        void Add(string directory)
        {
            foreach (string name in Files.List(directory).Order(StringComparer.Ordinal)
                .Where(name => !name.StartsWith(".systemd-", StringComparison.Ordinal)))
            {
                all.Add(directory + "/" + name);
                if (Directory.Exists(directory + "/" + name) && new FileInfo(directory + "/" + name).LinkTarget is null)
                    Add(directory + "/" + name);
            }
        }
    }

    private static string AnyDirectory(string root, Random random)
    {
        string path = AnyPath(root, random);
        return random.Next(3) == 0 || !Directory.Exists(path) || new FileInfo(path).LinkTarget is not null
            ? root : path;
    }

    private static string Any(string[] words, Random random) => words[random.Next(words.Length)];
}
