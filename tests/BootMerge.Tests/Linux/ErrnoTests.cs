using System.Runtime.InteropServices;
using BootMerge.Linux;
using Xunit;

namespace BootMerge.Tests.Linux;

public sealed class ErrnoTests
{
    [Theory]
    [InlineData(Errno.EPERM, "Operation not permitted (EPERM)")]
    [InlineData(Errno.EAGAIN, "Resource temporarily unavailable (EAGAIN)")]
    [InlineData(Errno.ELOOP, "Too many levels of symbolic links (ELOOP)")]
    [InlineData(Errno.EOPNOTSUPP, "Operation not supported (EOPNOTSUPP)")]
    [InlineData(133, "Memory page has hardware error (EHWPOISON)")]
    [InlineData(41, "Unknown error (41)")]
    [InlineData(0, "Unknown error (0)")]
    [InlineData(134, "Unknown error (134)")]
    [InlineData(-1, "Unknown error (-1)")]
    public void An_error_is_told_in_words_and_by_name(int errno, string described) =>
        Assert.Equal(described, Errno.Describe(errno));

    [Fact]
    public void The_words_are_those_of_glibc_which_users_know_from_other_programs()
    {
        for (int errno = 1; errno <= 133; errno++)
            if (errno is not (41 or 58))
                Assert.StartsWith(Marshal.GetPInvokeErrorMessage(errno) + " (E", Errno.Describe(errno),
                    System.StringComparison.Ordinal);
    }
}
