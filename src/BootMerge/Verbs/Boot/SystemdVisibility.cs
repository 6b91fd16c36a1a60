using System;
using System.Collections.Generic;
using System.Text;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Mounting;
using BootMerge.Planning;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// systemd-confext resolves a symlinked hierarchy directory inside the extension, finds nothing and drops the extension
/// without a word; and defaults that are no extension it does not see at all. Such extensions are shown to it in
/// /run/confexts, in a form it accepts, and recorded in the marker as what it will find there: then its refresh skips.
/// </summary>
internal sealed class SystemdVisibility : IDisposable
{
    private const string SearchDirectory = "/run/confexts";
    private const string Hierarchy = "/etc";

    private readonly Dictionary<string, JsonValue> _identities = [];
    private readonly Undo _undo;

    private SystemdVisibility(Undo undo) => _undo = undo;

    /// <summary>By extension name: what systemd will see in place of the extension.</summary>
    public IReadOnlyDictionary<string, JsonValue> Identities => _identities;

    public static SystemdVisibility Provide(Session session, List<Survey> surveys)
    {
        SystemdVisibility visibility = new(new Undo(session.Log));
        if (!SystemdMode.IsCarriedOver(session.Root))
            return visibility;
        foreach (Survey survey in surveys)
        {
            if (survey.Settings.Class != ExtensionClass.Confext)
                continue;
            foreach (Extension extension in survey.AcceptedExtensions())
                if (!extension.SystemdFinds(session.Root, Hierarchy))
                    visibility.Show(session, extension);
        }

        return visibility;
    }

    /// <summary>The merge has worked: what was made for it stays.</summary>
    public void Keep() => _undo.Forget();

    /// <summary>Takes it back unless it is to be kept.</summary>
    public void Dispose() => _undo.Run();

    private void Show(Session session, Extension extension)
    {
        using SafeFileHandle? directory = extension.OpenHierarchy(session.Root, Hierarchy);
        if (directory is null)
            return;
        string path = session.Root.PathOf(directory);
        string parent = path[..Math.Max(path.LastIndexOf('/'), 0)];
        string shown = SearchDirectory + "/" + extension.Name;
        using SafeFileHandle run = Sys.Open("/run", Sys.O_PATH | Sys.O_DIRECTORY);
        using SafeFileHandle searchDirectory = RunDirectory.OpenBelow(run, "confexts");

        // A directory called etc that has a release file is an extension but for its place: a symlink names that.
        if (!extension.IsBareDirectory && path == parent + Hierarchy && parent.Length > 0)
        {
            if (!IsSymlinkTo(searchDirectory, extension.Name, parent))
            {
                if (!Sys.MakeSymlink(searchDirectory, extension.Name, parent, shown))
                    throw new InputException(PathText.Printable(shown) + " is in the way: systemd would take it for the extension '" + PathText.Printable(extension.Name) + "'");
                _undo.Add(() => Remove(extension.Name, isDirectory: false));
            }

            using SafeFileHandle target = session.Root.OpenAt(parent, Sys.O_PATH | Sys.O_DIRECTORY);
            _identities[extension.Name] = ExtensionIdentity.Of(parent, target);
        }
        else
        {
            using SafeFileHandle mounted = ShowAsOverlay(session, extension, path, searchDirectory);
            _identities[extension.Name] = ExtensionIdentity.Of(shown, mounted);
        }

        session.Log.Debug("The running system's systemd-confext sees '" + extension.Name + "' at " + shown + ".");
    }

