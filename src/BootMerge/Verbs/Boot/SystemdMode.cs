using System.Collections.Generic;
using System.Text;
using BootMerge.Configuration;
using BootMerge.Linux;
using BootMerge.Planning;
using BootMerge.Reporting;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// The running system's systemd-confext.service refreshes at every boot, in the mode of its configuration. If that is
/// another mode than the merge's, it would merge again, read-only and with the vendor's files above the machine's. So
/// the mode is passed on in /run, which is moved to the new root.
/// </summary>
internal static class SystemdMode
{
    private const string FileName = SourceFile.PublishedName;

    /// <summary>After the merge, which works without this: a failure here is only a warning.</summary>
    public static void Publish(Session session, List<Selection> selections, List<MergePlan> plans)
    {
        if (!IsCarriedOver(session.Root))
            return;
        try
        {
            Write(session, selections, plans);
        }
        catch (KernelException e)
        {
            session.Log.Warning("The running system's systemd-confext does not know the mode, and may merge again "
                + "in its own: " + e.Message);
        }
    }

    private static void Write(Session session, List<Selection> selections, List<MergePlan> plans)
    {
        for (int i = 0; i < plans.Count; i++)
        {
            ExtensionClass extensionClass = plans[i].Class;
            OlderSystemd.Publish(session, selections[i].Settings, plans[i]);
            if (plans[i].Stacks.Count == 0 || plans[i].RecordedMode == selections[i].Settings.SystemdMode)
            {
                Remove(extensionClass);
                continue;
            }

            string text = "# Written by bootmerge boot: the mode in which it merged, so that a refresh keeps it.\n["
                + extensionClass.Section + "]\nMutable=" + MutableModes.Name(plans[i].RecordedMode) + "\n";
            using SafeFileHandle run = Sys.Open("/run", Sys.O_PATH | Sys.O_DIRECTORY);
            using SafeFileHandle directory = RunDirectory.OpenBelow(run, extensionClass.ConfigurationFile + ".d");
            Sys.ReplaceFile(directory, FileName, Encoding.UTF8.GetBytes(text), Octal.Mode644);
            session.Log.Debug("Wrote /run/" + extensionClass.ConfigurationFile + ".d/" + FileName + " with Mutable="
                + MutableModes.Name(plans[i].RecordedMode) + ".");
        }
    }

    /// <summary>What an earlier run of the boot stage wrote, perhaps after a fallback, no longer applies.</summary>
    private static void Remove(ExtensionClass extensionClass)
    {
        using SafeFileHandle? directory = Sys.TryOpen("/run/" + extensionClass.ConfigurationFile + ".d",
            Sys.O_PATH | Sys.O_DIRECTORY);
        if (directory is not null)
            Sys.RemoveFile(directory, FileName);
    }

    /// <summary>
    /// Whether this process's /run is, or will be, the root's: it runs in an initramfs, or on the root itself. Anything
    /// else is a trial on another tree, which must not change the running system.
    /// </summary>
    public static bool IsCarriedOver(Root root)
    {
        using Root own = Root.Open("/");
        return Sys.Status(own.Handle).IsSameInode(Sys.Status(root.Handle)) || Log.IsInInitramfs();
    }
}
