using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace BootMerge.DifferentialTests;

/// <summary>The file systems that extensions come in, and a partition table around one of them.</summary>
internal enum ImageType
{
    Squashfs,
    Erofs,
    Ext4,
    Btrfs,
    Xfs,
    Gpt,
}

/// <summary>Packs a directory into a disk image, by the tools that everybody uses for it.</summary>
internal static class DiskImage
{
    // The root partition of x86-64: Discoverable Partitions Specification.
    private const string RootPartition = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709";
    private const int FirstSector = 2048, SectorSize = 512;

    public static void Make(ImageType type, string tree, string image)
    {
        switch (type)
        {
            case ImageType.Squashfs:
                Bench.Run("mksquashfs", tree, image, "-quiet", "-no-progress", "-noappend", "-all-root");
                break;
            case ImageType.Erofs:
                Bench.Run("mkfs.erofs", image, tree);
                break;
            case ImageType.Ext4:
                Bench.Run("mke2fs", "-q", "-t", "ext4", "-d", tree, Sized(image, 8));
                break;
            case ImageType.Btrfs:
                Bench.Run("mkfs.btrfs", "-q", "--rootdir", tree, Sized(image, 128));
                break;
            case ImageType.Xfs:
                // mkfs.xfs takes the names and contents from a list; so small a file system is for tests only.
                string list = image + ".list";
                File.WriteAllText(list, XfsList(tree));
                Bench.Run("mkfs.xfs", "--unsupported", "-q", "-p", list, Sized(image, 32));
                File.Delete(list);
                break;
            case ImageType.Gpt:
                WithPartitionTable(tree, image);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type));
        }
    }

    private static string Sized(string image, long mebibytes)
    {
        using FileStream file = File.Create(image);
        file.SetLength(mebibytes << 20);
        return image;
    }

    private static void WithPartitionTable(string tree, string image)
    {
        string partition = image + ".partition", script = image + ".script";
        Make(ImageType.Squashfs, tree, partition);
        byte[] content = File.ReadAllBytes(partition);
        File.WriteAllText(script, $"label: gpt\nstart={FirstSector}, "
            + $"size={(content.Length + SectorSize - 1) / SectorSize}, type={RootPartition}\n");
        Sized(image, 4);
        Bench.Run("sh", "-c", "sfdisk --quiet \"$1\" < \"$2\"", "sh", image, script);
        using (FileStream file = new(image, FileMode.Open))
        {
            file.Position = FirstSector * SectorSize;
            file.Write(content);
        }
        File.Delete(partition);
        File.Delete(script);
    }

    /// <summary>
    /// The "prototype" of mkfs.xfs(8): directories, files and symlinks, with their modes, owned by root.
    /// </summary>
    private static string XfsList(string tree)
    {
        StringBuilder list = new("/dev/null\n0 0\nd--755 0 0\n");
        AddEntries(list, tree);
        return list.Append("$\n").ToString();
    }

    private static void AddEntries(StringBuilder list, string directory)
    {
        List<string> entries = [.. Directory.GetFileSystemEntries(directory)];
        entries.Sort(StringComparer.Ordinal);
        foreach (string entry in entries)
        {
            Native.Statx status = Native.Lstat(entry)!.Value;
            string mode = Convert.ToString(status.Mode & 0x1FF, 8).PadLeft(3, '0');
            list.Append(Path.GetFileName(entry));
            switch (status.Type)
            {
                case Native.S_IFDIR:
                    list.Append($" d--{mode} 0 0\n");
                    AddEntries(list, entry);
                    list.Append("$\n");
                    break;
                case Native.S_IFLNK:
                    list.Append($" l--{mode} 0 0 {new FileInfo(entry).LinkTarget}\n");
                    break;
                default:
                    list.Append($" ---{mode} 0 0 {entry}\n");
                    break;
            }
        }
    }
}
