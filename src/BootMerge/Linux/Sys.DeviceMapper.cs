using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>The device mapper (linux/dm-ioctl.h). Devices are identified by name; calls return 0 or errno.</summary>
internal static unsafe partial class Sys
{
    private const ulong DM_LIST_DEVICES = 0xC138FD02;
    private const ulong DM_DEV_CREATE = 0xC138FD03;
    private const ulong DM_DEV_REMOVE = 0xC138FD04;
    private const ulong DM_DEV_SUSPEND = 0xC138FD06;
    private const ulong DM_TABLE_LOAD = 0xC138FD09;
    private const ulong DM_GET_TARGET_VERSION = 0xC138FD11;
    private const uint DM_READONLY_FLAG = 1;
    private const uint DM_BUFFER_FULL_FLAG = 1 << 8;
    private const uint DM_DEFERRED_REMOVE = 1 << 17;
    private const uint DM_VERSION_MAJOR = 4;

    // Holds the request, one target and its parameters. The longest parameters have a salt of 256 bytes.
    private const int MapperBuffer = 4096;
    private const int SectorLength = 512;

    /// <summary>Asking for a target type loads its module, if there is one.</summary>
    public static void LoadMappedType(SafeFileHandle control, string type)
    {
        byte* buffer = stackalloc byte[MapperBuffer];
        Request(buffer, type, 0);
        _ = Ask(control, DM_GET_TARGET_VERSION, buffer);
    }

    /// <summary>The names of all devices, also of those without a table; empty if there are thousands.</summary>
    public static List<string> ListMapped(SafeFileHandle control)
    {
        // A record has the device's number, the offset of the next record, and the name (struct dm_name_list).
        const int NextAt = 8;
        const int NameAt = 12;
        const int Room = 1 << 17;
        List<string> names = [];
        byte[] buffer = new byte[Room];
        fixed (byte* start = buffer)
        {
            ref LibC.MapperRequest request = ref Request(start, "", 0);
            request.Size = Room;
            if (Ask(control, DM_LIST_DEVICES, start) != 0 || (request.Flags & DM_BUFFER_FULL_FLAG) != 0)
                return names;
            ReadOnlySpan<byte> rest = buffer.AsSpan(0, (int)Math.Min(request.Size, Room));
            int at = (int)request.Start;
            while (at >= 0 && at < rest.Length - NameAt && !rest.Slice(at, NextAt).SequenceEqual(new byte[NextAt]))
            {
                ReadOnlySpan<byte> name = rest[(at + NameAt)..];
                names.Add(PathText.Decode(name[..Math.Max(name.IndexOf((byte)0), 0)]));
                int next = BinaryPrimitives.ReadInt32LittleEndian(rest[(at + NextAt)..]);
                if (next <= 0)
                    break;
                at += next;
            }
        }

        return names;
    }

    /// <summary>Creates a device without a table.</summary>
    /// <param name="control">/dev/mapper/control</param>
    /// <param name="minor">Of the device: /dev/dm-MINOR.</param>
    public static int TryCreateMapped(SafeFileHandle control, string name, string uuid, out uint major,
        out uint minor)
    {
        byte* buffer = stackalloc byte[MapperBuffer];
        ref LibC.MapperRequest request = ref Request(buffer, name, DM_READONLY_FLAG);
        fixed (byte* at = request.Uuid)
            Put(uuid, at);
        int errno = Ask(control, DM_DEV_CREATE, buffer);
        // The kernel's encoding of device numbers for user space, huge_encode_dev().
        major = (uint)(request.Device >> 8 & 0xFFF);
        minor = (uint)(request.Device & 0xFF | request.Device >> 12 & ~0xFFul);
        return errno;
    }

    /// <summary>A device without users is removed at once, any other with its last user.</summary>
    public static int TryRemoveMapped(SafeFileHandle control, string name)
    {
        byte* buffer = stackalloc byte[MapperBuffer];
        Request(buffer, name, DM_DEFERRED_REMOVE);
        return Ask(control, DM_DEV_REMOVE, buffer);
    }

    /// <summary>Loads a device's table: one target that covers all of it.</summary>
    /// <param name="size">In bytes.</param>
    public static int TryLoadMapped(SafeFileHandle control, string name, string type, ulong size, string parameters)
    {
        byte* buffer = stackalloc byte[MapperBuffer];
        ref LibC.MapperRequest request = ref Request(buffer, name, DM_READONLY_FLAG);
        request.Targets = 1;
        ref LibC.MapperTarget target = ref Unsafe.AsRef<LibC.MapperTarget>(buffer + sizeof(LibC.MapperRequest));
        int room = MapperBuffer - sizeof(LibC.MapperRequest) - sizeof(LibC.MapperTarget);
        if (parameters.Length >= room)
            return Errno.E2BIG;
        target.Length = size / SectorLength;
        target.Next = (uint)(sizeof(LibC.MapperTarget) + parameters.Length + 8 & ~7);
        fixed (byte* at = target.Type)
            Put(type, at);
        Put(parameters, buffer + sizeof(LibC.MapperRequest) + sizeof(LibC.MapperTarget));
        return Ask(control, DM_TABLE_LOAD, buffer);
    }

    /// <summary>Activates the device's new table.</summary>
    public static int TryResumeMapped(SafeFileHandle control, string name)
    {
        byte* buffer = stackalloc byte[MapperBuffer];
        Request(buffer, name, 0);
        return Ask(control, DM_DEV_SUSPEND, buffer);
    }

    private static ref LibC.MapperRequest Request(byte* buffer, string name, uint flags)
    {
        new Span<byte>(buffer, MapperBuffer).Clear();
        ref LibC.MapperRequest request = ref Unsafe.AsRef<LibC.MapperRequest>(buffer);
        request.Version[0] = DM_VERSION_MAJOR;
        request.Size = MapperBuffer;
        request.Start = (uint)sizeof(LibC.MapperRequest);
        request.Flags = flags;
        fixed (byte* at = request.Name)
            Put(name, at);
        return ref request;
    }

    /// <summary>Writes ASCII; the bytes after it are zero already.</summary>
    private static void Put(string text, byte* at)
    {
        for (int i = 0; i < text.Length; i++)
            at[i] = (byte)text[i];
    }

    private static int Ask(SafeFileHandle control, ulong request, byte* buffer)
    {
        int result = LibC.ioctl(Raw(control), request, buffer);
        int errno = LastErrno;
        return result == 0 ? 0 : errno;
    }
}
