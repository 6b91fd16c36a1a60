using System;
using BootMerge.Extensions;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Mounting;
using BootMerge.Sessions;
using Microsoft.Win32.SafeHandles;

namespace BootMerge.Verbs.Boot;

/// <summary>
/// An extension in a form that systemd accepts: NAME has a real directory etc with a release file. If that takes an
/// overlay, it is mounted inside the root. In /run the mount would get another number when systemd switches to the
/// root, and systemd's refresh would treat that as a change.
/// </summary>
internal sealed class ShownExtension : IDisposable
{
    private const string SearchDirectory = "confexts";
    private const string Hierarchy = "/etc";

    private readonly SafeFileHandle? _overlay;
    private readonly bool _needsLink;

    private ShownExtension(string name, string path, bool needsLink, JsonValue identity, SafeFileHandle? overlay)
    {
        Name = name;
        Path = path;
        Identity = identity;
        _needsLink = needsLink;
        _overlay = overlay;
    }

    public string Name { get; }

    /// <summary>The directory that systemd will treat as the extension, inside the root.</summary>
    public string Path { get; }

    /// <summary>Whether something will be mounted at <see cref="Path"/>.</summary>
    public bool IsMount => _overlay is not null;

    /// <summary>The extension's entry in the marker's origin.</summary>
    public JsonValue Identity { get; }

    /// <param name="directory">The directory that is the extension's /etc, inside the root.</param>
    public static ShownExtension Prepare(Root root, Extension extension, string directory)
    {
        string above = PathName.Parent(directory);
        string parent = above.Length == 0 ? "/" : above;
        bool isCalledEtc = directory == above + Hierarchy && above.Length > 0;

        // A symlink NAME to the parent is enough if the directory is called etc and has a release file.
        if (isCalledEtc && HasRelease(root, directory, extension.Name))
        {
            using SafeFileHandle handle = root.OpenAt(parent, Sys.O_PATH | Sys.O_DIRECTORY);
            return new ShownExtension(extension.Name, parent, needsLink: true, ExtensionIdentity.Of(parent, handle),
                null);
        }

        // Otherwise an overlay: over the parent if there is no extension yet, otherwise over the extension itself.
        string path = extension.IsDefaultsDirectory ? parent : extension.Path;
        SafeFileHandle overlay = MakeOverlay(root, extension.Name, directory, path);
        return new ShownExtension(extension.Name, path, needsLink: extension.IsDefaultsDirectory,
            ExtensionIdentity.Of(path, overlay), overlay);
    }

    public void Publish(Root root)
    {
        if (_overlay is not null)
        {
            using SafeFileHandle point = root.OpenAt(Path, Sys.O_PATH | Sys.O_DIRECTORY);
            Sys.Attach(_overlay, point, root.Outside(Path));
        }

        if (!_needsLink)
            return;
        using SafeFileHandle run = Sys.Open("/run", Sys.O_PATH | Sys.O_DIRECTORY);
        using SafeFileHandle directory = RunDirectory.OpenBelow(run, SearchDirectory);
        if (IsSymlinkTo(directory, Name, Path))
            return;
        if (!Sys.MakeSymlink(directory, Name, Path, "/run/" + SearchDirectory + "/" + Name))
            throw new KernelException("symlink", "/run/" + SearchDirectory + "/" + Name, Errno.EEXIST);
    }

    public void Dispose() => _overlay?.Dispose();

    private static bool HasRelease(Root root, string directory, string name) =>
        root.Exists(directory + "/extension-release.d/" + ReleaseName(name));

    private static string ReleaseName(string name) => "extension-release." + name;

    private static SafeFileHandle MakeOverlay(Root root, string name, string directory, string target)
    {
        LayerMethod method = OverlaySupport.Probe();
        using PrivateRoot? view = method == LayerMethod.Descriptors ? null : PrivateRoot.Enter(root);
        Root seen = view?.Root ?? root;
        // Before the stage is attached: a symlink that climbs to the root would lead to what is attached there.
        bool hasRelease = HasRelease(seen, directory, name);
        return LayerView.Mount(seen.Handle, method, isStaged: view is not null, seen.Outside(target), (stage, layers) =>
        {
            SafeFileHandle layer = stage.ReleaseLayer();
            layers.Add(new NamedLayer("release", layer));
            layers.Add(new NamedLayer("defaults",
                seen.OpenAt(PathName.Parent(directory), Sys.O_PATH | Sys.O_DIRECTORY)));
            FillReleaseLayer(layer, name, PathName.Last(directory), hasRelease);
        });
    }

    /// <param name="directoryName">The directory's real name; it is shown as etc.</param>
    private static void FillReleaseLayer(SafeFileHandle layer, string name, string directoryName, bool hasRelease)
    {
        Sys.MakeDirectory(layer, "etc", Octal.Mode755, "etc");
        using SafeFileHandle etc = Sys.OpenChild(layer, "etc", Sys.O_RDONLY | Sys.O_DIRECTORY);
        if ("/" + directoryName != Hierarchy)
            Sys.SetXattr(etc, OverlayMark.Redirect, PathText.Encode("/" + directoryName));
        if (hasRelease)
            return;
        Sys.MakeDirectory(etc, "extension-release.d", Octal.Mode755, "extension-release.d");
        using SafeFileHandle releases = Sys.OpenChild(etc, "extension-release.d", Sys.O_PATH | Sys.O_DIRECTORY);
        Sys.CreateFile(releases, ReleaseName(name), "ID=_any\n"u8, Octal.Mode644);
    }

    private static bool IsSymlinkTo(SafeFileHandle directory, string name, string target)
    {
        if (Sys.TryStatusAt(directory, name) is not { IsSymlink: true })
            return false;
        using SafeFileHandle link = Sys.OpenChild(directory, name, Sys.O_PATH);
        return Sys.ReadLink(link) == target;
    }
}
