using System;
using System.IO;

namespace BootMerge.KernelTests.Support;

/// <summary>
/// Disk images for tests: a file system around an extension's tree, made by the file system's own programs.
/// </summary>
internal static class ImageFile
{
    /// <summary>For XFS and btrfs: about as small as their tools allow.</summary>
    private const long Size = 32 << 20;

    /// <summary>The types that are merged.</summary>
    public static readonly string[] FileSystems = ["squashfs", "erofs", "ext4", "xfs", "btrfs"];

    /// <summary>
    /// A confext NAME in an image at <paramref name="path"/> of the root, with these files below its etc.
    /// </summary>
    public static void Confext(TestRoot root, string fileSystem, string path, string name,
        params (string Path, string Content)[] files)
    {
        string tree = NewTree(root);
        Write(tree + $"/etc/extension-release.d/extension-release.{name}", "ID=flatcar\nVERSION_ID=4000.1.0\n");
        foreach ((string file, string content) in files)
            Write($"{tree}/etc/{file}", content);
        Pack(root, fileSystem, tree, path);
    }

    /// <summary>A sysext NAME in an image, with these files; their paths begin with usr or opt.</summary>
    public static void Sysext(TestRoot root, string fileSystem, string path, string name,
        params (string Path, string Content)[] files)
    {
        string tree = NewTree(root);
        Write(tree + $"/usr/lib/extension-release.d/extension-release.{name}", "ID=flatcar\nVERSION_ID=4000.1.0\n");
        foreach ((string file, string content) in files)
            Write($"{tree}/{file}", content);
        Pack(root, fileSystem, tree, path);
    }

    /// <summary>Any tree as an image.</summary>
    public static void Pack(TestRoot root, string fileSystem, string tree, string path)
    {
        root.MakeDirectory(Path.GetDirectoryName(path)!);
        string image = root.Raw + path;
        File.Delete(image);
        switch (fileSystem)
        {
            case "squashfs":
                Outcome.OfTool("mksquashfs", tree, image, "-quiet", "-no-progress", "-noappend");
                break;
            case "erofs":
                Outcome.OfTool("mkfs.erofs", image, tree);
                break;
            case "ext4":
                Allocate(image);
                Outcome.OfTool("mkfs.ext4", "-q", "-d", tree, image);
                break;
            case "btrfs":
                Allocate(image);
                Outcome.OfTool("mkfs.btrfs", "-q", "-M", "--rootdir", tree, image);
                break;
            case "xfs":
                Allocate(image);
                // Smaller than XFS recommends. Its own test suite sets these variables for mkfs.
                Outcome.Of("mkfs.xfs", ["-q", image], ("TEST_DIR", "1"), ("TEST_DEV", "1"), ("QA_CHECK_FS", "1"))
                    .Succeeds();
                Outcome.OfTool("mount", "-n", "-o", "loop", image, NewTree(root));
                Outcome.OfTool("cp", "-a", tree + "/.", LastTree(root));
                Outcome.OfTool("umount", "-n", LastTree(root));
                break;
            default:
                throw new ArgumentException(fileSystem, nameof(fileSystem));
        }

        root.Expect(path);
    }

    public static string NewTree(TestRoot root)
    {
        int count = Directory.GetDirectories(root.Aside).Length;
        return Directory.CreateDirectory($"{root.Aside}/tree-{count}").FullName;
    }

    private static string LastTree(TestRoot root) =>
        $"{root.Aside}/tree-{Directory.GetDirectories(root.Aside).Length - 1}";

    private static void Write(string path, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }

    private static void Allocate(string image)
    {
        using FileStream file = File.Create(image);
        file.SetLength(Size);
    }
}
