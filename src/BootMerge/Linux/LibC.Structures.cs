using System.Runtime.InteropServices;

namespace BootMerge.Linux;

// The structures that the functions take and fill. KernelDeclarationTests compares size and layout with the headers.
internal static unsafe partial class LibC
{
    /// <summary>posix_spawn_file_actions_t: 64-bit glibc and musl have the same size.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 80)]
    public struct SpawnActions
    {
        public ulong Opaque;
    }

    /// <summary>struct open_how, openat2(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    /// <summary>struct mount_attr, mount_setattr(2).</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct MountAttributes
    {
        public ulong Set;
        public ulong Clear;
        public ulong Propagation;
        public ulong UserNamespace;
    }

    /// <summary>struct timespec of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    /// <summary>struct statx_timestamp.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct StatxTime
    {
        public long Seconds;
        public uint Nanoseconds;
        public int Reserved;
    }

    /// <summary>struct statx, statx(2): 256 bytes on every architecture.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 256)]
    public struct StatxBuffer
    {
        public uint Mask;
        public uint BlockSize;
        public ulong Attributes;
        public uint Links;
        public uint Uid;
        public uint Gid;
        public ushort Mode;
        public ushort Spare0;
        public ulong Inode;
        public ulong Size;
        public ulong Blocks;
        public ulong AttributesMask;
        public StatxTime AccessTime;
        public StatxTime BirthTime;
        public StatxTime ChangeTime;
        public StatxTime ModificationTime;
        public uint RdevMajor;
        public uint RdevMinor;
        public uint DeviceMajor;
        public uint DeviceMinor;
        public ulong MountId;
    }

    /// <summary>struct file_handle with room for MAX_HANDLE_SZ bytes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct FileHandleBuffer
    {
        public const int Capacity = 128;

        public uint Bytes;
        public int Type;
        public fixed byte Handle[Capacity];
    }

    /// <summary>
    /// struct dirent64, getdents64(2): a record of variable length that ends with a zero-terminated name.
    /// </summary>
    [StructLayout(LayoutKind.Explicit)]
    public struct DirectoryRecord
    {
        [FieldOffset(16)]
        public ushort Length;

        [FieldOffset(18)]
        public byte Type;

        [FieldOffset(19)]
        public byte Name;
    }

    /// <summary>struct statvfs of 64-bit musl; glibc's differs after these fields.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 112)]
    public struct StatvfsBuffer
    {
        public ulong BlockSize;
        public ulong FragmentSize;
        public ulong Blocks;
        public ulong FreeBlocks;
        public ulong AvailableBlocks;
        public ulong Files;
        public ulong FreeFiles;
        public ulong AvailableFiles;
        public ulong FileSystemId;
        public ulong Flags;
        public ulong MaximumNameLength;
    }

    /// <summary>struct statfs of 64-bit Linux; fields that nobody reads are left out.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 120)]
    public struct StatfsBuffer
    {
        [FieldOffset(0)]
        public long Type;

        [FieldOffset(16)]
        public ulong Blocks;

        [FieldOffset(56)]
        public ulong FileSystemId;
    }

    /// <summary>
    /// struct loop_config of linux/loop.h, 304 bytes: a descriptor, a block size, struct loop_info64.
    /// </summary>
    [StructLayout(LayoutKind.Explicit, Size = 304)]
    public struct LoopConfiguration
    {
        [FieldOffset(0)]
        public uint File;

        [FieldOffset(8)]
        public LoopInformation Information;
    }

    /// <summary>struct loop_info64, 232 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 232)]
    public struct LoopInformation
    {
        [FieldOffset(0)]
        public ulong BackingDevice;

        [FieldOffset(8)]
        public ulong BackingInode;

        [FieldOffset(24)]
        public ulong Offset;

        [FieldOffset(32)]
        public ulong SizeLimit;

        [FieldOffset(52)]
        public uint Flags;
    }

    /// <summary>struct fsxattr of linux/fs.h, 28 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 28)]
    public struct FileAttributes
    {
        public uint Flags;
        public uint ExtentSize;
        public uint Extents;
        public uint Project;
    }

    /// <summary>struct keyctl_pkey_params of linux/keyctl.h, 40 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 40)]
    public struct KeyOperation
    {
        public int Key;
        public uint InputLength;
        public uint OtherLength;
    }

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PollEntry
    {
        public int File;
        public short Events;
        public short Returned;
    }

    /// <summary>struct dm_ioctl of linux/dm-ioctl.h.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 312)]
    public struct MapperRequest
    {
        /// <summary>Size of a name, with its terminating zero.</summary>
        public const int NameLength = 128;

        [FieldOffset(0)]
        public fixed uint Version[3];

        /// <summary>Size of the whole buffer, in bytes.</summary>
        [FieldOffset(12)]
        public uint Size;

        /// <summary>Offset of the request's data.</summary>
        [FieldOffset(16)]
        public uint Start;

        [FieldOffset(20)]
        public uint Targets;

        [FieldOffset(28)]
        public uint Flags;

        [FieldOffset(40)]
        public ulong Device;

        [FieldOffset(48)]
        public fixed byte Name[NameLength];

        [FieldOffset(176)]
        public fixed byte Uuid[NameLength + 1];
    }

    /// <summary>struct dm_target_spec of linux/dm-ioctl.h; its parameters follow, zero-terminated.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 40)]
    public struct MapperTarget
    {
        [FieldOffset(0)]
        public ulong Start;

        /// <summary>In sectors of 512 bytes.</summary>
        [FieldOffset(8)]
        public ulong Length;

        [FieldOffset(20)]
        public uint Next;

        [FieldOffset(24)]
        public fixed byte Type[16];
    }
}
