using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Reporting;

/// <summary>Standard output and error by write(2).</summary>
internal static class Output
{
    private static readonly SafeFileHandle StandardOutput = new(1, ownsHandle: false);
    private static readonly SafeFileHandle StandardError = new(2, ownsHandle: false);

    private static int _statusLength;

    public static bool IsTerminal => LibC.isatty(1) != 0;

    /// <summary>
    /// There is a line for what comes and goes: a terminal, and not one on which a pager shows what we write.
    /// </summary>
    public static bool HasStatusLine => LibC.isatty(2) != 0 && !Sys.Status(StandardOutput).IsPipe;

    /// <summary>Until the next one, or until anything else is written.</summary>
    public static void ShowStatusLine(string text)
    {
        EraseStatusLine();
        WriteError(text);
        _statusLength = text.Length;
    }

    public static void EraseStatusLine()
    {
        if (_statusLength == 0)
            return;
        string blanks = new(' ', _statusLength);
        _statusLength = 0;
        WriteError("\r" + blanks + "\r");
    }

    /// <summary>If the reader has gone, that is not our error; a full disk behind a redirection is.</summary>
    public static void Write(string text)
    {
        if (TryWrite(text) is KernelException failure)
            throw failure;
    }

    /// <summary>Like <see cref="Write"/>.</summary>
    /// <returns>The failure; null if there is none.</returns>
    public static KernelException? TryWrite(string text)
    {
        EraseStatusLine();
        return Sys.TryWriteAll(StandardOutput, PathText.Encode(text)) is int errno and not 0 and not Errno.EPIPE
            ? new KernelException("write", "standard output", errno) : null;
    }

    /// <summary>Never fails: there is no place left to report it.</summary>
    public static void WriteError(string text)
    {
        EraseStatusLine();
        _ = Sys.TryWriteAll(StandardError, PathText.Encode(text));
    }

    /// <summary>
    /// Writes one record to /dev/kmsg, cut to the kernel's limit; does nothing if there is no /dev/kmsg.
    /// </summary>
    public static void WriteKernelLog(string record)
    {
        const int RecordLimit = 900; // LOG_LINE_MAX less the prefix
        using SafeFileHandle? kmsg = Sys.TryOpen("/dev/kmsg", Sys.O_WRONLY | Sys.O_NOCTTY);
        if (kmsg is null)
            return;
        byte[] bytes = PathText.Encode(record);
        _ = Sys.TryWriteAll(kmsg, bytes.AsSpan(0, Math.Min(bytes.Length, RecordLimit)));
    }
}
