using System;
using BootMerge.Linux;

namespace BootMerge.Reporting;

/// <summary>
/// Messages for people, one line each, on standard error. In an initramfs where no journal reads standard error, they
/// go to /dev/kmsg too. Results go to standard output through <see cref="Output"/>.
/// </summary>
internal sealed class Log
{
    // printk levels (linux/kern_levels.h); the facility is "daemon", as for anything but the kernel.
    private const int Facility = 3 << 3;
    private const int Err = 3;
    private const int Warn = 4;
    private const int Inform = 6;
    private const int DebugLevel = 7;

    private readonly bool _toKernel;

    public Log(bool toKernel) => _toKernel = toKernel;

    /// <summary>Only warnings and errors.</summary>
    public bool IsQuiet { get; set; }

    public bool IsDebug { get; set; }

    /// <summary>Whether messages would be lost in an initramfs: no journal reads standard error.</summary>
    public static bool WantsKernelLog() => Environment.GetEnvironmentVariable("JOURNAL_STREAM") is null
        && IsInInitramfs();

    /// <summary>dracut without systemd has only the file in /usr/lib.</summary>
    public static bool IsInInitramfs() => Sys.Exists("/etc/initrd-release") || Sys.Exists("/usr/lib/initrd-release");

    public void Error(string message) => Write(Err, message);

    public void Warning(string message) => Write(Warn, message);

    public void Info(string message)
    {
        if (!IsQuiet)
            Write(Inform, message);
    }

    public void Debug(string message)
    {
        if (IsDebug)
            Write(DebugLevel, message);
    }

    private void Write(int level, string message)
    {
        string line = PathText.Printable(message);
        Output.WriteError("bootmerge: " + line + "\n");
        if (_toKernel)
            Output.WriteKernelLog("<" + (Facility | level).ToString() + ">bootmerge: " + line);
    }
}
