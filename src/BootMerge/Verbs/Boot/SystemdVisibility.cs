using System;
using System.Collections.Generic;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// systemd-confext resolves a hierarchy that is a symlink inside the extension, finds nothing, and silently drops the
/// extension. Nor does it see defaults that are not an extension. So such extensions are shown to it in /run/confexts
/// in a form that it accepts, and the marker records what it will find there. Then its refresh skips.
/// </summary>
internal sealed class SystemdVisibility : IDisposable
{
    private const string Hierarchy = "/etc";

    private readonly Dictionary<string, JsonValue> _identities = [];
    private readonly List<ShownExtension> _shown = [];

    private SystemdVisibility()
    {
    }

    /// <summary>From an extension's name to what systemd will see in its place.</summary>
    public IReadOnlyDictionary<string, JsonValue> Identities => _identities;

    /// <summary>Names of extensions for which systemd will see a mount made for it.</summary>
    public List<string> Mounted { get; } = [];

    /// <summary>Before the merge, whose marker has the identities. Nothing is shown yet.</summary>
    public static SystemdVisibility Prepare(Session session, List<Selection> selections)
    {
        SystemdVisibility visibility = new();
        if (!SystemdMode.IsCarriedOver(session.Root))
            return visibility;
        foreach (Selection selection in selections)
        {
            if (selection.Settings.Class != ExtensionClass.Confext)
                continue;
            foreach (Extension extension in selection.AcceptedExtensions())
                if (!extension.SystemdFinds(session.Root, Hierarchy))
                    visibility.Add(session, extension);
        }

        return visibility;
    }

    /// <summary>After the merge, which works without this: a failure here is only a warning.</summary>
    public void Publish(Session session)
    {
        foreach (ShownExtension shown in _shown)
        {
            try
            {
                shown.Publish(session.Root);
                session.Log.Debug("The running system's systemd-confext finds '" + shown.Name + "' at " + shown.Path
                    + ".");
            }
            catch (KernelException e)
            {
                WarnOfDrop(session, shown.Name, e);
            }
        }
    }

    // The merge matters more: a machine that is up with it can be repaired.
    private static void WarnOfDrop(Session session, string name, KernelException e) =>
        session.Log.Warning("The running system's systemd-confext will not find '" + name
            + "', and will drop it when it refreshes: " + e.Message);

    public void Dispose()
    {
        foreach (ShownExtension shown in _shown)
            shown.Dispose();
    }

    private void Add(Session session, Extension extension)
    {
        using SafeFileHandle? directory = extension.OpenHierarchy(session.Root, Hierarchy);
        if (directory is null)
            return;
        try
        {
            ShownExtension shown = ShownExtension.Prepare(session.Root, extension, session.Root.PathOf(directory));
            _shown.Add(shown);
            _identities[extension.Name] = shown.Identity;
            if (shown.IsMount)
                Mounted.Add(shown.Name);
        }
        catch (KernelException e)
        {
            WarnOfDrop(session, extension.Name, e);
        }
    }
}
