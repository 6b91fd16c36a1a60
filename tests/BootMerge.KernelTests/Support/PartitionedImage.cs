using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;

namespace BootMerge.KernelTests.Support;

/// <summary>What a test puts into a partition.</summary>
/// <param name="Type">The type's GUID.</param>
/// <param name="Content">Bytes of a file system, or anything else.</param>
/// <param name="Label">Its name in the table.</param>
/// <param name="Flags">Numbers of GPT attribute bits.</param>
internal sealed record Part(string Type, byte[] Content, string Label = "", params int[] Flags);

/// <summary>Disk images with a GPT that sfdisk makes.</summary>
internal static class PartitionedImage
{
    // systemd-id128 show
    public const string Root = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";
    public const string RootVerity = "2c7357ed-ebd2-46d9-aec1-23d437ec2bf5";
    public const string RootSignature = "41092b05-9fc8-4523-994f-2def0408b176";
    public const string Usr = "8484680c-9521-48c6-9c11-b0720656f69e";
    public const string UsrVerity = "77ff5f63-e7b6-4633-acf4-1565b864c0e6";
    public const string RootArm64 = "b921b045-1df0-41c3-af44-4c6f280d3fae";
    public const string Generic = "0fc63daf-8483-4772-8e79-3d69d8477de4";
    public const string Home = "933ac7e1-2eb4-4f13-b844-0e14e2aef915";

    private const long Alignment = 1 << 20;

    public static void Make(TestRoot root, string path, int sector, params Part[] parts)
    {
        root.MakeDirectory(Path.GetDirectoryName(path)!);
        List<string> script = ["label: gpt"];
        long at = Alignment;
        List<long> starts = [];
        foreach (Part part in parts)
        {
            long length = Math.Max((part.Content.Length + 4095) / 4096 * 4096, 4096);
            starts.Add(at);
            script.Add(string.Create(CultureInfo.InvariantCulture,
                $"start={at / sector}, size={length / sector}, type={part.Type}, name=\"{part.Label}\"")
                + (part.Flags.Length == 0 ? "" : $", attrs=\"GUID:{string.Join(',', part.Flags)}\""));
            at += (length + Alignment - 1) / Alignment * Alignment;
        }

        string image = root.Raw + path;
        using (FileStream file = File.Create(image))
            file.SetLength(at + Alignment);
        string commands = Path.Join(root.Aside, "sfdisk");
        File.WriteAllLines(commands, script);
        // sfdisk takes the sector size from the device.
        Outcome.OfTool("sh", "-c", "device=$(losetup --find --show --sector-size \"$1\" \"$2\") || exit; "
            + "sfdisk --quiet \"$device\" < \"$3\"; status=$?; losetup --detach \"$device\"; exit $status", "sh",
            sector.ToString(CultureInfo.InvariantCulture), image, commands);
        File.Delete(commands);
        using (FileStream file = File.OpenWrite(image))
            for (int i = 0; i < parts.Length; i++)
            {
                file.Position = starts[i];
                file.Write(parts[i].Content);
            }

        root.Expect(path);
    }

    /// <summary>A tree, given as paths and contents, as the bytes of a file system.</summary>
    public static byte[] FileSystem(TestRoot root, string type, params (string Path, string Content)[] files)
    {
        const string Packed = "/srv/packed.img";
        string tree = ImageFile.NewTree(root);
        foreach ((string path, string content) in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName($"{tree}/{path}")!);
            File.WriteAllText($"{tree}/{path}", content);
        }

        ImageFile.Pack(root, type, tree, Packed);
        byte[] bytes = File.ReadAllBytes(root.Raw + Packed);
        File.Delete(root.Raw + Packed);
        return bytes;
    }

    /// <summary>The file system of the confext alpha, with these files in its etc.</summary>
    public static byte[] Confext(TestRoot root, string type, params (string Path, string Content)[] files) =>
        FileSystem(root, type, [("etc/extension-release.d/extension-release.alpha",
            "ID=flatcar\nVERSION_ID=4000.1.0\n"),
            .. Array.ConvertAll(files, file => ("etc/" + file.Path, file.Content))]);
}
