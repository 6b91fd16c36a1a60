using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions.Images;

/// <summary>
/// A file system of an image, on the device that shows it: the image itself, or a loop device over all or part of it.
/// Its mounts are read-only and detached: nobody sees them, and a loop device goes with the last of them.
/// </summary>
internal sealed class Volume : IDisposable
{
    // Open as long as mounts may be made of it.
    private readonly SafeFileHandle _device;
    private readonly string _devicePath;
    private readonly string _image;
    private readonly string _fileSystem;

    private Volume(string image, string fileSystem, SafeFileHandle device, string devicePath)
    {
        _image = image;
        _fileSystem = fileSystem;
        _device = device;
        _devicePath = devicePath;
        Root = Mount();
    }

    /// <summary>The root of a detached mount of it.</summary>
    public SafeFileHandle Root { get; }

    /// <summary>An image without a partition table.</summary>
    /// <param name="file">Regular file or block device, opened for reading.</param>
    /// <param name="image">Path of the image, for messages.</param>
    /// <param name="fileSystem">The type for mount(2): "erofs".</param>
    /// <param name="mayLieUnderLayers">Layers of other merges may be stacked on its content.</param>
    public static Volume OfWhole(SafeFileHandle file, string image, string fileSystem, bool mayLieUnderLayers)
    {
        if (Sys.Status(file).IsBlockDevice)
            return Straight(file, image, fileSystem);
        if (fileSystem == "erofs" && !mayLieUnderLayers && !Sys.IsOnOverlay(file)
            && TryWithoutDevice(file, image, fileSystem) is Volume straight)
            return straight;
        return OfPart(file, image, fileSystem, 0, 0);
    }

    /// <summary>A partition. It is always on a loop device, because erofs can read a file only as a whole.</summary>
    /// <param name="offset">In bytes.</param>
    /// <param name="size">In bytes; 0: all of the file.</param>
    public static Volume OfPart(SafeFileHandle file, string image, string fileSystem, ulong offset, ulong size)
    {
        try
        {
            return On(LoopDevice.Attach(file, image, offset, size, out string device), device, image, fileSystem);
        }
        catch (KernelException e) when (e.Errno == Errno.EEXIST && fileSystem == "btrfs")
        {
            // Up to 6.6 btrfs accepts a UUID from only one device: the one that the merged image has.
            if (LoopDevice.TryFind(file, offset, size, out string device) is SafeFileHandle other)
                return On(other, device, image, fileSystem);
            throw;
        }
    }

    /// <summary>The content of a block device.</summary>
    /// <param name="device">Opened for reading; the volume closes it.</param>
    public static Volume OfDevice(SafeFileHandle device, string devicePath, string image, string fileSystem) =>
        On(device, devicePath, image, fileSystem);

    /// <summary>Another detached mount of it: an older kernel attaches each mount only once.</summary>
    public SafeFileHandle Mount()
    {
        using SafeFileHandle context = Sys.FsOpen(_fileSystem);
        Sys.SetString(context, "source", _devicePath, _image);
        Sys.SetFlag(context, "ro", _image);
        // A read-only device cannot replay a journal, and must not: that would change the image.
        if (_fileSystem is "ext4" or "xfs")
            Sys.SetFlag(context, "norecovery", _image);
        // A refresh mounts the image beside the merge that it will replace, but XFS accepts a UUID only once.
        if (_fileSystem == "xfs")
            Sys.SetFlag(context, "nouuid", _image);
        if (_fileSystem == "btrfs")
            Sys.SetString(context, "rescue", "nologreplay", _image); // [5.9]
        Sys.CreateQuietly(context, _image);
        return Sys.FsMount(context, Sys.MOUNT_ATTR_RDONLY | Sys.MOUNT_ATTR_NODEV, _image);
    }

    public void Dispose()
    {
        Root.Dispose();
        _device.Dispose();
    }

    /// <summary>
    /// erofs can be mounted from the file itself [6.12]. But then the mount is stacked on the file's own file system,
    /// and the kernel allows a stack of two. So this is not for images that other layers may be stacked on, nor for
    /// files on an overlay.
    /// </summary>
    /// <returns>null if this kernel needs a block device.</returns>
    private static Volume? TryWithoutDevice(SafeFileHandle file, string image, string fileSystem)
    {
        try
        {
            return Straight(file, image, fileSystem);
        }
        catch (KernelException e) when (e.Errno == Errno.ENOTBLK)
        {
            return null;
        }
    }

    private static Volume Straight(SafeFileHandle file, string image, string fileSystem)
    {
        SafeFileHandle own = Sys.Reopen(file, Sys.O_RDONLY);
        return On(own, Sys.ProcPath(own), image, fileSystem);
    }

    private static Volume On(SafeFileHandle device, string devicePath, string image, string fileSystem)
    {
        try
        {
            return new Volume(image, fileSystem, device, devicePath);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }
}
