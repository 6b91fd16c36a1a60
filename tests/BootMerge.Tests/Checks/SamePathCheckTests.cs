using BootMerge.Checks;
using BootMerge.Extensions;
using BootMerge.Linux;
using Xunit;

namespace BootMerge.Tests.Checks;

public sealed class SamePathCheckTests
{
    [Theory]
    [InlineData("two files", false, false, true)]
    [InlineData("two directories are merged", true, true, false)]
    [InlineData("a file hides the directory below it", false, true, true)]
    [InlineData("a directory hides the file below it", true, false, true)]
    public void A_path_is_taken_twice_unless_both_are_directories(string why, bool isUpperDirectory, bool isLowerDirectory, bool isTwice)
    {
        SamePathCheck paths = new();
        Extension upper = Named("upper");

        Assert.Null(paths.Take("/etc/a", isUpperDirectory, upper));

        Extension? above = paths.Take("/etc/a", isLowerDirectory, Named("lower"));
        Assert.True(above == (isTwice ? upper : null), why);
    }

    [Fact]
    public void Of_three_extensions_with_one_path_the_lower_two_are_told_of_the_topmost()
    {
        SamePathCheck paths = new();
        Extension upper = Named("upper");
        paths.Take("/etc/a", isDirectory: false, upper);

        Assert.Same(upper, paths.Take("/etc/a", isDirectory: false, Named("middle")));
        Assert.Same(upper, paths.Take("/etc/a", isDirectory: false, Named("lower")));
        Assert.Null(paths.Take("/etc/ab", isDirectory: false, Named("lower")));
    }

    private static Extension Named(string name) => new()
    {
        Name = name,
        Class = ExtensionClass.Confext,
        Kind = ExtensionKind.Directory,
        Path = "/" + name,
        FoundPath = "/" + name,
        Status = new FileStatus
        {
            Mode = 0x41ED,
            Uid = 0,
            Gid = 0,
            Inode = 1,
            Size = 0,
            DeviceMajor = 0,
            DeviceMinor = 1,
            RdevMajor = 0,
            RdevMinor = 0,
            BirthTime = 0,
            ModificationTime = 0,
            UniqueMountId = 1,
            IsMountRoot = false,
        },
    };
}
