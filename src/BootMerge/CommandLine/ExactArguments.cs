using System;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.CommandLine;

/// <summary>
/// The runtime replaces what is not UTF-8 with U+FFFD. But names are bytes, so the arguments are then read again from
/// the kernel.
/// </summary>
internal static class ExactArguments
{
    private const string Path = "/proc/self/cmdline";
    private const int Limit = 8 << 20; // more than execve(2) accepts with the usual stack

    /// <param name="words">argv without argv[0].</param>
    /// <returns>The same words as PathText decodes them; unchanged if there is no /proc.</returns>
    public static string[] Of(string[] words)
    {
        if (!Array.Exists(words, static word => word.Contains('\ufffd')))
            return words;
        using SafeFileHandle? file = Sys.TryOpen(Path, Sys.O_RDONLY);
        return file is null ? words : Split(PathText.Decode(Sys.ReadAll(file, Limit, Path)), words);
    }

    /// <param name="text">argv, each word followed by a zero.</param>
    internal static string[] Split(string text, string[] words)
    {
        string[] all = text.Split('\0');
        if (all.Length != words.Length + 2)
            return words;
        string[] exact = new string[words.Length];
        for (int i = 0; i < exact.Length; i++)
            exact[i] = all[i + 1];
        return exact;
    }
}
