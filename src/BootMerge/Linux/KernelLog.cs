using System;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>
/// What the kernel has written to /dev/kmsg since a given moment: most of overlayfs's refusals are explained only
/// there.
/// </summary>
internal sealed unsafe class KernelLog : IDisposable
{
    private const int SEEK_END = 2;

    // null if there is no /dev/kmsg, or we may not read it: messages then lack the kernel's words, nothing else.
    private readonly SafeFileHandle? _kmsg;

    private KernelLog(SafeFileHandle? kmsg) => _kmsg = kmsg;

    /// <summary>Remembers the current end of the log.</summary>
    public static KernelLog Mark()
    {
        int fd = LibC.openat(LibC.AT_FDCWD, "/dev/kmsg\0"u8.ToArray(), Sys.O_RDONLY | Sys.O_NONBLOCK | Sys.O_CLOEXEC,
            0);
        if (fd < 0)
            return new KernelLog(null);
        SafeFileHandle kmsg = new(fd, ownsHandle: true);
        if (LibC.lseek(Sys.Raw(kmsg), 0, SEEK_END) >= 0)
            return new KernelLog(kmsg);
        // The log would be read from its beginning, and words about other mounts would be treated as ours.
        kmsg.Dispose();
        return new KernelLog(null);
    }

    /// <summary>What overlayfs and the mount code have logged since the mark, without prefixes, in one line.</summary>
    public string Since()
    {
        if (_kmsg is null)
            return "";
        StringBuilder text = new();
        Span<byte> record = stackalloc byte[8192];
        while (true)
        {
            nint length;
            fixed (byte* at = record)
                length = LibC.read(Sys.Raw(_kmsg), at, (nuint)record.Length);
            if (length <= 0)
                return text.ToString();
            string? message = Message(record[..(int)length]);
            if (message is not null)
                text.Append(text.Length == 0 ? "" : "; ").Append(message);
        }
    }

    /// <summary>
    /// Turns "6,339,5140900,-;overlayfs: missing 'workdir'" into "overlayfs: missing 'workdir'"; null for unrelated
    /// records.
    /// </summary>
    internal static string? Message(ReadOnlySpan<byte> record)
    {
        int start = record.IndexOf((byte)';') + 1;
        int end = record.IndexOf((byte)'\n');
        if (start == 0 || end < start)
            return null;
        string message = PathText.Decode(record[start..end]);
        return message.StartsWith("overlay", StringComparison.Ordinal) ? message : null;
    }

    public void Dispose() => _kmsg?.Dispose();
}
