using System.Runtime.InteropServices;

namespace BootMerge.Linux;

/// <summary>Error numbers that are branched on (asm-generic/errno.h; the same on x86-64 and arm64).</summary>
internal static partial class Errno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EAGAIN = 11;
    public const int EACCES = 13;
    public const int ENOTBLK = 15;
    public const int EBUSY = 16;
    public const int EEXIST = 17;
    public const int EXDEV = 18;
    public const int ENOTDIR = 20;
    public const int EINVAL = 22;
    public const int EROFS = 30;
    public const int EPIPE = 32;
    public const int ERANGE = 34;
    public const int ENOTEMPTY = 39;
    public const int ELOOP = 40;
    public const int ENODATA = 61;
    public const int EOVERFLOW = 75;
    public const int EOPNOTSUPP = 95;

    /// <summary>"Read-only file system (EROFS)".</summary>
    public static unsafe string Describe(int errno)
    {
        string words = Marshal.PtrToStringUTF8((nint)strerror(errno)) ?? "unknown error";
        string name = Marshal.PtrToStringUTF8((nint)strerrorname_np(errno)) ?? errno.ToString();
        return words + " (" + name + ")";
    }

    [LibraryImport("libc")]
    private static unsafe partial byte* strerror(int errno);

    [LibraryImport("libc")]
    private static unsafe partial byte* strerrorname_np(int errno);
}
