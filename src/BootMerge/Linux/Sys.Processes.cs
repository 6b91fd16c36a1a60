using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>Starting a program and waiting for it.</summary>
internal static unsafe partial class Sys
{
    private const uint MFD_CLOEXEC = 1;
    private const int SEEK_SET = 0;
    private const int OutputLimit = 1 << 16;

    /// <summary>
    /// Whether this process has CAP_SYS_ADMIN (capget(2)), which every mount needs. A failure to ask is none: the mount
    /// will tell.
    /// </summary>
    public static bool MayMount()
    {
        const uint _LINUX_CAPABILITY_VERSION_3 = 0x20080522;
        const int CAP_SYS_ADMIN = 21;
        uint* header = stackalloc uint[2] { _LINUX_CAPABILITY_VERSION_3, 0 };
        // Twice effective, permitted, inheritable: the capabilities up to 31, then those from 32 on.
        uint* data = stackalloc uint[6];
        return LibC.capget(header, data) != 0 || (data[0] & 1u << CAP_SYS_ADMIN) != 0;
    }

    /// <summary>
    /// Puts /dev/null where the caller has closed standard input, output or error: a file opened later would take the
    /// number, and what is meant for a person would be written into it.
    /// </summary>
    public static void FillStandardDescriptors()
    {
        const int LastStandard = 2;
        byte[] nothing = PathText.Terminated("/dev/null");
        // A root without devices: nothing can be written to this one.
        byte[] top = PathText.Terminated("/");
        int file;
        do
        {
            file = LibC.openat(LibC.AT_FDCWD, nothing, O_RDWR | O_NOCTTY, 0);
            if (file < 0)
                file = LibC.openat(LibC.AT_FDCWD, top, O_PATH, 0);
        }
        while (file is >= 0 and <= LastStandard);
        if (file > LastStandard)
            new SafeFileHandle(file, ownsHandle: true).Dispose();
    }

    /// <summary>
    /// Runs a program to its end, however long that takes. It reads nothing, writes its messages where we write ours,
    /// and has an empty environment: what the caller of this program has set does not change what that one does.
    /// </summary>
    /// <param name="command">The program's absolute path, then its arguments. No shell is between.</param>
    /// <param name="output">What it wrote to standard output.</param>
    /// <returns>
    /// Its exit status; 128 and the signal's number when it was killed, as in a shell; the negative error number when
    /// it could not be started.
    /// </returns>
    public static int Run(string[] command, out string output)
    {
        output = "";
        // In memory and not through a pipe, which somebody would have to read while the program is running.
        int fd = LibC.memfd_create(PathText.Terminated("output"), MFD_CLOEXEC);
        int errno = LastErrno;
        if (fd < 0)
            return -errno;
        using SafeFileHandle file = new(fd, ownsHandle: true);

        int process;
        errno = Spawn(command, fd, &process);
        if (errno != 0)
            return -errno;

        int status;
        while (LibC.waitpid(process, &status, 0) < 0)
        {
            errno = LastErrno;
            if (errno != Errno.EINTR)
                return -errno;
        }

        _ = LibC.lseek(fd, 0, SEEK_SET);
        output = PathText.Decode(ReadAll(file, OutputLimit, command[0]));
        int signal = status & 0x7F;
        return signal == 0 ? status >> 8 & 0xFF : 128 + signal;
    }

    /// <returns>0, or the error number.</returns>
    private static int Spawn(string[] command, int output, int* process)
    {
        byte** arguments = stackalloc byte*[command.Length + 1];
        byte* noEnvironment = null;
        LibC.SpawnActions actions;
        fixed (byte* text = PathText.Terminated(string.Join("\0", command)))
        fixed (byte* nothing = "/dev/null\0"u8)
        {
            byte* at = text;
            for (int i = 0; i < command.Length; i++)
            {
                arguments[i] = at;
                while (*at++ != 0)
                {
                }
            }

            arguments[command.Length] = null;
            _ = LibC.posix_spawn_file_actions_init(&actions); // fails in no C library for Linux
            // In this order: where the caller closed its descriptors, output may be 0 or 1 itself.
            int errno = LibC.posix_spawn_file_actions_adddup2(&actions, output, 1);
            if (errno == 0)
                errno = LibC.posix_spawn_file_actions_addopen(&actions, 0, nothing, O_RDONLY, 0);
            if (errno == 0)
                errno = LibC.posix_spawn(process, text, &actions, null, arguments, &noEnvironment);
            _ = LibC.posix_spawn_file_actions_destroy(&actions);
            return errno;
        }
    }
}
