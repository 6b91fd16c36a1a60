using System;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

// Content of files: read(2), write(2).
internal static unsafe partial class Sys
{
    /// <summary>The whole file; more than <paramref name="limit"/> bytes are an <see cref="InputException"/>.</summary>
    public static byte[] ReadAll(SafeFileHandle file, int limit, string name)
    {
        // Most files are short: this way each leaves no more garbage than its content.
        Span<byte> start = stackalloc byte[Math.Min(limit + 1, 4096)];
        int length = ReadFully(file, start, name);
        if (length < start.Length)
            return start[..length].ToArray();
        byte[] buffer = start.ToArray();
        while (length <= limit)
        {
            Array.Resize(ref buffer, Math.Min(limit + 1, buffer.Length * 4));
            length += ReadFully(file, buffer.AsSpan(length), name);
            if (length < buffer.Length)
            {
                Array.Resize(ref buffer, length); // a range of an array would pull in the type loader: 300 KB
                return buffer;
            }
        }

        throw new InputException(PathText.Printable(name) + " is longer than " + limit.ToString() + " bytes");
    }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    /// <param name="name">For error messages; null: the file's path.</param>
    public static int ReadFully(SafeFileHandle file, Span<byte> buffer, string? name = null)
    {
        int length = 0;
        while (length < buffer.Length)
        {
            nint count;
            int errno;
            fixed (byte* at = buffer)
            {
                count = LibC.read(Raw(file), at + length, (nuint)(buffer.Length - length));
                errno = LastErrno;
            }

            if (count < 0)
                throw new KernelException("read", name ?? NameOf(file), errno);
            if (count == 0)
                break;
            length += (int)count;
        }

        return length;
    }

    public static void WriteAll(SafeFileHandle file, ReadOnlySpan<byte> bytes, string name)
    {
        int errno = TryWriteAll(file, bytes);
        if (errno != 0)
            throw new KernelException("write", name, errno);
    }

    /// <returns>0, or the error number.</returns>
    public static int TryWriteAll(SafeFileHandle file, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint count;
            int errno;
            fixed (byte* at = bytes)
            {
                count = LibC.write(Raw(file), at, (nuint)bytes.Length);
                errno = LastErrno;
            }

            if (count < 0 && errno is not (Errno.EINTR or Errno.EAGAIN))
                return errno;
            if (count < 0 && errno == Errno.EAGAIN)
                WaitUntilWritable(file);
            bytes = bytes[(int)Math.Max(count, 0)..];
        }

        return 0;
    }

    /// <summary>
    /// Waits as write(2) itself does for a file that the caller has not made nonblocking. If something is wrong with
    /// the file, the next write(2) reports it.
    /// </summary>
    private static void WaitUntilWritable(SafeFileHandle file)
    {
        const short POLLOUT = 4;
        LibC.PollEntry entry = new() { File = Raw(file), Events = POLLOUT };
        _ = LibC.poll(&entry, 1, -1);
    }
}
