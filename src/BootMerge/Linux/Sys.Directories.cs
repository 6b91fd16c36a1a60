using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>One entry of getdents64(2); Type is DT_* of dirent(5), 0 if the file system does not say.</summary>
internal sealed class DirectoryEntry(string name, byte type)
{
    public string Name { get; } = name;

    public byte Type { get; } = type;
}

// Content of directories: getdents64(2).
internal static unsafe partial class Sys
{
    /// <summary>
    /// How many bytes the names of one directory may take, and those of all directories that a walk is in. Real trees
    /// have fewer. It is well below the heap's limit (System.GC.HeapHardLimit), near which the program would spend its
    /// time in the garbage collector.
    /// </summary>
    public const int NamesLimit = 16 << 20;

    /// <summary>Memory of a string and its place in a list, in bytes.</summary>
    public static int SizeOf(string name) => 32 + 2 * name.Length;

    /// <summary>More names than <see cref="NamesLimit"/> are an <see cref="InputException"/>.</summary>
    /// <param name="directory">Opened O_RDONLY|O_DIRECTORY, at its start.</param>
    /// <returns>Without "." and "..", in the file system's order.</returns>
    public static List<DirectoryEntry> ReadDirectory(SafeFileHandle directory)
    {
        List<DirectoryEntry> entries = [];
        int size = 0;
        for (int counted = 0; ReadSome(directory, entries);)
            for (; counted < entries.Count; counted++)
                Count(entries[counted].Name, ref size, directory);
        return entries;
    }

    /// <summary>
    /// The same limit for callers that read a directory with <see cref="ReadSome"/> and keep the names.
    /// </summary>
    /// <param name="size">Of the names so far; updated.</param>
    public static void Count(string name, ref int size, SafeFileHandle directory)
    {
        size += SizeOf(name);
        if (size > NamesLimit)
            throw new InputException("the directory " + PathText.Printable(NameOf(directory))
                + " has too many names: it was not read");
    }

    /// <param name="directory">Any directory, also O_PATH.</param>
    public static bool IsEmpty(SafeFileHandle directory)
    {
        using SafeFileHandle readable = OpenAt(directory, ".", O_RDONLY | O_DIRECTORY);
        return IsEmptyFromHere(readable);
    }

    /// <summary>Reads no further than the first name.</summary>
    /// <param name="directory">As for <see cref="ReadDirectory"/>.</param>
    public static bool IsEmptyFromHere(SafeFileHandle directory)
    {
        List<DirectoryEntry> entries = [];
        while (entries.Count == 0 && ReadSome(directory, entries, limit: 1))
        {
        }

        return entries.Count == 0;
    }

    /// <summary>
    /// Like <see cref="ReadDirectory"/>, but returns as many as one call gives, for directories that may not fit into
    /// memory.
    /// </summary>
    /// <param name="limit">Further entries are lost: for callers that only want to know whether there are any.</param>
    /// <returns>false at the end.</returns>
    public static bool ReadSome(SafeFileHandle directory, List<DirectoryEntry> entries, int limit = int.MaxValue)
    {
        const int BufferSize = 16384;
        byte* buffer = stackalloc byte[BufferSize];
        nint length = LibC.getdents64(Raw(directory), buffer, BufferSize);
        int errno = LastErrno;
        if (length == 0 || length < 0 && errno == Errno.ENOENT)
            return false; // ENOENT: the directory itself was removed, perhaps as a layer below a merge
        if (length < 0)
            throw new KernelException("getdents64", NameOf(directory), errno);
        for (byte* at = buffer; at < buffer + length && entries.Count < limit;)
        {
            LibC.DirectoryRecord* record = (LibC.DirectoryRecord*)at;
            ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(&record->Name);
            if (!name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                entries.Add(new DirectoryEntry(PathText.Decode(name), record->Type));
            at += record->Length;
        }

        return true;
    }

    /// <summary>Like <see cref="ReadDirectory"/>.</summary>
    public static List<string> NamesIn(SafeFileHandle directory) =>
        ReadDirectory(directory).ConvertAll(static entry => entry.Name);
}
