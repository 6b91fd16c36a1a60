using System;
using BootMerge.Linux;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// A separate /var that is in the root's fstab but not mounted yet. Then the routing entry is looked for, and made, in
/// the directory under the mount point. The running system does not find it there, and its refresh merges read-only.
/// </summary>
internal static class UnmountedVar
{
    private const string FileSystemTable = "/etc/fstab";
    private const int Limit = 1 << 20;

    /// <summary>The directories on the way to the routing entry.</summary>
    private static readonly string[] Places = ["/var", "/var/lib", "/var/lib/extensions.mutable"];

    /// <summary>Errors in the file itself are not ours to report.</summary>
    public static void Warn(Session session)
    {
        try
        {
            byte[]? text = session.Root.TryReadFile(FileSystemTable, Limit);
            string? place = text is null ? null : Find(PathText.Decode(text), path => !IsMounted(session.Root, path));
            if (place is not null)
                session.Log.Warning(session.Root.Outside(FileSystemTable) + " has a file system for " + place
                    + ", which is not mounted yet: the routing entry is looked for below it, "
                    + "where the running system will not find it. Mount it in the initramfs, with systemd.mount-extra= "
                    + "(see bootmerge-boot(8)).");
        }
        catch (KernelException e)
        {
            session.Log.Debug("Cannot read " + FileSystemTable + ": " + e.Message);
        }
        catch (InputException e)
        {
            session.Log.Debug("Cannot read " + FileSystemTable + ": " + e.Message);
        }
    }

    /// <param name="text">In the format of fstab(5).</param>
    /// <returns>The first of <see cref="Places"/> that the table mounts at boot and for which
    /// <paramref name="isMissing"/> is true; or null.</returns>
    internal static string? Find(string text, Func<string, bool> isMissing)
    {
        foreach (string line in text.Split('\n'))
        {
            string[] fields = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 3 || fields[0][0] == '#')
                continue;
            string path = fields[1].TrimEnd('/');
            bool isAutomatic = fields.Length < 4 || Array.IndexOf(fields[3].Split(','), "noauto") < 0;
            if (isAutomatic && Words.IndexOf(Places, path) >= 0 && isMissing(path))
                return path;
        }

        return null;
    }

    private static bool IsMounted(Root root, string path)
    {
        using SafeFileHandle? directory = root.TryOpenDirectory(path);
        return directory is not null && Sys.Status(directory).IsMountRoot;
    }
}
