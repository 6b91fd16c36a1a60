using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using BootMerge.Linux;
using Xunit;

namespace BootMerge.Tests.Linux;

/// <summary>
/// A C compiler compares every constant, structure and system call number that the program declares with the headers of
/// the kernel and of musl. They are the test machine's own headers or, with TESTED_ARCHITECTURE=arm64, the ones for
/// arm64.
/// </summary>
public sealed partial class KernelDeclarationTests
{
    // Newer than the headers of Debian 12 (6.1). Compared only where the headers have them.
    private static readonly string[] Young = ["STATX_MNT_ID_UNIQUE", "AT_HANDLE_FID", "MOVE_MOUNT_BENEATH",
        "USER_NS_INIT_INO"];

    // Prefixes of constants that the kernel's headers leave to the C library's.
    private static readonly string[] OfLibrary = ["DT_", "MNT_", "ST_"];

    private const string KernelHeaders = """
        #include <stddef.h>
        #include <asm/unistd.h>
        #include <linux/btrfs.h>
        #include <linux/capability.h>
        #include <linux/errno.h>
        #include <linux/dm-ioctl.h>
        #include <linux/fcntl.h>
        #include <linux/fs.h>
        #include <linux/inotify.h>
        #include <linux/keyctl.h>
        #include <linux/loop.h>
        #include <linux/magic.h>
        #include <linux/memfd.h>
        #include <linux/mount.h>
        #include <linux/nsfs.h>
        #include <linux/openat2.h>
        #include <linux/poll.h>
        #include <linux/sched.h>
        #include <linux/stat.h>

        """;

    private const string LibraryHeaders = """
        #define _GNU_SOURCE
        #include <dirent.h>
        #include <fcntl.h>
        #include <poll.h>
        #include <spawn.h>
        #include <sys/mount.h>
        #include <sys/statfs.h>
        #include <sys/statvfs.h>
        #include <time.h>

        """;

    // The structures of LibC: their names in C, whether the kernel's headers have them, and their fields in LibC's
    // order.
    private static readonly (Type Type, string Name, bool OfKernel, string Fields)[] Structures =
    [
        (typeof(LibC.SpawnActions), "posix_spawn_file_actions_t", false, ""),
        (typeof(LibC.OpenHow), "struct open_how", true, "flags mode resolve"),
        (typeof(LibC.MountAttributes), "struct mount_attr", true, "attr_set attr_clr propagation userns_fd"),
        (typeof(LibC.TimeSpec), "struct timespec", false, "tv_sec tv_nsec"),
        (typeof(LibC.StatxTime), "struct statx_timestamp", true, "tv_sec tv_nsec __reserved"),
        (typeof(LibC.StatxBuffer), "struct statx", true,
            "stx_mask stx_blksize stx_attributes stx_nlink stx_uid stx_gid stx_mode __spare0 stx_ino stx_size stx_blocks stx_attributes_mask "
            + "stx_atime stx_btime stx_ctime stx_mtime stx_rdev_major stx_rdev_minor stx_dev_major "
            + "stx_dev_minor stx_mnt_id"),
        (typeof(LibC.FileHandleBuffer), "struct file_handle", false, "handle_bytes handle_type f_handle"),
        (typeof(LibC.DirectoryRecord), "struct dirent", false, "d_reclen d_type d_name"),
        (typeof(LibC.StatvfsBuffer), "struct statvfs", false,
            "f_bsize f_frsize f_blocks f_bfree f_bavail f_files f_ffree f_favail f_fsid f_flag f_namemax"),
        (typeof(LibC.StatfsBuffer), "struct statfs", false, "f_type f_blocks f_fsid"),
        (typeof(LibC.LoopConfiguration), "struct loop_config", true, "fd info"),
        (typeof(LibC.LoopInformation), "struct loop_info64", true,
            "lo_device lo_inode lo_offset lo_sizelimit lo_flags"),
        (typeof(LibC.MapperRequest), "struct dm_ioctl", true,
            "version data_size data_start target_count flags dev name uuid"),
        (typeof(LibC.MapperTarget), "struct dm_target_spec", true, "sector_start length next target_type"),
        (typeof(LibC.FileAttributes), "struct fsxattr", true, "fsx_xflags fsx_extsize fsx_nextents fsx_projid"),
        (typeof(LibC.KeyOperation), "struct keyctl_pkey_params", true, "key_id in_len in2_len"),
        (typeof(LibC.PollEntry), "struct pollfd", false, "fd events revents"),
    ];

    // These end in an array without a fixed length. LibC has room for it, or leaves it out.
    private static readonly Type[] OpenEnded = [typeof(LibC.FileHandleBuffer), typeof(LibC.DirectoryRecord)];

