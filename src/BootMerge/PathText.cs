using System;
using System.Text;

namespace BootMerge;

/// <summary>
/// File names are bytes. In this program they are strings. Every byte that is not part of valid UTF-8 becomes
/// U+DC80..U+DCFF, a lone low surrogate, which valid UTF-8 never decodes to. So nothing is lost on the way back.
/// </summary>
internal static class PathText
{
    private const int EscapeBase = 0xDC00;

    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (System.Text.Unicode.Utf8.IsValid(bytes))
            return Encoding.UTF8.GetString(bytes);

        StringBuilder text = new(bytes.Length);
        Span<char> pair = stackalloc char[2];
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int consumed) == System.Buffers.OperationStatus.Done)
            {
                text.Append(pair[..rune.EncodeToUtf16(pair)]);
                bytes = bytes[consumed..];
            }
            else
            {
                text.Append((char)(EscapeBase + bytes[0]));
                bytes = bytes[1..];
            }
        }

        return text.ToString();
    }

    /// <summary>The bytes without a terminator.</summary>
    public static byte[] Encode(string text) => Encode(text, terminate: false);

    /// <summary>The bytes with the terminating zero that system calls expect.</summary>
    public static byte[] Terminated(string text) => Encode(text, terminate: true);

    /// <summary>
    /// Like <see cref="Terminated(string)"/>, but writes into the given buffer if the text is ASCII and fits: walks
    /// name every entry several times.
    /// </summary>
    public static Span<byte> Terminated(ReadOnlySpan<char> text, Span<byte> room)
    {
        if (text.Length >= room.Length || Ascii.FromUtf16(text, room,
            out int length) != System.Buffers.OperationStatus.Done)
            return Terminated(text.ToString());
        room[length] = 0;
        return room[..(length + 1)];
    }

    public static bool IsValidUtf8(string text)
    {
        for (int i = 0; i < text.Length; i++)
            if (IsEscapeAt(text, i))
                return false;
        return true;
    }

    /// <summary>
    /// Whether it has one of the code points that Unicode reserves for ever, which systemd treats as bad UTF-8.
    /// </summary>
    public static bool HasNoncharacter(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            // The last two of each plane end in FFFE and FFFF; beyond the first plane only the low surrogate shows
            // that.
            bool isLow = char.IsLowSurrogate(text[i]) && i > 0 && char.IsHighSurrogate(text[i - 1]);
            int codePoint = isLow ? char.ConvertToUtf32(text[i - 1], text[i]) : text[i];
            if (codePoint is >= 0xFDD0 and <= 0xFDEF || (codePoint & 0xFFFE) == 0xFFFE)
                return true;
        }

        return false;
    }

    /// <summary>
    /// For messages: writes as \xNN each byte that is not UTF-8, and each byte of a control character or of a mark that
    /// changes the writing direction. So a line stays one line, and shows what is there.
    /// </summary>
    public static string Printable(string text)
    {
        bool clean = true;
        for (int i = 0; i < text.Length; i++)
            clean &= !IsUnprintable(text[i]) && !IsEscapeAt(text, i);
        if (clean)
            return text;

        StringBuilder printable = new(text.Length + 8);
        for (int i = 0; i < text.Length; i++)
        {
            if (IsEscapeAt(text, i))
                AppendHex(printable, text[i] - EscapeBase);
            else if (IsUnprintable(text[i]))
                foreach (byte b in Encode(text[i].ToString()))
                    AppendHex(printable, b);
            else
                printable.Append(text[i]);
        }

        return printable.ToString();
    }

    /// <summary>
    /// Whether a terminal may obey it: control characters (C0, DEL, C1), marks that change the writing direction, and
    /// line separators.
    /// </summary>
    public static bool IsUnprintable(char c) =>
        c < ' ' || c is >= '\u007f' and < '\u00a0' or '\u061c' or '\u200e' or '\u200f' or >= '\u2028' and <= '\u202e'
            or >= '\u2066' and <= '\u2069';

    /// <summary>The byte at this place if it is not UTF-8, otherwise -1.</summary>
    public static int UndecodableByteAt(string text, int i) => IsEscapeAt(text, i) ? text[i] - EscapeBase : -1;

    // After a high surrogate it is the second half of a real character.
    private static bool IsEscapeAt(string text, int i) => IsEscape(text[i])
        && (i == 0 || !char.IsHighSurrogate(text[i - 1]));

    private static bool IsEscape(char c) => c is >= '\uDC80' and <= '\uDCFF';

    private static void AppendHex(StringBuilder text, int value)
    {
        text.Append("\\x").Append(Hex(value >> 4 & 15)).Append(Hex(value & 15));
    }

    private static char Hex(int digit) => (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);

    private static byte[] Encode(string text, bool terminate)
    {
        if (Ascii.IsValid(text))
        {
            byte[] plain = new byte[text.Length + (terminate ? 1 : 0)];
            for (int i = 0; i < text.Length; i++)
                plain[i] = (byte)text[i];
            return plain;
        }

        int length = 0;
        for (int i = 0; i < text.Length; i++)
            length += SizeAt(text, ref i);

        byte[] bytes = new byte[length + (terminate ? 1 : 0)];
        int at = 0;
        for (int i = 0; i < text.Length; i++)
        {
            // The low half of a pair never gets here: the loop skips both halves.
            if (IsEscape(text[i]))
                bytes[at++] = (byte)(text[i] - EscapeBase);
            else
            {
                int units = char.IsSurrogatePair(text, i) ? 2 : 1;
                at += Encoding.UTF8.GetBytes(text, i, units, bytes, at);
                i += units - 1;
            }
        }

        return bytes;
    }

    private static int SizeAt(string text, ref int i)
    {
        if (IsEscape(text[i]))
            return 1;
        if (char.IsSurrogatePair(text, i))
        {
            i++;
            return 4;
        }

        return text[i] switch { < '\u0080' => 1, < '\u0800' => 2, _ => 3 };
    }

}
