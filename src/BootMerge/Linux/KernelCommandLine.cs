using System;
using System.Collections.Generic;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Linux;

internal static class KernelCommandLine
{
    // Far above any real one.
    private const int Limit = 256 * 1024;

    /// <summary>
    /// systemd.allow_userspace_verity=: if false, only the kernel's own keys may verify image signatures.
    /// </summary>
    public static bool AllowsUserspaceVerity
    {
        get
        {
            const string Name = "systemd.allow_userspace_verity";
            bool allows = true;
            foreach (string word in Parse(Read()))
                if (word == Name)
                    allows = true;
                else if (word.StartsWith(Name + "=", StringComparison.Ordinal)
                    && Words.TryParseBoolean(word[(Name.Length + 1)..], out bool value))
                    allows = value;
            return allows;
        }
    }

    /// <summary>Empty if there is no /proc.</summary>
    public static byte[] Read()
    {
        const string Path = "/proc/cmdline";
        try
        {
            using SafeFileHandle? file = Sys.TryOpen(Path, Sys.O_RDONLY);
            return file is null ? [] : Sys.ReadAll(file, Limit, Path);
        }
        catch (KernelException e) when (e.Errno is Errno.EACCES or Errno.EPERM)
        {
            // Nothing that an unprivileged user may do depends on it.
            return [];
        }
    }

    /// <summary>
    /// Words are separated by white space. Quotation marks of either kind group, and are removed wherever they stand in
    /// the word; one that is never closed extends to the end of the line (kernel-command-line(7); systemd reads it so).
    /// </summary>
    /// <returns>"name" or "name=value" in the order of the line; of several with one name the last one
    /// counts.</returns>
    public static List<string> Parse(ReadOnlySpan<byte> text)
    {
        List<string> words = [];
        StringBuilder word = new();
        bool inWord = false;
        char quote = '\0';
        foreach (char c in Encoding.UTF8.GetString(text))
        {
            if (quote != '\0' ? c == quote : c is '"' or '\'')
            {
                quote = quote == '\0' ? c : '\0';
                inWord = true;
            }
            else if (quote != '\0' || c is not (' ' or '\t' or '\r' or '\n' or '\0'))
            {
                word.Append(c);
                inWord = true;
            }
            else if (inWord)
            {
                words.Add(word.ToString().TrimEnd(['\n', '\0']));
                word.Clear();
                inWord = false;
            }
        }

        if (inWord)
            words.Add(word.ToString().TrimEnd(['\n', '\0']));
        return words;
    }
}
