using System;
using System.Collections.Generic;
using System.Text;
using CsCheck;

namespace BootMerge.Tests.Fuzzing;

/// <summary>
/// Inputs that are nearly valid: two valid texts spliced, and parts changed the way disks, people and attackers do.
/// </summary>
internal static class Mutations
{
    private const int MostSteps = 6;
    private const int LongestInput = 4096;

    /// <summary>Text that has broken parsers before, inserted as it is.</summary>
    private static readonly byte[][] Troublemakers =
    [
        [0], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xED, 0xB2, 0x80], [0xEF, 0xBB, 0xBF], [0xEF, 0xBF, 0xBE],
            [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82],
        .. Bytes("18446744073709551616", "-1", "99999999999999999999999", "00", "1e999", "\r\n", "\n", "\r", "\\",
            "\\\n", "\\x", "\\000", "\\777", "\"", "'", "=", "[", "]", "{", "}", ":",
            ",", "+", " ", "\t", "#", ";", "/", "//", "..", "/../", ".", "%", "$", "`", "~", "^", "-", "_", "@",
                "\u0085", "\u2028", "é", "💀"),
        Encoding.UTF8.GetBytes(new string('[', 70)), Encoding.UTF8.GetBytes(new string('a', 300)),
    ];

    private enum Step
    {
        Flip,
        Delete,
        Duplicate,
        Insert,
        Truncate,
        Swap,
        Overwrite,
    }

    public static Gen<byte[]> Of(params string[] texts) => Of(Bytes(texts));

    public static Gen<byte[]> Of(byte[][] sound)
    {
        Gen<(Step, uint, uint, uint)> step = Gen.Select(Gen.Int[0, (int)Step.Overwrite].Select(kind => (Step)kind),
            Gen.UInt, Gen.UInt, Gen.UInt);
        return Gen.Select(Gen.Int[0, sound.Length - 1], Gen.Int[0, sound.Length - 1], Gen.UInt,
            step.Array[0, MostSteps]).Select((first, second, at, steps) =>
        {
            List<byte> text = Splice(sound[first], sound[second], at);
            foreach ((Step kind, uint a, uint b, uint c) in steps)
                Take(text, kind, a, b, c);
            return text.Count <= LongestInput ? text.ToArray() : text.GetRange(0, LongestInput).ToArray();
        });
    }

    private static byte[][] Bytes(params string[] texts) => Array.ConvertAll(texts, Encoding.UTF8.GetBytes);

    /// <summary>Every second time, joins the beginning of one to the end of the other.</summary>
    private static List<byte> Splice(byte[] first, byte[] second, uint at)
    {
        List<byte> text = [.. first];
        if (at % 2 == 0)
            return text;
        int cut = Place(text, at / 2);
        text.RemoveRange(cut, text.Count - cut);
        text.AddRange(second[(int)(at / 2 % (uint)(second.Length + 1))..]);
        return text;
    }

    private static void Take(List<byte> text, Step kind, uint a, uint b, uint c)
    {
        int start = Place(text, a);
        int length = (int)(b % (uint)(text.Count - start + 1));
        switch (kind)
        {
            case Step.Flip when start < text.Count:
                text[start] ^= (byte)(1 << (int)(c % 8));
                break;
            case Step.Delete:
                text.RemoveRange(start, length);
                break;
            case Step.Duplicate:
                text.InsertRange(Place(text, c),
                    text.GetRange(start, Math.Min(length, LongestInput - Math.Min(text.Count, LongestInput))));
                break;
            case Step.Insert:
                text.InsertRange(start, Troublemakers[c % Troublemakers.Length]);
                break;
            case Step.Truncate:
                text.RemoveRange(start, text.Count - start);
                break;
            case Step.Swap when start < text.Count:
                int other = (int)(c % (uint)text.Count);
                (text[start], text[other]) = (text[other], text[start]);
                break;
            case Step.Overwrite when start < text.Count:
                text[start] = (byte)c;
                break;
        }
    }

    private static int Place(List<byte> text, uint number) => (int)(number % (uint)(text.Count + 1));
}
