using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Planning;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>RouteEtc=: writes to the merged /etc go to the machine's own /etc unless configured otherwise.</summary>
internal static class RoutingEntry
{
    private const string Hierarchy = "/etc";

    /// <summary>Makes /var/lib/extensions.mutable/etc -> /etc if nothing exists there.</summary>
    /// <returns>Why it could not be made; null if it exists, or nothing needs it.</returns>
    public static string? Ensure(Session session, List<ClassSettings> classes)
    {
        if (!session.Settings.RouteEtc || ModeOfConfexts(classes) is not MutableMode mode
            || !MutableModes.UsesRouting(mode))
            return null;
        // An import gives the same result without the entry.
        return Make(session) is string problem && MutableModes.WritesToDisk(mode) ? problem : null;
    }

    private static string? Make(Session session)
    {
        // The fallback is for exactly this case: a read-only or full file system.
        try
        {
            string entry = HierarchyState.RoutingEntry(Hierarchy);
            using SafeFileHandle? var = session.Root.TryOpenDirectory("/var");
            if (var is null)
                return "the root has no /var to route writes from";
            if (Exists(session.Root, entry))
                return null;
            string parent = PathName.Parent(entry);
            MakeDirectory(session.Root, "/var/lib");
            MakeDirectory(session.Root, parent);
            using SafeFileHandle directory = session.Root.OpenAt(parent, Sys.O_PATH | Sys.O_DIRECTORY);
            if (Sys.MakeSymlink(directory, PathName.Last(entry), Hierarchy, session.Root.Outside(entry)))
                session.Log.Info("Created " + session.Root.Outside(entry) + " -> " + Hierarchy
                    + ": writes to the merged /etc go to the machine's own.");
            return null;
        }
        catch (KernelException e)
        {
            return e.Message;
        }
    }

    private static MutableMode? ModeOfConfexts(List<ClassSettings> classes)
    {
        foreach (ClassSettings settings in classes)
            if (settings.Class == ExtensionClass.Confext)
                return settings.Mode;
        return null;
    }

    /// <summary>A dangling symlink is a deliberate choice too.</summary>
    private static bool Exists(Root root, string entry)
    {
        using SafeFileHandle? directory = root.TryOpenDirectory(PathName.Parent(entry));
        return directory is not null && Sys.TryStatusAt(directory, PathName.Last(entry)) is not null;
    }

    private static void MakeDirectory(Root root, string path)
    {
        using SafeFileHandle parent = root.OpenAt(PathName.Parent(path), Sys.O_PATH | Sys.O_DIRECTORY);
        string name = PathName.Last(path);
        if (!Sys.MakeDirectory(parent, name, Octal.Mode755, root.Outside(path)))
            return;
        using SafeFileHandle created = Sys.OpenChild(parent, name, Sys.O_RDONLY | Sys.O_DIRECTORY);
        Sys.ChangeMode(created, Octal.Mode755); // the umask may have changed it
    }
}
