using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Changes;

/// <summary>
/// A directory for copies of the layers below before they replace what is there, made inside the directory that they
/// are for. It is recognised by its mode, which mkdir(2) sets in the same step: nobody else makes a directory that
/// nobody may enter.
/// </summary>
internal static class ResetTemporary
{
    private const string Name = ".bootmerge-reset";
    private const uint Mode = Octal.Mode1000;
    private const uint SetGroupId = 0x400; // inherited from the directory above

    /// <returns>The name; a different one if a file of the machine's has it already.</returns>
    public static string Make(SafeFileHandle directory)
    {
        int number = 0;
        while (!Sys.MakeDirectory(directory, NameOf(number), Mode, NameOf(number)))
            number++;
        // Files made in it would inherit this.
        using SafeFileHandle made = Sys.OpenChild(directory, NameOf(number), Sys.O_RDONLY | Sys.O_DIRECTORY);
        Sys.RemoveXattr(made, "system.posix_acl_default");
        return NameOf(number);
    }

    /// <summary>Removes what a killed command has left.</summary>
    public static void RemoveLeft(SafeFileHandle directory)
    {
        for (int number = 0; Sys.TryStatusAt(directory, NameOf(number)) is FileStatus status; number++)
            if (status is { IsDirectory: true, Uid: 0 } && (status.Permissions & ~SetGroupId) == Mode)
                Sys.RemoveTree(directory, NameOf(number));
    }

    private static string NameOf(int number) => number == 0 ? Name : Name + "." + number.ToString();
}
