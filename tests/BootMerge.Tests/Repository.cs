using System;
using System.IO;

namespace BootMerge.Tests;

/// <summary>
/// The checkout that the tests were built from: some tests compare the program with its documentation.
/// </summary>
internal static class Repository
{
    private static readonly string Top = Find();

    public static string PathOf(string name) => Path.Combine(Top, name);

    public static string Read(string name) => File.ReadAllText(PathOf(name));

    private static string Find()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "BootMerge.sln")))
            directory = Path.GetDirectoryName(directory);
        return directory ?? throw new DirectoryNotFoundException("No BootMerge.sln above " + AppContext.BaseDirectory
            + ".");
    }
}
