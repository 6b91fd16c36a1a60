using System;
using BootMerge.Json;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Markers;

/// <summary>
/// How systemd 262 recognises an extension as the one it merged: the extension's entry in the marker's origin file. An
/// extra key would break systemd's comparison, so nothing else goes in here.
/// </summary>
internal static class ExtensionIdentity
{
    /// <summary>
    /// For an extension that will be visible only through the merge being made: that merge's marker tells the rest.
    /// </summary>
    public static JsonValue OfUnseen(string path) => JsonValue.Object().Add("path", path);

    /// <summary>For a verified image: its content is known, wherever its bytes are stored.</summary>
    /// <param name="rootHash">In lower-case hexadecimal.</param>
    public static JsonValue OfVerified(string path, string rootHash) =>
        OfUnseen(path).Add("verityHash", rootHash);

    /// <param name="path">Of the extension, resolved, inside the root.</param>
    /// <param name="handle">The extension's directory, image or device, opened in the namespace that will see the
    /// merge, because a copy's mount numbers differ.</param>
    public static JsonValue Of(string path, SafeFileHandle handle)
    {
        FileStatus status = Sys.Status(handle);
        JsonValue identity = JsonValue.Object()
            .Add("path", path)
            .Add("onMountId", JsonValue.Number(status.UniqueMountId));

        if (Sys.TryHandle(handle) is FileHandle file)
            identity.Add("fileHandle", JsonValue.Object()
                .Add("type", JsonValue.Number(file.Type))
                .Add("handle", Convert.ToHexStringLower(file.Bytes)));
        else
            identity.Add("inode", JsonValue.Number(status.Inode));

        return identity
            .Add("crtime", JsonValue.Number(status.IsBlockDevice ? 0 : CreationTime(handle, status)))
            // a directory's own changes do not count
            .Add("mtime", JsonValue.Number(status.IsRegular ? status.ModificationTime : 0));
    }

    /// <summary>
    /// The older of two times: the file system's birth time, and the attribute in which systemd's tools store one.
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
