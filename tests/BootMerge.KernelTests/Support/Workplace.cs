using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;

namespace BootMerge.KernelTests.Support;

/// <summary>
/// Where the whole run takes place: a directory in the temporary directory, with a tmpfs that only we see.
/// </summary>
internal static class Workplace
{
    private static int _count;

    public static string Path { get; private set; } = "";

    /// <summary>The published program, searched for from this test program's directory upwards.</summary>
    public static string Binary { get; private set; } = "";

    /// <summary>inject.c, compiled.</summary>
    public static string Injector => Path + "/inject";

    /// <returns>False if there is no program to test.</returns>
    public static bool Prepare()
    {
        Binary = FindBinary();
        if (Binary.Length == 0)
            return false;
        Path = Directory.CreateTempSubdirectory("bootmerge-kerneltests-").FullName;
        LibC.Mount("none", Path, "tmpfs", 0, "mode=0755");
        KernelLog.Hide(Path + "/kernel-log");
        return true;
    }

    /// <returns>False if that is not possible; gcc's own messages are on standard error.</returns>
    public static bool CompileInjector()
    {
        try
        {
            using Process compiler = Process.Start("gcc", ["-O1", "-Wall", "-Wextra", "-Werror", "-static", "-o",
                Injector, System.IO.Path.Combine(AppContext.BaseDirectory, "inject.c"), "-lseccomp"]);
            compiler.WaitForExit();
            return compiler.ExitCode == 0;
        }
        catch (Win32Exception) // there is no gcc
        {
            return false;
        }
    }

    public static void CleanUp()
    {
        LibC.Unmount(Path, LibC.MNT_DETACH);
        Directory.Delete(Path);
    }

    /// <summary>A fresh directory for one test; the number makes names in failures unique.</summary>
    public static string NewDirectory() =>
        Directory.CreateDirectory(System.IO.Path.Combine(Path, $"{++_count}")).FullName;

    private static string FindBinary()
    {
        for (string? directory = AppContext.BaseDirectory; directory is not null; directory =
            System.IO.Path.GetDirectoryName(directory))
        {
            string candidate = System.IO.Path.Combine(directory, "out", "bootmerge");
            if (File.Exists(candidate))
                return candidate;
        }

        return "";
    }
}
