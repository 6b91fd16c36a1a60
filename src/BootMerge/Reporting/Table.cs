using System;
using System.Collections.Generic;
using System.Text;
using BootMerge.Linux;

namespace BootMerge.Reporting;

/// <summary>Left-aligned columns, as wide as their widest cell; "-" for an empty cell is the caller's.</summary>
internal sealed class Table(params string[] header)
{
    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells)
    {
        for (int i = 0; i < cells.Length; i++)
            cells[i] = PathText.Printable(cells[i]);
        _rows.Add(cells);
    }

    public string ToText(bool withHeader)
    {
        int[] widths = new int[header.Length];
        if (withHeader)
            Widen(widths, header);
        foreach (string[] row in _rows)
            Widen(widths, row);
        StringBuilder text = new();
        if (withHeader)
            Append(text, widths, header);
        foreach (string[] row in _rows)
            Append(text, widths, row);
        return text.ToString();
    }

    private static void Widen(int[] widths, string[] row)
    {
        for (int i = 0; i < row.Length; i++)
            widths[i] = Math.Max(widths[i], row[i].Length);
    }

    private static void Append(StringBuilder text, int[] widths, string[] row)
    {
        int start = text.Length;
        for (int i = 0; i < row.Length; i++)
            text.Append(i == 0 ? "" : " ").Append(row[i].PadRight(widths[i]));
        while (text.Length > start && text[text.Length - 1] == ' ')
            text.Length--;
        text.Append('\n');
    }
}
