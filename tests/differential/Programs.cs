using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Finds what the tests run: the sid root with the real systemd-confext, and the bootmerge that was built.
/// </summary>
internal static class Programs
{
    private static readonly Lazy<string> sidRoot = new(MakeSidRoot);

    /// <summary>Made by make-sid-root.sh at the first use on a machine.</summary>
    public static string SidRoot => sidRoot.Value;

    private static readonly Lazy<string[]> filesOfSystemd = new(FindFilesOfSystemd);

    /// <summary>Absolute paths of the files in the sid root that systemd-sysext needs to merge directories.</summary>
    public static string[] FilesOfSystemd => filesOfSystemd.Value;

    public static string? FindBootmerge() => FindUpward("out/bootmerge");

    private static string[] FindFilesOfSystemd()
    {
        // mount links the libraries that systemd loads only when it mounts.
        ProcessStartInfo start = new("chroot", [SidRoot, "ldd", "/usr/bin/systemd-sysext", "/usr/bin/mount"])
        { RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException(start.FileName);
        HashSet<string> files = ["/usr/bin/systemd-sysext", "/usr/bin/systemd-confext"];
        foreach (string word in process.StandardOutput.ReadToEnd().Split([' ', '\t', '\n']))
        {
            if (word.StartsWith('/') && !word.EndsWith(':'))
                files.Add(word);
        }
        process.WaitForExit();
        return [.. files];
    }

    private static string MakeSidRoot()
    {
        if (!Environment.IsPrivilegedProcess)
            throw new InvalidOperationException("the differential tests mount and chroot: run them as root");
        string script = FindUpward("make-sid-root.sh") ?? FindUpward("tests/differential/make-sid-root.sh")
            ?? throw new InvalidOperationException("make-sid-root.sh is not beside the differential tests");
        ProcessStartInfo start = new(script)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false
        };
        using Process process = Process.Start(start) ?? throw new InvalidOperationException(script);
        string errors = "";
        process.ErrorDataReceived += (_, line) => errors += line.Data + "\n";
        process.BeginErrorReadLine();
        string path = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0 && Directory.Exists(path)
            ? path
            : throw new InvalidOperationException("no Debian sid root: " + errors.Trim());
    }

    /// <summary>The first file of this name beside this program, or in a directory above it.</summary>
    public static string? FindUpward(string name)
    {
        for (string? directory = AppContext.BaseDirectory; directory is not null; directory =
            Path.GetDirectoryName(directory))
        {
            string candidate = Path.Combine(directory, name);
            if (File.Exists(candidate))
                return candidate;
        }
        return null;
    }
}
