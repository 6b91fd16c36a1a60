using System;
using System.Runtime.InteropServices;

namespace BootMerge.Tests.Extensions;

/// <summary>Files that hang or mislead a program that opens them without care.</summary>
internal static class Node
{
    private const uint S_IFIFO = 0x1000;
    private const uint Permissions = 0x1A4;

    public static void MakeFifo(string path)
    {
        if (mknod(path, S_IFIFO | Permissions, 0) != 0)
            throw new InvalidOperationException("mknod " + path + ": errno " + Marshal.GetLastPInvokeError()
                .ToString());
    }

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true,
        SetLastError = true)]
    private static extern int mknod(string path, uint mode, ulong device);
}
