using System;
using System.Diagnostics;
using System.IO;
using System.Threading;
using BootMerge.Linux;
using Xunit;

namespace BootMerge.Tests.Linux;

/// <summary>Keys of this process, as /proc/keys shows them.</summary>
public sealed class KeyTests
{
    private const string Variable = "BOOTMERGE_TESTS_KEY";

    [Fact]
    public void A_key_is_there_until_it_is_removed()
    {
        string description = "bootmerge:" + Guid.NewGuid().ToString("N");
        int key = Sys.AddKey("user", description, [1, 2, 3]);
        Assert.True(key > 0, Errno.Describe(-key));
        Assert.True(IsThere(description));
        Sys.RemoveKey(key);
        WaitUntilGone(description);
    }

    [Fact]
    public void A_key_that_is_not_removed_is_there_as_long_as_the_process()
    {
        // The next test runs this one in another process; it also runs by itself, like any other.
        string description = Environment.GetEnvironmentVariable(Variable)
            ?? "bootmerge:" + Guid.NewGuid().ToString("N");
        int key = Sys.AddKey("user", description, [1, 2, 3]);
        Assert.True(key > 0, Errno.Describe(-key));
        Assert.True(IsThere(description));
    }

    [Fact]
    public void A_key_that_is_not_removed_goes_with_the_process()
    {
        string description = "bootmerge:" + Guid.NewGuid().ToString("N");
        ProcessStartInfo start = new(Environment.ProcessPath!)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add("-method");
        start.ArgumentList.Add("*." + nameof(A_key_that_is_not_removed_is_there_as_long_as_the_process));
        start.Environment[Variable] = description;
        using Process tests = Process.Start(start)!;
        string output = tests.StandardOutput.ReadToEnd();
        tests.WaitForExit();
        Assert.True(tests.ExitCode == 0 && output.Contains("Total: 1,", StringComparison.Ordinal), output);
        WaitUntilGone(description);
    }

    [Fact]
    public void A_key_of_a_type_that_the_kernel_does_not_have_is_an_error_number() =>
        Assert.Equal(-Errno.ENODEV, Sys.AddKey("bootmerge", "bootmerge:nothing", []));

    /// <summary>The kernel removes a key some time after its last user has let go of it.</summary>
    internal static void WaitUntilGone(string description)
    {
        for (int i = 0; i < 100 && IsThere(description); i++)
            Thread.Sleep(50);
        Assert.False(IsThere(description), description + " is left");
    }

    private static bool IsThere(string description) =>
        File.ReadAllText("/proc/keys").Contains(description, StringComparison.Ordinal);
}
