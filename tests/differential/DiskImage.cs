using System;
using System.Collections.Generic;
using System.IO;
using System.Text;

namespace BootMerge.DifferentialTests;

/// <summary>The file systems that extensions come in, and partition tables around one of them.</summary>
internal enum ImageType
{
    Squashfs,
    Erofs,
    Ext4,
    Btrfs,
    Xfs,
    Gpt,

    /// <summary>The partition is marked read-only; there is another one for /home.</summary>
    GptReadOnly,

    /// <summary>The partition is marked to grow.</summary>
    GptGrowing,

    /// <summary>Two versions of the partition, the newer one first.</summary>
    GptVersions,

    /// <summary>A partition of generic Linux data.</summary>
    GptGeneric,

    /// <summary>A partition for arm64.</summary>
    GptForeign,

    /// <summary>
    /// The root partition is marked not to be used automatically; another one has generic Linux data.
    /// </summary>
    GptHidden,

    /// <summary>There is also a usr partition with the files below usr.</summary>
    GptRootAndUsr,

    /// <summary>The first header is gone.</summary>
    GptBackup,
}

/// <summary>Packs a directory into a disk image, with the tools that everybody uses for this.</summary>
internal static class DiskImage
{
    // Types from the Discoverable Partitions Specification; root and usr are those for x86-64.
    private const string RootPartition = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709";
    private const string UsrPartition = "8484680C-9521-48C6-9C11-B0720656F69E";
    private const string ForeignPartition = "B921B045-1DF0-41C3-AF44-4C6F280D3FAE";
    private const string GenericPartition = "0FC63DAF-8483-4772-8E79-3D69D8477DE4";
    private const string HomePartition = "933AC7E1-2EB4-4F13-B844-0E14E2AEF915";

    // Each partition has room for the largest content.
    private const int FirstSector = 2048, SectorSize = 512, PartitionSectors = 4096;

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
                // mkfs.xfs takes the names and contents from a list. A file system this small is meant only for tests.
                string list = image + ".list";
                File.WriteAllText(list, XfsList(tree));
                Bench.Run("mkfs.xfs", "--unsupported", "-q", "-p", list, Sized(image, 32));
                File.Delete(list);
                break;
            default:
                WithPartitionTable(type, tree, image);
                break;
        }
    }

    private static string Sized(string image, long mebibytes)
    {
        using FileStream file = File.Create(image);
        file.SetLength(mebibytes << 20);
        return image;
    }

    private static void WithPartitionTable(ImageType type, string tree, string image)
    {
        string partition = image + ".partition", script = image + ".script";
        byte[] root = Squashfs(tree, partition), usr = [];
        if (type is ImageType.GptVersions or ImageType.GptHidden or ImageType.GptRootAndUsr)
            usr = Squashfs(tree + "/usr", partition);
        File.Delete(partition);
        (string Type, byte[] Content, string More)[] partitions = type switch
        {
            ImageType.GptReadOnly => [(HomePartition, "x"u8.ToArray(), ""),
                (RootPartition, root, ", attrs=\"GUID:60\"")],
            ImageType.GptGrowing => [(RootPartition, root, ", attrs=\"GUID:59\"")],
            ImageType.GptVersions => [(RootPartition, root, ", name=a_10"), (RootPartition, usr, ", name=a_9")],
            ImageType.GptGeneric => [(GenericPartition, root, "")],
            ImageType.GptForeign => [(ForeignPartition, root, "")],
            ImageType.GptHidden => [(RootPartition, usr, ", attrs=\"GUID:63\""), (GenericPartition, root, "")],
            ImageType.GptRootAndUsr => [(RootPartition, root, ""), (UsrPartition, usr, "")],
            _ => [(RootPartition, root, "")],
        };
        StringBuilder text = new("label: gpt\n");
        for (int i = 0; i < partitions.Length; i++)
            text.Append($"start={FirstSector + i * PartitionSectors}, size={PartitionSectors}, "
                + $"type={partitions[i].Type}{partitions[i].More}\n");
        File.WriteAllText(script, text.ToString());
        Sized(image, 10);
        Bench.Run("sh", "-c", "sfdisk --quiet \"$1\" < \"$2\"", "sh", image, script);
        using (FileStream file = new(image, FileMode.Open))
        {
            for (int i = 0; i < partitions.Length; i++)
            {
                file.Position = (FirstSector + i * PartitionSectors) * SectorSize;
                file.Write(partitions[i].Content);
            }

            file.Position = SectorSize;
            if (type == ImageType.GptBackup)
                file.Write(new byte[SectorSize]);
        }

        File.Delete(script);
    }

    private static byte[] Squashfs(string tree, string image)
    {
        Make(ImageType.Squashfs, tree, image);
        return File.ReadAllBytes(image);
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
