using System.IO;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace BootMerge.Tests.Linux;

/// <summary>Where an open file is. The kernel tests show how a path leads there.</summary>
public sealed class RootTests
{
    [Theory]
    [InlineData("root/there", "/there")]
    [InlineData("root", "/")]
    [InlineData("beside", null)]
    [InlineData("root-beside", null)] // its path begins with the root's
    public void A_file_that_was_moved_out_of_the_root_has_no_path_in_it(string place, string? path)
    {
        string directory = Directory.CreateTempSubdirectory("bootmerge-root-").FullName;
        try
        {
            Directory.CreateDirectory(directory + "/root/file");
            using Root root = Root.Open(directory + "/root");
            using SafeFileHandle handle = root.OpenAt(place is "root" ? "/" : "/file");
            if (place is not "root")
                Directory.Move(directory + "/root/file", $"{directory}/{place}");

            if (path is null)
                Assert.Contains("outside the root", Assert.Throws<InputException>(() => root.PathOf(handle)).Message,
                    System.StringComparison.Ordinal);
            else
                Assert.Equal(path, root.PathOf(handle));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
