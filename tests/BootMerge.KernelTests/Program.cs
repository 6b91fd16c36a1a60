using System;
using System.IO;
using System.Threading.Tasks;
using BootMerge.KernelTests.Support;

namespace BootMerge.KernelTests;

/// <summary>
/// Runs the tests in a mount namespace of their own. unshare(2) moves only the calling thread, and the runtime already
/// has several. So the program replaces itself with <c>unshare -m --propagation private</c>, which starts it again.
/// </summary>
internal static class Program
{
    /// <summary>
    /// Holds the mount namespace that the program was started in. Inside, the program has another one.
    /// </summary>
    private const string OutsideVariable = "BOOTMERGE_KERNELTESTS_OUTSIDE";

    private static async Task<int> Main(string[] arguments)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            await Console.Error.WriteLineAsync("These tests mount real file systems: run them as root.")
                .ConfigureAwait(false);
            return 2;
        }

        string? outside = Environment.GetEnvironmentVariable(OutsideVariable);
        string here = new FileInfo("/proc/self/ns/mnt").LinkTarget!;
        if (outside is null)
        {
            // execve does not pass on the runtime's own copy of the environment: hence env(1).
            string[] ourselves = File.ReadAllText("/proc/self/cmdline").TrimEnd('\0').Split('\0');
            LibC.Execute("unshare", ["unshare", "-m", "--propagation", "private", "--", "env",
                $"{OutsideVariable}={here}", Environment.ProcessPath!, .. ourselves[1..]]);
            await Console.Error.WriteLineAsync("Cannot start unshare(1), from util-linux.").ConfigureAwait(false);
            return 2;
        }

        if (string.Equals(outside, here, StringComparison.Ordinal))
        {
            await Console.Error.WriteLineAsync("Not in a mount namespace of our own: refusing to mount.")
                .ConfigureAwait(false);
            return 2;
        }

        if (!Workplace.Prepare())
        {
            await Console.Error.WriteLineAsync("No out/bootmerge in any directory above this test program: run "
                + "'./build.sh build' first.").ConfigureAwait(false);
            return 2;
        }

        try
        {
            if (!Workplace.CompileInjector())
            {
                await Console.Error.WriteLineAsync("Cannot compile inject.c. It needs gcc, libc6-dev and "
                    + "libseccomp-dev.").ConfigureAwait(false);
                return 2;
            }

            return await Xunit.MicrosoftTestingPlatform.TestPlatformTestFramework
                .RunAsync(arguments, SelfRegisteredExtensions.AddSelfRegisteredExtensions).ConfigureAwait(false);
        }
        finally
        {
            Workplace.CleanUp();
        }
    }
}
