using System;
using BootMerge.Json;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Markers;

/// <summary>
/// How systemd 262 recognises that an extension is the one it merged: its entry in the marker's origin file. An extra
/// key would break systemd's comparison, so nothing else goes in here.
/// </summary>
internal static class ExtensionIdentity
{
    /// <summary>
    /// Of an extension that will be seen only through the merge that is being made: its marker says the rest.
    /// </summary>
    public static JsonValue OfUnseen(string path) => JsonValue.Object().Add("path", JsonValue.String(path));

    /// <summary>Of an image that is verified: what is in it is known, wherever its bytes lie.</summary>
    /// <param name="rootHash">In lower-case hexadecimal.</param>
    public static JsonValue OfVerified(string path, string rootHash) =>
        OfUnseen(path).Add("verityHash", JsonValue.String(rootHash));

    /// <param name="path">Of the extension, resolved, inside the root.</param>
    /// <param name="handle">The extension's directory, image or device, opened in the namespace that will see the
    /// merge: mount numbers of a copy differ.</param>
    public static JsonValue Of(string path, SafeFileHandle handle)
    {
        FileStatus status = Sys.Status(handle);
        JsonValue identity = JsonValue.Object()
            .Add("path", JsonValue.String(path))
            .Add("onMountId", JsonValue.Number(status.UniqueMountId));

        if (Sys.TryHandle(handle) is FileHandle file)
            identity.Add("fileHandle", JsonValue.Object()
                .Add("type", JsonValue.Number(file.Type))
                .Add("handle", JsonValue.String(Convert.ToHexStringLower(file.Bytes))));
        else
            identity.Add("inode", JsonValue.Number(status.Inode));

        return identity
            .Add("crtime", JsonValue.Number(status.IsBlockDevice ? 0 : CreationTime(handle, status)))
            // a directory's own changes do not count
            .Add("mtime", JsonValue.Number(status.IsRegular ? status.ModificationTime : 0));
    }

    /// <summary>
    /// The older of the file system's birth time and the attribute systemd's tools keep where there is none.
    /// </summary>
    private static ulong CreationTime(SafeFileHandle handle, FileStatus status)
    {
        const int TimestampSize = 8;
        byte[]? value = Sys.TryGetXattrOf(handle, "user.crtime_usec");
        if (value is not { Length: TimestampSize })
            return status.BirthTime;
        ulong kept = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(value);
        return kept == 0 || status.BirthTime != 0 && status.BirthTime < kept ? status.BirthTime : kept;
    }
}
