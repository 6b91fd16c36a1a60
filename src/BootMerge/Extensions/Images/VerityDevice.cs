using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Extensions.Images;

/// <summary>Data and its hash tree: two ranges of one file, or of two.</summary>
internal sealed class VerityPlace
{
    /// <summary>Opened for reading, like the tree's.</summary>
    public required SafeFileHandle Data { get; init; }

    /// <summary>In bytes, like all that follow.</summary>
    public required ulong DataOffset { get; init; }

    public required ulong DataSize { get; init; }

    /// <summary>The same handle if the tree is in the same file.</summary>
    public required SafeFileHandle Tree { get; init; }

    /// <summary>Of the superblock.</summary>
    public required ulong TreeOffset { get; init; }

    public required ulong TreeSize { get; init; }

    /// <summary>In lower-case hexadecimal.</summary>
    public required string RootHash { get; init; }

    /// <summary>Where the hash comes from, for messages.</summary>
    public required string HashSource { get; init; }
}

/// <summary>
/// A dm-verity device, which checks each block of its data when the block is read. It is made with system calls alone,
/// without udev. It goes with its last user, and so do the loop devices below it.
/// </summary>
internal static class VerityDevice
{
    private const string Control = "/dev/mapper/control";
    private const string Type = "verity";
    private const string Prefix = "bootmerge-loop";
    private const string RequireSignatures = "/sys/module/dm_verity/parameters/require_signatures";
    private const string Ipe = "/sys/kernel/security/ipe";

    private static bool _isCleanedUp;

    /// <summary>Whether the kernel can check signatures of root hashes with its own keyrings.</summary>
    public static bool KernelChecksSignatures => Sys.Exists(RequireSignatures);

    /// <summary>
    /// Whether the kernel itself must have seen the signature: because it accepts nothing else, or because its policies
    /// ask for it.
    /// </summary>
    public static bool KernelWantsSignatures
    {
        get
        {
            if (Sys.Exists(Ipe))
                return true;
            using SafeFileHandle? file = Sys.TryOpen(RequireSignatures, Sys.O_RDONLY);
            return file is not null && Sys.ReadAll(file, 16, RequireSignatures) is [(byte)'Y', ..];
        }
    }

