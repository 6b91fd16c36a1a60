using System;

namespace BootMerge.Linux;

/// <summary>A system call that failed: which one, on what, why, and what the kernel logged about it.</summary>
internal sealed class KernelException : Exception
{
    /// <param name="call">The call's name as in its manual page.</param>
    /// <param name="target">The path or object as the user knows it.</param>
    /// <param name="errno">The error number, captured in the statement after the call.</param>
    /// <param name="log">Messages from the file-system context or /dev/kmsg, or empty.</param>
    public KernelException(string call, string target, int errno, string log = "")
        : base(Text(call, target, errno, log))
    {
        Call = call;
        Target = target;
        Errno = errno;
        Log = log;
    }

    public string Call { get; }

    public string Target { get; }

    public int Errno { get; }

    public string Log { get; }

    private static string Text(string call, string target, int errno, string log)
    {
        string text = call + " " + PathText.Printable(target) + ": " + Linux.Errno.Describe(errno);
        return log.Length == 0 ? text : text + " (kernel: " + PathText.Printable(log) + ")";
    }
}
