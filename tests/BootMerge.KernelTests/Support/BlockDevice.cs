using System;
using System.IO;

namespace BootMerge.KernelTests.Support;

/// <summary>Shows a file of a root as a block device at a path in that root, until it is disposed.</summary>
internal sealed class BlockDevice : IDisposable
{
    private readonly string _loop;

    public BlockDevice(TestRoot root, string image, string path)
    {
        _loop = Outcome.OfTool("losetup", "--find", "--show", "--read-only", root.Raw + image).Trim();
        try
        {
            string[] numbers = File.ReadAllText($"/sys/block/{Path.GetFileName(_loop)}/dev").Trim().Split(':');
            root.MakeDirectory(Path.GetDirectoryName(path)!);
            Outcome.OfTool("mknod", root.Raw + path, "b", numbers[0], numbers[1]);
            root.Expect(path);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public void Dispose() => Outcome.OfTool("losetup", "--detach", _loop);
}