    /// <param name="image">For messages.</param>
    /// <param name="signature">PKCS#7 of the root hash, for the kernel to check; or null.</param>
    /// <param name="mayGoWithout">Go on even if the kernel does not accept the signature.</param>
    /// <param name="path">The device's path in this process's view.</param>
    /// <param name="refusal">Why the kernel does not accept the signature, or 0.</param>
    /// <returns>Opened for reading; null if the kernel must accept the signature and does not.</returns>
    public static SafeFileHandle? Open(VerityPlace place, string image, byte[]? signature, bool mayGoWithout,
        out string path, out int refusal)
    {
        byte[] start = new byte[VeritySuperblock.Length];
        int length = Sys.ReadAt(place.Tree, start, place.TreeOffset, image);
        VeritySuperblock superblock = VeritySuperblock.Parse(start.AsSpan(0, length), place.DataSize, place.TreeSize,
            out string problem)
            ?? throw new InputException("its hash partition " + problem);
        using SafeFileHandle control = OpenControl();

        ulong distance = place.TreeOffset - place.DataOffset;
        bool isOne = place.Tree == place.Data && place.TreeOffset > place.DataOffset
            && distance % superblock.HashBlock == 0;
        using SafeFileHandle data = LoopDevice.Attach(place.Data, image, place.DataOffset,
            isOne ? distance + place.TreeSize : place.DataSize, out string dataPath);
        using SafeFileHandle? tree = isOne ? null
            : LoopDevice.Attach(place.Tree, image, place.TreeOffset, place.TreeSize, out _);
        string name = Prefix + dataPath[LoopDevice.Prefix.Length..];
        string Table(string? key) => superblock.Parameters(Number(data), Number(tree ?? data), isOne ? distance : 0,
            place.RootHash, key);

        Lock(control);
        Must(Sys.TryCreateMapped(control, name, "BOOTMERGE-VERITY-" + name, out uint major, out uint minor),
            "ioctl DM_DEV_CREATE", image);
        SafeFileHandle? device = null;
        try
        {
            path = "/dev/dm-" + minor.ToString();
            refusal = signature is null ? 0 : TryLoadSigned(control, name, superblock, Table, signature);
            if (refusal == 0 || mayGoWithout)
            {
                if (signature is null || refusal != 0)
                    Load(control, name, superblock, Table(null), image);
                device = OpenNew(path, major, minor);
            }
        }
        finally
        {
            // From here on the device goes with its last user: at once, if it could not be opened.
            Sys.TryRemoveMapped(control, name);
        }

        if (device is null)
            return null;
        try
        {
            Must(Sys.TryResumeMapped(control, name), "ioctl DM_DEV_SUSPEND", image);
            control.Dispose(); // this releases the lock: others need not wait for slow storage
            CheckFirstBlock(device, place, superblock.HashBlock);
            return device;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>The device node may exist although the module is not loaded.</summary>
    private static SafeFileHandle OpenControl()
    {
        try
        {
            if (Sys.TryOpen(Control, Sys.O_RDWR) is SafeFileHandle control)
                return control;
        }
        catch (KernelException e) when (e.Errno is Errno.ENODEV or Errno.ENXIO)
        {
        }

        throw new InputException("dm-verity is not available, there is no " + Control
            + " (is the kernel module dm_verity in the initramfs?)");
    }

    /// <summary>Removes what killed commands have left; does nothing if the device mapper was never used.</summary>
    public static void RemoveLeftovers()
    {
        if (!Sys.Exists("/sys/module/dm_mod"))
            return;
        try
        {
            using SafeFileHandle? control = Sys.TryOpen(Control, Sys.O_RDWR);
            if (control is not null && Sys.Lock(control, wait: false))
                CleanUp(control);
        }
        catch (KernelException)
        {
            // In a container the device mapper is not ours.
        }
    }

    /// <summary>Only the loaded module says what it can do, and nothing else loads it early enough.</summary>
    public static void LoadModule()
    {
        if (KernelChecksSignatures)
            return;
        using SafeFileHandle control = OpenControl();
        Sys.LoadMappedType(control, Type);
    }

    /// <summary>
    /// Locks until the handle is closed. What a killed command has left has no user and is removed; devices in use
    /// stay.
    /// </summary>
    private static void Lock(SafeFileHandle control)
    {
        Sys.Lock(control, wait: true);
        CleanUp(control);
    }

    private static void CleanUp(SafeFileHandle control)
    {
        if (_isCleanedUp)
            return;
        _isCleanedUp = true;
        foreach (string name in Sys.ListMapped(control))
            if (name.StartsWith(Prefix, StringComparison.Ordinal)
                && name.AsSpan(Prefix.Length).TrimStart("0123456789").IsEmpty)
                Sys.TryRemoveMapped(control, name);
    }

    /// <summary>The kernel shows a device only once it has a table.</summary>
    private static SafeFileHandle OpenNew(string path, uint major, uint minor)
    {
        SafeFileHandle device = Sys.Open(path, Sys.O_RDONLY);
        FileStatus status = Sys.Status(device);
        if (status.IsBlockDevice && status.RdevMajor == major && status.RdevMinor == minor)
            return device;
        device.Dispose();
        throw new InputException(path + " is not the device that the kernel has made");
    }

    /// <returns>0, or why the kernel does not accept the signature.</returns>
    private static int TryLoadSigned(SafeFileHandle control, string name, VeritySuperblock superblock,
        Func<string?, string> table, byte[] signature)
    {
        string description = name.Replace('-', ':');
        int key = Sys.AddKey("user", description, signature);
        if (key < 0)
            return -key;
        int errno = Sys.TryLoadMapped(control, name, Type, superblock.DataSize, table(description));
        Sys.RemoveKey(key);
        return errno;
    }

    private static void Load(SafeFileHandle control, string name, VeritySuperblock superblock, string table,
        string image)
    {
        int errno = Sys.TryLoadMapped(control, name, Type, superblock.DataSize, table);
        if (errno == Errno.ENOKEY)
            throw new InputException("this kernel takes signed images only (dm_verity.require_signatures), and does "
                + "not trust the signer");
        if (errno == Errno.EINVAL)
            throw new InputException("the kernel cannot verify it: the kernel module dm_verity or the hash algorithm "
                + superblock.Algorithm + " is missing, or its hash tree is damaged (the kernel log says which)");
        Must(errno, "ioctl DM_TABLE_LOAD", image);
    }

    /// <summary>A wrong root hash is noticed only when something is read.</summary>
    private static void CheckFirstBlock(SafeFileHandle device, VerityPlace place, uint size)
    {
        try
        {
            _ = Sys.ReadAt(device, new byte[size], 0, "");
        }
        catch (KernelException e) when (e.Errno == Errno.EIO)
        {
            throw new InputException("it is damaged, or the root hash (from " + place.HashSource + ") is not its own");
        }
    }

    private static void Must(int errno, string call, string image)
    {
        if (errno != 0)
            throw new KernelException(call, image, errno);
    }

    /// <summary>In the form in which the device mapper accepts a device.</summary>
    private static string Number(SafeFileHandle device)
    {
        FileStatus status = Sys.Status(device);
        return status.RdevMajor.ToString() + ":" + status.RdevMinor.ToString();
    }
}