    /// <summary>
    /// Anything else: an overlay that has the directory as its etc, and a release file. (A mount on NAME/etc would not
    /// do: systemd looks at NAME without what is mounted below it.)
    /// </summary>
    private SafeFileHandle ShowAsOverlay(Session session, Extension extension, string path, SafeFileHandle searchDirectory)
    {
        Sys.MakeDirectory(searchDirectory, extension.Name, 0x1ED, extension.Name); // 0755
        SafeFileHandle point = Sys.OpenChild(searchDirectory, extension.Name, Sys.O_PATH | Sys.O_DIRECTORY);
        if (Sys.Status(point).IsMountRoot)
            return point; // of an earlier run
        _undo.Add(() => Remove(extension.Name, isDirectory: true));

        LayerMethod method = OverlaySupport.Probe();
        string rootPath = Sys.PathOf(session.Root.Handle);
        SafeFileHandle overlay;
        using (PrivateView? view = method == LayerMethod.Descriptors ? null : PrivateView.Enter())
        using (Root root = Root.Open(rootPath))
            overlay = MakeOverlay(root, extension.Name, path, method, isStaged: view is not null);

        using (point)
            Sys.Attach(overlay, point, SearchDirectory + "/" + extension.Name);
        _undo.Add(() => Sys.Detach(overlay, extension.Name));
        return Sys.OpenChild(searchDirectory, extension.Name, Sys.O_PATH | Sys.O_DIRECTORY);
    }

    private static SafeFileHandle MakeOverlay(Root root, string name, string path, LayerMethod method, bool isStaged)
    {
        int slash = path.LastIndexOf('/');
        using SafeFileHandle directory = root.OpenAt(path, Sys.O_RDONLY | Sys.O_DIRECTORY);
        using SafeFileHandle parent = root.OpenAt(path[..slash], Sys.O_PATH | Sys.O_DIRECTORY);
        using Stage stage = Stage.Create();
        if (isStaged)
            stage.AttachOn(root.Handle);

        using SafeFileHandle layer = stage.ReleaseLayer();
        Sys.MakeDirectory(layer, "etc", 0x1ED, "etc");
        using SafeFileHandle etc = Sys.OpenChild(layer, "etc", Sys.O_RDONLY | Sys.O_DIRECTORY);
        if (path[slash..] != Hierarchy)
            Sys.SetXattr(etc, "trusted.overlay.redirect", PathText.Encode(path[slash..]));
        string release = "extension-release." + name;
        if (Sys.TryOpenAt(directory, "extension-release.d/" + release, Sys.O_PATH, Sys.RESOLVE_BENEATH) is SafeFileHandle existing)
            existing.Dispose();
        else
        {
            Sys.MakeDirectory(etc, "extension-release.d", 0x1ED, "extension-release.d");
            using SafeFileHandle releases = Sys.OpenChild(etc, "extension-release.d", Sys.O_PATH | Sys.O_DIRECTORY);
            Sys.CreateFile(releases, release, "ID=_any\n"u8, 0x1A4); // 0644
        }

        OverlayMount mount = new(
            SearchDirectory + "/" + name,
            "bootmerge",
            Sys.MOUNT_ATTR_RDONLY | Sys.MOUNT_ATTR_NOSUID | Sys.MOUNT_ATTR_NODEV,
            [new("redirect_dir", "follow"), new("metacopy", "off"), new("index", "off")],
            [new("release", layer), new("defaults", parent)],
            upper: null,
            work: null);
        SafeFileHandle overlay = mount.Make(stage, method, isStaged);
        if (!isStaged)
            return overlay;
        using (overlay)
            return Sys.CloneTree(overlay, recursive: false, name);
    }

    private static bool IsSymlinkTo(SafeFileHandle directory, string name, string target)
    {
        if (Sys.TryStatusAt(directory, name) is not { IsSymlink: true })
            return false;
        using SafeFileHandle link = Sys.OpenChild(directory, name, Sys.O_PATH);
        return Sys.ReadLink(link) == target;
    }

    private static void Remove(string name, bool isDirectory)
    {
        using SafeFileHandle directory = Sys.Open(SearchDirectory, Sys.O_PATH | Sys.O_DIRECTORY);
        if (isDirectory)
            Sys.RemoveDirectory(directory, name);
        else
            Sys.RemoveFile(directory, name);
    }
}
