using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions.Images;

/// <summary>A file, or a part of one, as a read-only block device that goes with its last user.</summary>
internal static class LoopDevice
{
    public const string Prefix = "/dev/loop";
    private const string Control = "/dev/loop-control";

    /// <param name="file">Opened for reading.</param>
    /// <param name="offset">In bytes.</param>
    /// <param name="size">In bytes; 0: up to the end of the file.</param>
    /// <param name="path">The device's path in this process's view.</param>
    public static SafeFileHandle Attach(SafeFileHandle file, string name, ulong offset, ulong size, out string path)
    {
        // Another process can take the device between our asking for its number and using it, but not for ever.
        const int Tries = 100;
        using SafeFileHandle control = Sys.TryOpen(Control, Sys.O_RDWR)
            ?? throw new InputException("no loop device is available: " + Control
                + " does not exist (is the kernel module loop loaded?)");
        for (int i = 0; ; i++)
        {
            path = Prefix + Sys.FreeLoopNumber(control).ToString();
            SafeFileHandle device = Sys.Open(path, Sys.O_RDONLY);
            int errno = Sys.TryConfigureLoop(device, file, offset, size);
            if (errno == 0)
                return device;
            device.Dispose();
            if (errno != Errno.EBUSY || i == Tries)
                throw new KernelException("ioctl LOOP_CONFIGURE " + path, name, errno);
        }
    }

    /// <summary>A device that shows the same already; null if there is none.</summary>
    public static SafeFileHandle? TryFind(SafeFileHandle file, ulong offset, ulong size, out string path)
    {
        FileStatus status = Sys.Status(file);
        path = "";
        using SafeFileHandle? devices = Sys.TryOpen("/dev", Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (devices is null)
            return null;
        foreach (DirectoryEntry entry in Sys.ReadDirectory(devices))
        {
            if (!entry.Name.StartsWith("loop", System.StringComparison.Ordinal)
                || Sys.TryStatusAt(devices, entry.Name) is not { IsBlockDevice: true })
                continue;
            SafeFileHandle device = Sys.OpenChild(devices, entry.Name, Sys.O_RDONLY);
            path = "/dev/" + entry.Name;
            if (Sys.IsLoopOver(device, status, offset, size))
                return device;
            device.Dispose();
        }

        return null;
    }
}
