using System;
using System.Text;

namespace BootMerge.Linux;

/// <summary>Error numbers that code branches on (asm-generic/errno.h; the same on x86-64 and arm64).</summary>
internal static class Errno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EIO = 5;
    public const int ENXIO = 6;
    public const int E2BIG = 7;
    public const int EAGAIN = 11;
    public const int EACCES = 13;
    public const int ENOTBLK = 15;
    public const int EBUSY = 16;
    public const int EEXIST = 17;
    public const int EXDEV = 18;
    public const int ENODEV = 19;
    public const int ENOTDIR = 20;
    public const int EISDIR = 21;
    public const int EINVAL = 22;
    public const int ENOSPC = 28;
    public const int EROFS = 30;
    public const int EPIPE = 32;
    public const int ERANGE = 34;
    public const int ENAMETOOLONG = 36;
    public const int ENOSYS = 38;
    public const int ENOTEMPTY = 39;
    public const int ELOOP = 40;
    public const int ENODATA = 61;
    public const int ENOPKG = 65;
    public const int EBADMSG = 74;
    public const int EOVERFLOW = 75;
    public const int EOPNOTSUPP = 95;
    public const int ENOKEY = 126;
    public const int EKEYREJECTED = 129;

    /// <summary>
    /// Line N describes error N: its name, and the words that users know from other programs. C libraries word some
    /// errors differently, and musl has no function for the names (strerrorname_np(3)), so without this table messages
    /// would depend on the C library.
    /// </summary>
    private static ReadOnlySpan<byte> Table => """
        EPERM Operation not permitted
        ENOENT No such file or directory
        ESRCH No such process
        EINTR Interrupted system call
        EIO Input/output error
        ENXIO No such device or address
        E2BIG Argument list too long
        ENOEXEC Exec format error
        EBADF Bad file descriptor
        ECHILD No child processes
        EAGAIN Resource temporarily unavailable
        ENOMEM Cannot allocate memory
        EACCES Permission denied
        EFAULT Bad address
        ENOTBLK Block device required
        EBUSY Device or resource busy
        EEXIST File exists
        EXDEV Invalid cross-device link
        ENODEV No such device
        ENOTDIR Not a directory
        EISDIR Is a directory
        EINVAL Invalid argument
        ENFILE Too many open files in system
        EMFILE Too many open files
        ENOTTY Inappropriate ioctl for device
        ETXTBSY Text file busy
        EFBIG File too large
        ENOSPC No space left on device
        ESPIPE Illegal seek
        EROFS Read-only file system
        EMLINK Too many links
        EPIPE Broken pipe
        EDOM Numerical argument out of domain
        ERANGE Numerical result out of range
        EDEADLK Resource deadlock avoided
        ENAMETOOLONG File name too long
        ENOLCK No locks available
        ENOSYS Function not implemented
        ENOTEMPTY Directory not empty
        ELOOP Too many levels of symbolic links

        ENOMSG No message of desired type
        EIDRM Identifier removed
        ECHRNG Channel number out of range
        EL2NSYNC Level 2 not synchronized
        EL3HLT Level 3 halted
        EL3RST Level 3 reset
        ELNRNG Link number out of range
        EUNATCH Protocol driver not attached
        ENOCSI No CSI structure available
        EL2HLT Level 2 halted
        EBADE Invalid exchange
        EBADR Invalid request descriptor
        EXFULL Exchange full
        ENOANO No anode
        EBADRQC Invalid request code
        EBADSLT Invalid slot

        EBFONT Bad font file format
        ENOSTR Device not a stream
        ENODATA No data available
        ETIME Timer expired
        ENOSR Out of streams resources
        ENONET Machine is not on the network
        ENOPKG Package not installed
        EREMOTE Object is remote
        ENOLINK Link has been severed
        EADV Advertise error
        ESRMNT Srmount error
        ECOMM Communication error on send
        EPROTO Protocol error
        EMULTIHOP Multihop attempted
        EDOTDOT RFS specific error
        EBADMSG Bad message
        EOVERFLOW Value too large for defined data type
        ENOTUNIQ Name not unique on network
        EBADFD File descriptor in bad state
        EREMCHG Remote address changed
        ELIBACC Can not access a needed shared library
        ELIBBAD Accessing a corrupted shared library
        ELIBSCN .lib section in a.out corrupted
        ELIBMAX Attempting to link in too many shared libraries
        ELIBEXEC Cannot exec a shared library directly
        EILSEQ Invalid or incomplete multibyte or wide character
        ERESTART Interrupted system call should be restarted
        ESTRPIPE Streams pipe error
        EUSERS Too many users
        ENOTSOCK Socket operation on non-socket
        EDESTADDRREQ Destination address required
        EMSGSIZE Message too long
        EPROTOTYPE Protocol wrong type for socket
        ENOPROTOOPT Protocol not available
        EPROTONOSUPPORT Protocol not supported
        ESOCKTNOSUPPORT Socket type not supported
        EOPNOTSUPP Operation not supported
        EPFNOSUPPORT Protocol family not supported
        EAFNOSUPPORT Address family not supported by protocol
        EADDRINUSE Address already in use
        EADDRNOTAVAIL Cannot assign requested address
        ENETDOWN Network is down
        ENETUNREACH Network is unreachable
        ENETRESET Network dropped connection on reset
        ECONNABORTED Software caused connection abort
        ECONNRESET Connection reset by peer
        ENOBUFS No buffer space available
        EISCONN Transport endpoint is already connected
        ENOTCONN Transport endpoint is not connected
        ESHUTDOWN Cannot send after transport endpoint shutdown
        ETOOMANYREFS Too many references: cannot splice
        ETIMEDOUT Connection timed out
        ECONNREFUSED Connection refused
        EHOSTDOWN Host is down
        EHOSTUNREACH No route to host
        EALREADY Operation already in progress
        EINPROGRESS Operation now in progress
        ESTALE Stale file handle
        EUCLEAN Structure needs cleaning
        ENOTNAM Not a XENIX named type file
        ENAVAIL No XENIX semaphores available
        EISNAM Is a named type file
        EREMOTEIO Remote I/O error
        EDQUOT Disk quota exceeded
        ENOMEDIUM No medium found
        EMEDIUMTYPE Wrong medium type
        ECANCELED Operation canceled
        ENOKEY Required key not available
        EKEYEXPIRED Key has expired
        EKEYREVOKED Key has been revoked
        EKEYREJECTED Key was rejected by service
        EOWNERDEAD Owner died
        ENOTRECOVERABLE State not recoverable
        ERFKILL Operation not possible due to RF-kill
        EHWPOISON Memory page has hardware error

        """u8;

    /// <summary>"Read-only file system (EROFS)".</summary>
    public static string Describe(int errno)
    {
        int line = 1;
        foreach (Range range in Table.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> entry = Table[range];
            if (line++ == errno && entry.IndexOf((byte)' ') is > 0 and int blank)
                return Encoding.ASCII.GetString(entry[(blank + 1)..]) + " (" + Encoding.ASCII.GetString(entry[..blank])
                    + ")";
        }
        return "Unknown error (" + errno + ")";
    }
}
