using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace BootMerge.KernelTests.Support;

/// <summary>A system call of a run: its name, and its number among the calls of that name.</summary>
internal readonly record struct SweepPoint(string Call, int Number)
{
    public override string ToString() => $"{Call} number {Number}: ";
}

/// <summary>
/// Where a sweep disturbs a command, taken from the trace of an undisturbed run. With SOAK in the environment this is
/// every call. Otherwise it is every third call that changes something, and each case of a sweep begins at another one.
/// The names depend on the C library and on the compiler. A name that no list has fails the sweep, which would
/// otherwise not disturb that call.
/// </summary>
internal static class SweepPoints
{
    /// <summary>
    /// Calls that change files, mounts, or this process's view of them. A kill between two of these leaves the same as
    /// a kill at the second one. Opening a file counts if it creates or empties the file.
    /// </summary>
    private static readonly string[] Changing =
    [
        "mkdirat", "mknodat", "symlinkat", "renameat", "renameat2", "linkat", "unlinkat", "write", "pwrite64",
        "ftruncate", "fsync", "syncfs", "fchmod", "fchmodat", "fchown", "fchownat", "utimensat", "setxattr",
        "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "copy_file_range", "sendfile",
        "mount", "umount2", "move_mount", "fsconfig", "fsmount", "fsopen", "fspick", "open_tree", "mount_setattr",
        "setns", "unshare", "chroot", "chdir", "fchdir", "flock", "ioctl", "inotify_add_watch", "poll", "add_key",
        "keyctl",
    ];

    private static readonly string[] Opening = ["open", "openat", "openat2"];

    /// <summary>Calls that only look.</summary>
    private static readonly string[] Looking =
    [
        "close", "statx", "fstat", "newfstatat", "fstatfs", "statfs", "read", "pread64", "lseek", "readlink",
        "readlinkat", "getdents64", "fcntl", "dup", "access", "faccessat", "getxattr", "lgetxattr", "fgetxattr",
        "listxattr", "llistxattr", "flistxattr", "name_to_handle_at", "open_by_handle_at", "capget", "getuid",
        "geteuid", "getcwd", "uname", "inotify_init1",
    ];

    /// <summary>Calls that the .NET runtime and the C library make for themselves.</summary>
    private static readonly string[] Runtime =
    [
        "execve", "exit_group", "arch_prctl", "brk", "clone", "clone3", "futex", "get_mempolicy", "getpid", "gettid",
        "getrandom", "madvise", "membarrier", "mmap", "mprotect", "mremap", "munmap", "prctl", "prlimit64", "rseq",
        "rt_sigaction", "rt_sigprocmask", "sched_getaffinity", "sched_yield", "set_robust_list", "set_tid_address",
        "sysinfo", "sigaltstack", "rt_sigreturn",
    ];

    public static bool IsWhole => Environment.GetEnvironmentVariable("SOAK") is not null;

    /// <summary>If there are more than a few points, one in this many is taken.</summary>
    public static int Step => IsWhole ? 1 : 3;

    private const int Few = 40;

    public static bool IsOfRuntime(string call) => Runtime.Contains(call);

    /// <summary>
    /// The kernel refuses neither set_tid_address nor the waking of a futex. The C library relies on that: after a
    /// refusal a thread would wait for ever.
    /// </summary>
    public static bool CanBeRefused(string call) => call is not ("set_tid_address" or "futex");

    /// <param name="calls">The undisturbed run's calls.</param>
    /// <param name="turn">The case's number in the sweep.</param>
    /// <param name="others">Of the calls that change nothing, one in this many is taken as well; 0: none.</param>
    public static List<SweepPoint> Of(IReadOnlyList<TracedCall> calls, int turn = 0, int others = 0)
    {
        IEnumerable<string> unknown = calls.Select(call => call.Name).Distinct(StringComparer.Ordinal)
            .Except([.. Changing, .. Opening, .. Looking, .. Runtime], StringComparer.Ordinal);
        Assert.True(!unknown.Any(), "sweeps do not know whether these calls change anything: "
            + string.Join(", ", unknown));
        // Every command that is swept creates its lock file.
        bool isFileCreated = calls.Any(call => Opening.Contains(call.Name) && IsChanging(call));
        Assert.True(isFileCreated, "the trace shows no file being created");

        Dictionary<string, int> numbers = new(StringComparer.Ordinal);
        List<SweepPoint> points = [];
        int skipped = 0;
        foreach (TracedCall call in calls)
        {
            numbers[call.Name] = numbers.GetValueOrDefault(call.Name) + 1;
            if (call.Name is "execve" or "exit_group")
                continue;
            if (IsWhole || IsChanging(call) || others > 0 && !IsOfRuntime(call.Name) && skipped++ % others == 0)
                points.Add(new SweepPoint(call.Name, numbers[call.Name]));
        }

        Assert.True(points.Count > 10, $"{points.Count} points prove little");
        return points.Count > Few ? [.. points.Where((_, i) => i % Step == turn % Step)] : points;
    }

    private static bool IsChanging(TracedCall call) => Opening.Contains(call.Name)
        ? call.Line.Contains("O_CREAT", StringComparison.Ordinal)
        || call.Line.Contains("O_TRUNC", StringComparison.Ordinal)
        : Changing.Contains(call.Name);
}
