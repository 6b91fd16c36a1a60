using System;
using System.Collections.Generic;
using System.Text;

namespace BootMerge.Configuration;

internal static class KernelCommandLine
{
    /// <summary>
    /// Words between white space; quotation marks of either kind group and are removed, wherever in the word they
    /// stand, and one that is never closed ends with the line (kernel-command-line(7); systemd reads it so).
    /// </summary>
    /// <returns>"name" or "name=value" in the order of the line: the last one of a name counts.</returns>
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
