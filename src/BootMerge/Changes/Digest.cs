using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// A 64-bit FNV-1a hash of type and content. It shows whether a vendor has changed a file, which nobody would forge.
/// Two versions of a file share a hash once in 10^19 cases.
/// </summary>
internal static class Digest
{
    /// <summary>Hexadecimal digits.</summary>
    public const int Length = 16;

    private const ulong Basis = 0xcbf29ce484222325;
    private const ulong Prime = 0x100000001b3;

    // One buffer for all files: thousands are read one after the other.
    private static readonly byte[] Buffer = new byte[65536];

    /// <returns>16 hexadecimal digits; null for what has no content, or is gone.</returns>
    public static string? Of(SafeFileHandle directory, string name, FileStatus status)
    {
        if (status.IsSymlink)
            return Text(Add(Add(Basis, "l"u8), PathText.Encode(Sys.ReadLinkAt(directory, name))));
        if (!status.IsRegular)
            return null;
        using SafeFileHandle? file = Sys.TryOpenFile(directory, name);
        if (file is null)
            return null;
        ulong hash = Add(Basis, "f"u8);
        int length;
        do
        {
            length = Sys.ReadFully(file, Buffer, name);
            hash = Add(hash, Buffer.AsSpan(0, length));
        }
        while (length == Buffer.Length);
        return Text(hash);
    }

    /// <summary>Of a text.</summary>
    public static string Of(string text) => Text(Add(Basis, PathText.Encode(text)));

    private static ulong Add(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (byte b in bytes)
            hash = (hash ^ b) * Prime;
        return hash;
    }

    private static string Text(ulong hash) => hash.ToString("x16");
}
