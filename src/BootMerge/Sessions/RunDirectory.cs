using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Sessions;

/// <summary>This process's own /run, which switch-root moves to the new root.</summary>
internal static class RunDirectory
{
    public const string Path = "/run/bootmerge";

    public static SafeFileHandle Open()
    {
        using SafeFileHandle run = Sys.Open("/run", Sys.O_PATH | Sys.O_DIRECTORY);
        return OpenBelow(run, "bootmerge");
    }

    /// <summary>Makes missing directories on a path below /run. A symlink on the way is refused.</summary>
    public static SafeFileHandle OpenBelow(SafeFileHandle run, string path) =>
        Sys.OpenOrMake(run, path, Octal.Mode755, "/run/" + path);
}
