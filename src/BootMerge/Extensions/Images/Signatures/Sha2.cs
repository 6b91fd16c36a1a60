using System;
using System.Buffers.Binary;
using System.Numerics;

namespace BootMerge.Extensions.Images;

/// <summary>
/// SHA-256, SHA-384 and SHA-512 (FIPS 180-4) of data in memory: the kernel verifies signatures of digests, but does not
/// compute digests for programs.
/// </summary>
internal static class Sha2
{
    private const int Rounds256 = 64;
    private const int Rounds512 = 80;

    // The upper halves are the constants of SHA-256.
    private static ReadOnlySpan<ulong> Constants =>
    [
        0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
        0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
        0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
        0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
        0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
        0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
        0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
        0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
        0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
        0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
        0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
        0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
        0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
        0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
        0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
        0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
    ];

    // For SHA-512, with those of SHA-256 in the upper halves; then for SHA-384.
    private static ReadOnlySpan<ulong> Beginnings =>
    [
        0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
        0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
        0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939, 0x67332667ffc00b31,
        0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,
    ];

    // By how many bits the three copies of a word that are mixed are rotated, in each of four functions: the standard's
    // two capital sigmas, then its two small ones, which shift the last copy. First for SHA-256, then for the others.
    private static ReadOnlySpan<byte> Turns =>
    [
        2, 13, 22, 6, 11, 25, 7, 18, 3, 17, 19, 10,
        28, 34, 39, 14, 18, 41, 1, 8, 7, 19, 61, 6,
    ];

    /// <param name="bits">256, 384 or 512.</param>
    public static byte[] Hash(ReadOnlySpan<byte> text, int bits)
    {
        int shift = bits > 256 ? 3 : 2;
        int word = 1 << shift;
        int block = 16 << shift;
        ulong[] state = new ulong[8];
        for (int i = 0; i < state.Length; i++)
            state[i] = Beginnings[i + (bits == 384 ? 8 : 0)] >> (word == 4 ? 32 : 0);

        // One byte, and the length in two words, of which the last eight bytes are enough.
        byte[] padded = new byte[(text.Length + 2 * word + block) / block * block];
        text.CopyTo(padded);
        padded[text.Length] = 0x80;
        BinaryPrimitives.WriteUInt64BigEndian(padded.AsSpan(padded.Length - 8), (ulong)text.Length * 8);
        for (int at = 0; at < padded.Length; at += block)
            Take(state, padded.AsSpan(at, block), shift);

        byte[] digest = new byte[bits / 8];
        for (int i = 0; i < digest.Length; i++)
            digest[i] = (byte)(state[i >> shift] >> 8 * (~i & (word - 1)));
        return digest;
    }

    /// <summary>
    /// With 32-bit words, the upper halves of all numbers are ignored: additions carry nothing down from there, and
    /// <see cref="Mix"/> drops them.
    /// </summary>
    /// <param name="block">Sixteen words.</param>
    /// <param name="shift">Each word has 2 to the power of this many bytes.</param>
    private static void Take(ulong[] state, ReadOnlySpan<byte> block, int shift)
    {
        int functions = 4 * (shift - 2);
        int rounds = functions == 0 ? Rounds256 : Rounds512;
        // Earlier content of a word is shifted out of it, or into an upper half.
        Span<ulong> words = stackalloc ulong[Rounds512];
        for (int i = 0; i < block.Length; i++)
            words[i >> shift] = words[i >> shift] << 8 | block[i];
        for (int i = 16; i < rounds; i++)
            words[i] = Mix(words[i - 2], functions + 3) + words[i - 7] + Mix(words[i - 15], functions + 2)
                + words[i - 16];

        // The letters a to h of the standard.
        Span<ulong> parts = stackalloc ulong[8];
        state.CopyTo(parts);
        for (int i = 0; i < rounds; i++)
        {
            ulong first = parts[7] + Mix(parts[4], functions + 1) + (parts[4] & parts[5] ^ ~parts[4] & parts[6])
                + (Constants[i] >> (functions == 0 ? 32 : 0)) + words[i];
            ulong second = Mix(parts[0], functions) + (parts[0] & parts[1] ^ parts[0] & parts[2] ^ parts[1] & parts[2]);
            for (int part = parts.Length - 1; part > 0; part--)
                parts[part] = parts[part - 1];
            parts[4] += first;
            parts[0] = first + second;
        }

        for (int i = 0; i < state.Length; i++)
            state[i] += parts[i];
    }

    /// <param name="function">A row of <see cref="Turns"/>.</param>
    private static ulong Mix(ulong word, int function)
    {
        bool isWide = function >= 4;
        ulong mixed = 0;
        for (int i = 0; i < 3; i++)
        {
            int bits = Turns[3 * function + i];
            mixed ^= i == 2 && (function & 2) != 0 ? (isWide ? word : (uint)word) >> bits
                : isWide ? BitOperations.RotateRight(word, bits) : BitOperations.RotateRight((uint)word, bits);
        }

        return mixed;
    }
}
