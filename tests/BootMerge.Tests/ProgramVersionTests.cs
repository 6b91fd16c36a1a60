using System.Reflection;
using Xunit;

namespace BootMerge.Tests;

public sealed class ProgramVersionTests
{
    [Fact]
    public void The_program_tells_the_version_of_Directory_Build_props()
    {
        string? built = typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>(
            )?.InformationalVersion;

        Assert.Equal(ProgramVersion.Text, built);
    }
}