    private static readonly bool IsCross = Environment.GetEnvironmentVariable("TESTED_ARCHITECTURE") switch
    {
        null => false,
        "arm64" => RuntimeInformation.ProcessArchitecture != Architecture.Arm64,
        string other => throw new InvalidOperationException("TESTED_ARCHITECTURE=" + other
            + ": arm64 is the one there is."),
    };

    private static bool IsArm64 => IsCross || RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    [Fact]
    public void Constants_are_those_of_the_headers()
    {
        List<(string Name, string Value)> constants = [];
        foreach (string file in Sources("*.cs"))
            foreach (Match match in Constant().Matches(File.ReadAllText(file)))
                constants.Add((match.Groups[1].Value, match.Groups[2].Value));
        constants.Add(("O_DIRECTORY", Sys.DirectoryFlag(IsArm64).ToString(CultureInfo.InvariantCulture)));
        constants.Add(("O_NOFOLLOW", Sys.NoFollowFlag(IsArm64).ToString(CultureInfo.InvariantCulture)));
        constants.Add(("SYS_add_key", Sys.AddKeyNumber(IsArm64).ToString(CultureInfo.InvariantCulture)));
        constants.Add(("SYS_keyctl", Sys.KeyctlNumber(IsArm64).ToString(CultureInfo.InvariantCulture)));
        foreach (FieldInfo error in typeof(Errno).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(static f => f.IsLiteral))
            // else the pattern has missed some
            Xunit.Assert.Contains(constants, constant => constant.Name == error.Name);
        for (int errno = 1; errno <= 133; errno++)
            if (errno is not (41 or 58)) // no error has these numbers
                constants.Add((NameOf(errno), errno.ToString(CultureInfo.InvariantCulture)));

        StringBuilder kernel = new(KernelHeaders);
        StringBuilder library = new(LibraryHeaders);
        foreach ((string name, string value) in constants)
            Compare(OfLibrary.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)) ? library : kernel, name,
                value);
        Compile(kernel, ofKernel: true);
        Compile(library, ofKernel: false);
    }

    [Fact]
    public void Structures_are_laid_out_as_in_the_headers()
    {
        Xunit.Assert.Equal(
            typeof(LibC).GetNestedTypes().Where(static type => type.IsValueType).Select(static type => type.Name)
                .Order(),
            Structures.Select(static row => row.Type.Name).Order());
        StringBuilder kernel = new(KernelHeaders);
        StringBuilder library = new(LibraryHeaders);
        foreach ((Type type, string name, bool ofKernel, string fields) in Structures)
        {
            StringBuilder code = ofKernel ? kernel : library;
            if (!OpenEnded.Contains(type))
                Assert(code, "sizeof(" + name + ") == " + Number(Marshal.SizeOf(type)));
            string[] names = fields.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            FieldInfo[] declared = type.GetFields(BindingFlags.Public | BindingFlags.Instance);
            if (names.Length > 0)
                Xunit.Assert.Equal(declared.Length, names.Length);
            for (int i = 0; i < names.Length; i++)
            {
                Assert(code, "__builtin_offsetof(" + name + ", " + names[i] + ") == "
                    + Number((int)Marshal.OffsetOf(type, declared[i].Name)));
                if (!OpenEnded.Contains(type))
                    Assert(code, "sizeof(((" + name + " *)0)->" + names[i] + ") == "
                        + Number(Marshal.SizeOf(declared[i].FieldType)));
            }
        }

        // Sys.MayMount declares both as arrays of 32-bit numbers; a capability set has two parts.
        Assert(kernel, "sizeof(struct __user_cap_header_struct) == 2 * 4");
        Assert(kernel, "sizeof(struct __user_cap_data_struct) * _LINUX_CAPABILITY_U32S_3 == 6 * 4");
        Assert(kernel, "__builtin_offsetof(struct __user_cap_data_struct, effective) == 0");
        Compile(kernel, ofKernel: true);
        Compile(library, ofKernel: false);
    }

    [Fact]
    public void The_numbers_of_system_calls_that_musl_has_no_function_for_are_those_of_the_kernel()
    {
        StringBuilder code = new("#include <sys/syscall.h>\n#include <asm/unistd.h>\n");
        SortedSet<string> names = [];
        foreach (string file in Sources("*.c"))
            foreach (Match match in SystemCall().Matches(File.ReadAllText(file)))
                names.Add(match.Groups[1].Value);
        Xunit.Assert.Contains("move_mount", names); // else the pattern has missed some
        foreach (string name in names)
            Assert(code, "SYS_" + name + " == __NR_" + name);
        Compile(code, ofKernel: false);
    }

    /// <summary>
    /// Microsoft's archives are compiled with glibc's headers and linked with musl. That works only if both use the
    /// kernel's layout for the structures that the archives pass to the C library.
    /// </summary>
    [Fact]
    public void Structures_of_the_runtime_are_in_musl_as_in_the_kernel()
    {
        StringBuilder code = new("""
            #define _GNU_SOURCE
            #include <sys/stat.h>
            #include <sys/statfs.h>
            #undef st_atime
            #undef st_mtime
            #undef st_ctime
            #undef stat64
            #define stat kernel_stat
            #include <asm/stat.h>
            #undef stat
            #undef statfs64
            #define statfs kernel_statfs
            #include <asm/statfs.h>
            #undef statfs

            """);
        (string Name, string Fields)[] structures =
        [
            ("stat", "st_dev st_ino st_mode st_nlink st_uid st_gid st_rdev st_size st_blksize st_blocks"),
            ("statfs", "f_type f_bsize f_blocks f_bfree f_bavail f_files f_ffree f_fsid f_namelen f_frsize f_flags"),
        ];
        foreach ((string name, string fields) in structures)
        {
            Assert(code, "sizeof(struct " + name + ") == sizeof(struct kernel_" + name + ")");
            foreach (string field in fields.Split(' '))
            {
                string offset = "__builtin_offsetof(struct " + name + ", " + field + ")";
                Assert(code, offset + " == " + offset.Replace("struct ", "struct kernel_", StringComparison.Ordinal));
            }
        }

        Compile(code, ofKernel: false);
    }

    private static void Assert(StringBuilder code, string condition) =>
        code.Append("_Static_assert(").Append(condition).Append(", \"").Append(condition).Append("\");\n");

    private static void Compare(StringBuilder code, string name, string value)
    {
        bool young = Young.Contains(name);
        string ofHeader = name.StartsWith("SYS_", StringComparison.Ordinal) ? "__NR_" + name[4..] : name;
        if (young)
            code.Append("#ifdef ").Append(ofHeader).Append('\n');
        Assert(code, "(unsigned long long)(" + ofHeader + ") == (unsigned long long)(" + value + ")");
        if (young)
            code.Append("#endif\n");
    }

    /// <summary>A failure's message is what the compiler printed.</summary>
    private static void Compile(StringBuilder code, bool ofKernel)
    {
        string file = Path.Combine(Path.GetTempPath(), "declarations-" + Guid.NewGuid().ToString("N") + ".c");
        File.WriteAllText(file, code.ToString());
        string kernel = KernelDirectory();
        string[] command = (IsCross, ofKernel) switch
        {
            (false, true) => ["gcc"],
            (false, false) => ["musl-gcc", "-idirafter", kernel, "-idirafter", "/usr/include"],
            (true, true) => ["clang", "--target=aarch64-linux-musl", "-nostdlibinc", "-isystem", kernel, "-isystem",
                "/usr/include"],
            (true, false) => ["clang", "--target=aarch64-linux-musl", "-nostdlibinc", "-isystem",
                "/usr/include/aarch64-linux-musl",
                "-idirafter", kernel, "-idirafter", "/usr/include"],
        };
        ProcessStartInfo start = new(command[0]) { RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in (IEnumerable<string>)[.. command[1..], "-std=gnu11", "-Wall", "-Wextra", "-Werror",
            "-fsyntax-only", file])
            start.ArgumentList.Add(argument);
        try
        {
            using Process compiler = Process.Start(start)!;
            string errors = compiler.StandardError.ReadToEnd();
            compiler.WaitForExit();
            Xunit.Assert.True(compiler.ExitCode == 0, string.Join(' ', start.ArgumentList) + "\n" + errors);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>
    /// The directory where Debian has &lt;asm/...&gt;: among the machine's own headers, or in a package for compilers
    /// that make code for arm64.
    /// </summary>
    private static string KernelDirectory()
    {
        string machine = IsArm64 ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
        string own = "/usr/include/" + machine;
        return Directory.Exists(own + "/asm") ? own : "/usr/" + machine + "/include";
    }

    private static string NameOf(int errno)
    {
        string described = Errno.Describe(errno);
        return described[(described.LastIndexOf('(') + 1)..^1];
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static IEnumerable<string> Sources(string pattern)
    {
        string? top = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(top, "build.sh")))
            top = Path.GetDirectoryName(top)
                ?? throw new InvalidOperationException("not inside a checkout: " + AppContext.BaseDirectory);
        return Directory.EnumerateFiles(Path.Combine(top, "src/BootMerge"), pattern, SearchOption.AllDirectories)
            .Where(static file => !file.Contains("/obj/", StringComparison.Ordinal)
            && !file.Contains("/bin/", StringComparison.Ordinal));
    }

    // "Constants of the kernel keep their names"; no other constants are written like this.
    [GeneratedRegex(@"\bconst (?:byte|short|ushort|int|uint|long|ulong) (_?[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*) = ([^;]+);",
        RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Constant();

    [GeneratedRegex(@"\bSYS_([a-z0-9_]+)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex SystemCall();
}
