using System;
using System.Collections.Generic;
using System.Text;

namespace BootMerge.Reporting;

/// <summary>
/// Columns in systemd's layout: left-aligned, as wide as their widest cell, separated by one blank, the last one not
/// padded. The caller writes "-" for an unset cell.
/// </summary>
internal sealed class Table(params string[] header)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells)
    {
        for (int i = 0; i < cells.Length; i++)
            cells[i] = PathText.Printable(cells[i]);
        _rows.Add(cells);
    }

    public string ToText(bool withHeader, bool withColours)
    {
        int[] widths = new int[header.Length];
        if (withHeader)
            Widen(widths, header);
        foreach (string[] row in _rows)
            Widen(widths, row);

        StringBuilder text = new();
        if (withHeader)
            Append(text, widths, header, isHeader: true, withColours);
        foreach (string[] row in _rows)
            Append(text, widths, row, isHeader: false, withColours);
        return text.ToString();
    }

    private static void Append(StringBuilder text, int[] widths, string[] row, bool isHeader, bool withColours)
    {
        bool isUnderlined = isHeader && withColours;
        text.Append(isUnderlined ? Colours.Underline : "");
        for (int i = 0; i < row.Length; i++)
        {
            bool isGrey = withColours && row[i] == "-";
            text.Append(i == 0 ? "" : " ").Append(isGrey ? Colours.Grey : "").Append(row[i]);
            if (i < row.Length - 1 || isUnderlined)
                text.Append(' ', widths[i] - Width(row[i]));
            text.Append(isGrey ? Colours.Reset : "");
        }

        text.Append(isUnderlined ? Colours.Reset : "").Append('\n');
    }

    private static void Widen(int[] widths, string[] row)
    {
        for (int i = 0; i < row.Length; i++)
            widths[i] = Math.Max(widths[i], Width(row[i]));
    }

    /// <summary>
    /// Width in terminal cells: combining marks take none, East Asian characters two. Characters beyond U+FFFF, two
    /// chars here, are nearly all wide.
    /// </summary>
    private static int Width(string text)
    {
        int width = 0;
        foreach (char c in text)
            width += c is >= '\u0300' and <= '\u036F' or >= '\u200B' and <= '\u200F' or >= '\uFE00' and <= '\uFE0F' ? 0
                : c is >= '\u1100' and <= '\u115F' or >= '\u2E80' and <= '\uA4CF' or >= '\uAC00' and <= '\uD7A3'
                    or >= '\uF900' and <= '\uFAFF' or >= '\uFE30' and <= '\uFE6F' or >= '\uFF01' and <= '\uFF60'
                    ? 2 : 1;
        return width;
    }
}
