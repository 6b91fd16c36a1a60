using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions.Images;

/// <summary>
/// An extension that is a disk image with a bare file system, opened. Its mounts are read-only and detached: nobody
/// sees them, and a loop device goes with the last of them.
/// </summary>
internal sealed class DiskImage : IDisposable
{
    // The image itself, or the loop device that shows it; open for as long as mounts may be made of it.
    private readonly SafeFileHandle _device;
    private readonly string _devicePath;

    private DiskImage(string path, string fileSystem, SafeFileHandle device, string devicePath)
    {
        Path = path;
        FileSystem = fileSystem;
        _device = device;
        _devicePath = devicePath;
        Root = Mount();
    }

    /// <summary>Inside the root.</summary>
    public string Path { get; }

    /// <summary>"erofs", as mount(2) takes it.</summary>
    public string FileSystem { get; }

    /// <summary>The root of a detached mount of it.</summary>
    public SafeFileHandle Root { get; }

    /// <summary>
    /// What cannot be opened or mounted is a <see cref="KernelException"/>, what is not such an image an
    /// <see cref="InputException"/>.
    /// </summary>
    /// <param name="image">O_PATH descriptor of a regular file or block device.</param>
    /// <param name="path">Of the image, inside the root.</param>
    /// <param name="policy">Asked before the kernel sees the file system.</param>
    /// <param name="mayLieUnderLayers">Layers of other merges may come to lie on what is in it.</param>
    /// <param name="refusal">Why the policy does not allow it, or null.</param>
    /// <returns>null when the policy does not allow it.</returns>
    public static DiskImage? Open(SafeFileHandle image, string path, ImagePolicy policy, bool mayLieUnderLayers,
        out string? refusal)
    {
        SafeFileHandle file = Sys.Reopen(image, Sys.O_RDONLY | Sys.O_NONBLOCK | Sys.O_NOCTTY);
        string fileSystem;
        try
        {
            fileSystem = Identify(file, path);
            refusal = policy.ReasonToRefuse(fileSystem);
            if (refusal is not null)
            {
                file.Dispose();
                return null;
            }

            if (Sys.Status(image).IsBlockDevice)
                return new DiskImage(path, fileSystem, file, Sys.ProcPath(file));
            if (fileSystem == "erofs" && !mayLieUnderLayers && !Sys.IsOnOverlay(file)
                && TryWithoutDevice(file, path, fileSystem) is DiskImage straight)
                return straight;
        }
        catch
        {
            file.Dispose();
            throw;
        }

        using (file)
            return OnLoopDevice(file, path, fileSystem);
    }

    /// <summary>Another detached mount of it: an older kernel attaches each one only once.</summary>
    public SafeFileHandle Mount()
    {
        using SafeFileHandle context = Sys.FsOpen(FileSystem);
        Sys.SetString(context, "source", _devicePath, Path);
        Sys.SetFlag(context, "ro", Path);
        // A journal cannot be replayed on what is read-only, and must not be: the image would be another one after it.
        if (FileSystem is "ext4" or "xfs")
            Sys.SetFlag(context, "norecovery", Path);
        // A refresh mounts the image beside the merge that it will replace; XFS takes a UUID only once.
        if (FileSystem == "xfs")
            Sys.SetFlag(context, "nouuid", Path);
        if (FileSystem == "btrfs")
            Sys.SetString(context, "rescue", "nologreplay", Path); // [5.9]
        Sys.CreateQuietly(context, Path);
        return Sys.FsMount(context, Sys.MOUNT_ATTR_RDONLY | Sys.MOUNT_ATTR_NODEV, Path);
    }

    public void Dispose()
    {
        Root.Dispose();
        _device.Dispose();
    }

    private static string Identify(SafeFileHandle file, string path)
    {
        byte[] start = new byte[Superblock.Length];
        int length = Sys.ReadStart(file, start, path);
        return Superblock.Identify(start.AsSpan(0, length), out string problem) ?? throw new InputException(problem);
    }

    /// <summary>
    /// erofs can be mounted from the file itself [6.12]. The mount then counts as a layer upon the file's own file
    /// system, of which the kernel allows two: so this is not for images that others may lie upon, nor for files on an
    /// overlay.
    /// </summary>
    /// <returns>null when this kernel wants a block device.</returns>
    private static DiskImage? TryWithoutDevice(SafeFileHandle file, string path, string fileSystem)
    {
        try
        {
            return new DiskImage(path, fileSystem, file, Sys.ProcPath(file));
        }
        catch (KernelException e) when (e.Errno == Errno.ENOTBLK)
        {
            return null;
        }
    }

    private static DiskImage OnLoopDevice(SafeFileHandle file, string path, string fileSystem)
    {
        try
        {
            return OnDevice(LoopDevice.Attach(file, path, out string device), device, path, fileSystem);
        }
        catch (KernelException e) when (e.Errno == Errno.EEXIST && fileSystem == "btrfs")
        {
            // Up to 6.6 btrfs takes a UUID only from one device: from the one that the merged image has.
            if (LoopDevice.TryFind(file, out string device) is SafeFileHandle other)
                return OnDevice(other, device, path, fileSystem);
            throw;
        }
    }

    private static DiskImage OnDevice(SafeFileHandle device, string devicePath, string path, string fileSystem)
    {
        try
        {
            return new DiskImage(path, fileSystem, device, devicePath);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }
}
