using System.Collections.Generic;
using System.Text;
using BootMerge.Linux;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Markers;

/// <summary>Reads a marker from a merged hierarchy, and writes one into the layer made for it.</summary>
internal static class MarkerDirectory
{
    // Our own file, and only if the origin states another mode. systemd does not look at it.
    private const string ModeFile = "bootmerge-mode";
    private const int FileLimit = 4 << 20;

    /// <summary>
    /// The marker of the merge on this hierarchy; null if there is none. A marker is ignored if its dev file names
    /// another device than the one it is on: then it is a copy (in an upperdir, a backup or an image).
    /// </summary>
    /// <param name="hierarchy">O_PATH descriptor of the hierarchy as it is seen.</param>
    public static Marker? TryRead(SafeFileHandle hierarchy, ExtensionClass extensionClass)
    {
        FileStatus status = Sys.Status(hierarchy);
        using SafeFileHandle? directory = TryOpenOwn(hierarchy, status, extensionClass);
        if (directory is null)
            return null;

        string? workDirectory = ReadLine(directory, "work_dir");
        return new Marker
        {
            Device = status.Device,
            Names = Marker.ParseNames(ReadText(directory, extensionClass.NamesFile) ?? ""),
            Origin = ReadText(directory, "origin"),
            WorkDirectory = workDirectory is null ? null : CText.Unescape(workDirectory) ?? "",
            Backing = ReadLine(directory, "backing"),
            Mode = ReadLine(directory, ModeFile),
            Since = Sys.TryStatusAt(directory, "dev")?.ModificationTime ?? 0,
        };
    }

    /// <summary>Whether a merge of this class is on the hierarchy.</summary>
    public static bool Exists(SafeFileHandle hierarchy, ExtensionClass extensionClass)
    {
        using SafeFileHandle? directory = TryOpenOwn(hierarchy, Sys.Status(hierarchy), extensionClass);
        return directory is not null;
    }

    private static SafeFileHandle? TryOpenOwn(SafeFileHandle hierarchy, FileStatus status,
        ExtensionClass extensionClass)
    {
        if (!status.IsMountRoot || TryOpen(hierarchy, extensionClass.MarkerName) is not SafeFileHandle directory)
            return null;
        if (ReadLine(directory, "dev") == status.Device)
            return directory;
        directory.Dispose();
        return null;
    }

    /// <summary>
    /// Makes the marker directory with all files but "dev" and "origin", which are known only when all overlays exist.
    /// </summary>
    public static void Write(SafeFileHandle layer, ExtensionClass extensionClass, List<string> names,
        string? workDirectory, string? backing, string? mode)
    {
        Sys.MakeDirectory(layer, extensionClass.MarkerName, Octal.Mode755, extensionClass.MarkerName);
        using SafeFileHandle directory = Sys.OpenChild(layer, extensionClass.MarkerName,
            Sys.O_RDONLY | Sys.O_DIRECTORY);
        // Hides a copy of an older marker in a layer below. In a user namespace the mark cannot be set, and no upper
        // layer is merged there.
        if (!Sys.IsInUserNamespace())
            Sys.SetXattr(directory, OverlayMark.Opaque, "y"u8.ToArray());
        Sys.ChangeMode(directory, Octal.Mode755);
        WriteFile(directory, extensionClass.NamesFile, Marker.NamesText(names));
        if (workDirectory is not null)
            WriteFile(directory, "work_dir", CText.Escape(workDirectory) + "\n");
        if (backing is not null)
            WriteFile(directory, "backing", backing + "\n");
        if (mode is not null)
            WriteFile(directory, ModeFile, mode + "\n");
    }

    public static void WriteDevice(SafeFileHandle layer, ExtensionClass extensionClass, string device) =>
        WriteLate(layer, extensionClass, "dev", device + "\n");

    public static void WriteOrigin(SafeFileHandle layer, ExtensionClass extensionClass, string origin) =>
        WriteLate(layer, extensionClass, "origin", origin);

    // Writes into the layer directly, below an overlay through which nobody has looked up the file yet.
    private static void WriteLate(SafeFileHandle layer, ExtensionClass extensionClass, string name, string text)
    {
        using SafeFileHandle directory = Sys.OpenChild(layer, extensionClass.MarkerName, Sys.O_PATH | Sys.O_DIRECTORY);
        WriteFile(directory, name, text);
    }

    private static SafeFileHandle? TryOpen(SafeFileHandle directory, string name) =>
        Sys.TryOpenAt(directory, name, Sys.O_PATH | Sys.O_DIRECTORY | Sys.O_NOFOLLOW, Sys.RESOLVE_BENEATH);

    private static void WriteFile(SafeFileHandle directory, string name, string text)
    {
        using SafeFileHandle file = Sys.OpenChild(directory, name, Sys.O_WRONLY | Sys.O_CREAT | Sys.O_EXCL,
            Octal.Mode644);
        Sys.WriteAll(file, PathText.Encode(text), name);
        Sys.ChangeMode(file, Octal.Mode644); // the umask may have changed it
    }

    private static string? ReadLine(SafeFileHandle directory, string name) => ReadText(directory, name)?.TrimEnd('\n');

    private static string? ReadText(SafeFileHandle directory, string name)
    {
        using SafeFileHandle? file = Sys.TryOpenAt(directory, name, Sys.O_PATH | Sys.O_NOFOLLOW, Sys.RESOLVE_BENEATH);
        return file is null || !Sys.Status(file).IsRegular ? null
            : PathText.Decode(Root.ReadFile(file, name, FileLimit));
    }
}
