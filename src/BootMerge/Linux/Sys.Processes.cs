using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

/// <summary>Starting a program and waiting for it.</summary>
internal static unsafe partial class Sys
{
    private const uint MFD_CLOEXEC = 1;
    private const int SEEK_SET = 0;
    private const int OutputLimit = 1 << 16;

    /// <summary>
    /// Whether this process has CAP_SYS_ADMIN (capget(2)), which every mount needs. If it cannot be asked, it counts as
    /// present: the mount will fail if it is missing.
    /// </summary>
    public static bool MayMount()
    {
        const uint _LINUX_CAPABILITY_VERSION_3 = 0x20080522;
        const int CAP_SYS_ADMIN = 21;
        uint* header = stackalloc uint[2] { _LINUX_CAPABILITY_VERSION_3, 0 };
        // Effective, permitted, inheritable: first for capabilities 0 to 31, then for those from 32 on.
        uint* data = stackalloc uint[6];
        return LibC.capget(header, data) != 0 || (data[0] & 1u << CAP_SYS_ADMIN) != 0;
    }

    /// <summary>
    /// Opens /dev/null as standard input, output or error if the caller has closed one of them. Otherwise a file opened
    /// later would get that number, and messages would be written into it.
    /// </summary>
    public static void FillStandardDescriptors()
    {
        const int LastStandard = 2;
        byte[] nothing = PathText.Terminated("/dev/null");
        // A root without devices: a descriptor that nothing can be written to.
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
    /// Runs a program until it ends, however long that takes. It reads nothing, its messages go where ours go, and its
    /// environment is empty: what our caller has set does not change what it does.
    /// </summary>
    /// <param name="command">The program's absolute path, then its arguments. No shell is involved.</param>
    /// <param name="output">What it wrote to standard output.</param>
    /// <returns>
    /// Its exit status; 128 plus the signal's number if it was killed, as in a shell; the negative error number if it
    /// could not be started.
    /// </returns>
    public static int Run(string[] command, out string output)
    {
        output = "";
        // In memory, not through a pipe, which would have to be read while the program is running.
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
            _ = LibC.posix_spawn_file_actions_init(&actions); // never fails on Linux
            // In this order: if the caller closed its descriptors, output may itself be 0 or 1.
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
