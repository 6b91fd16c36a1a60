using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Sessions;

/// <summary>This process's own /run, which is moved along when the root is switched.</summary>
internal static class RunDirectory
{
    public const string Path = "/run/bootmerge";

    public static SafeFileHandle Open()
    {
        using SafeFileHandle run = Sys.Open("/run", Sys.O_PATH | Sys.O_DIRECTORY);
        return OpenBelow(run, "bootmerge");
    }

    /// <summary>Makes the directories on a path below /run that are missing. A symlink among them is refused.</summary>
    public static SafeFileHandle OpenBelow(SafeFileHandle run, string path)
    {
        SafeFileHandle directory = Sys.Reopen(run, Sys.O_PATH | Sys.O_DIRECTORY);
        foreach (string name in path.Split('/'))
        {
            using SafeFileHandle parent = directory;
            Sys.MakeDirectory(parent, name, Octal.Mode755, "/run/" + path);
            directory = Sys.OpenChild(parent, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        }

        return directory;
    }
}
