using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.KernelTests.Support;

/// <summary>
/// All processes of the machine share /dev/kmsg: when overlayfs refuses something, the program would report why another
/// process's overlay was refused. So tests run with an empty file in its place. A test of the kernel's own words has
/// the real log, and no other process's test runs meanwhile: all tests share a lock, and this one takes it alone.
/// </summary>
internal sealed class KernelLog : IDisposable
{
    private const string Device = "/dev/kmsg";

    private static SafeFileHandle? _device;
    private static string _empty = "";

    private KernelLog()
    {
        Lock(LibC.LOCK_UN);
        Lock(LibC.LOCK_EX);
        LibC.Unmount(Device);
    }

    /// <summary>
    /// To be called once, in a mount namespace of our own. A machine without a kernel log has nothing to hide.
    /// </summary>
    /// <param name="empty">Where the empty file is to be.</param>
    public static void Hide(string empty)
    {
        if (!File.Exists(Device))
            return;
        _device = File.OpenHandle(Device, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        _empty = empty;
        File.WriteAllText(_empty, "");
        Cover();
    }

    /// <summary>A test begins: tests of other processes may run at the same time.</summary>
    public static void Share() => Lock(LibC.LOCK_SH);

    /// <summary>The test has ended.</summary>
    public static void Release() => Lock(LibC.LOCK_UN);

    /// <summary>Until the end of the test, this test alone has the real log.</summary>
    public static KernelLog? Alone() => _device is null ? null : new KernelLog();

    public void Dispose() => Cover();

    private static void Cover() => LibC.Mount(_empty, Device, null, LibC.MS_BIND);

    private static void Lock(int operation)
    {
        if (_device is not null && LibC.Lock(_device, operation) is int errno and not 0)
            throw new Win32Exception(errno, $"flock {Device}: {Marshal.GetPInvokeErrorMessage(errno)}");
    }
}
