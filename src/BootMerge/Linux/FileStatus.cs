namespace BootMerge.Linux;

/// <summary>What statx(2) says about one inode.</summary>
internal sealed class FileStatus
{
    private const uint TypeMask = 0xF000;

    /// <summary>Type and permission bits, as in st_mode.</summary>
    public required uint Mode { get; init; }

    public required uint Uid { get; init; }

    public required uint Gid { get; init; }

    public required ulong Inode { get; init; }

    /// <summary>In bytes.</summary>
    public required ulong Size { get; init; }

    public required uint DeviceMajor { get; init; }

    public required uint DeviceMinor { get; init; }

    /// <summary>For a device node: the device that it stands for.</summary>
    public required uint RdevMajor { get; init; }

    public required uint RdevMinor { get; init; }

    /// <summary>Microseconds since the epoch; 0 if the file system does not record it.</summary>
    public required ulong BirthTime { get; init; }

    /// <summary>Microseconds since the epoch.</summary>
    public required ulong ModificationTime { get; init; }

    /// <summary>
    /// Microseconds since the epoch. Any change of the file's content, mode, owner, attributes or names updates it.
    /// </summary>
    public ulong ChangeTime { get; init; }

    /// <summary>How many names the inode has.</summary>
    public uint Links { get; init; }

    /// <summary>
    /// The mount's number: unique for this boot if the kernel has such numbers [6.8], otherwise as in mountinfo [5.8].
    /// </summary>
    public required ulong UniqueMountId { get; init; }

    /// <summary>true if this is the root of a mount [5.8].</summary>
    public required bool IsMountRoot { get; init; }

    /// <summary>The file is immutable or append-only (chattr(1)): it cannot be removed.</summary>
    public bool IsImmutable { get; init; }

    public uint Permissions => Mode & Octal.Mode7777;

    public bool IsDirectory => (Mode & TypeMask) == 0x4000;

    public bool IsRegular => (Mode & TypeMask) == 0x8000;

    public bool IsPipe => (Mode & TypeMask) == 0x1000;

    public bool IsSymlink => (Mode & TypeMask) == 0xA000;

    public bool IsBlockDevice => (Mode & TypeMask) == 0x6000;

    public bool IsCharacterDevice => (Mode & TypeMask) == 0x2000;

    /// <summary>
    /// overlayfs's mark for a deleted file: a character device 0:0, or what <see cref="OverlayMark.TryStatus"/> finds.
    /// </summary>
    public bool IsWhiteout => IsMarkedDeleted || IsCharacterDevice && RdevMajor == 0 && RdevMinor == 0;

    /// <summary>An empty file with the attribute that makes it a whiteout.</summary>
    public bool IsMarkedDeleted { get; set; }

    /// <summary>"8:1", as in mountinfo and in the marker's dev file.</summary>
    public string Device => DeviceMajor.ToString() + ":" + DeviceMinor.ToString();

    public bool IsSameInode(FileStatus other) =>
        Inode == other.Inode && DeviceMajor == other.DeviceMajor && DeviceMinor == other.DeviceMinor;

    public bool IsSameType(FileStatus other) => ((Mode ^ other.Mode) & TypeMask) == 0;

    public bool IsSameDevice(FileStatus other) => DeviceMajor == other.DeviceMajor && DeviceMinor == other.DeviceMinor;
}
