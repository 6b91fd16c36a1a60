using BootMerge.Linux;

namespace BootMerge.Extensions;

/// <summary>What extensions must fit: the root's os-release, its scope, and the machine's architecture.</summary>
internal sealed class HostRelease
{
    private const int MaximumSize = 1 << 20;

    /// <summary>Has a non-empty ID.</summary>
    public required ReleaseFile Release { get; init; }

    /// <summary>"system" or "initrd".</summary>
    public required string Scope { get; init; }

    /// <summary>In systemd's words, which are not uname's: "x86-64", "arm64".</summary>
    public required string Architecture { get; init; }

    /// <summary>
    /// An os-release that is missing, is not a regular file, or has no ID is an <see cref="InputException"/>.
    /// </summary>
    /// <param name="chosen">The file to read, inside the root; null: the usual ones.</param>
    public static HostRelease Read(Root root, string? chosen = null)
    {
        // A dangling /etc/os-release counts as absent, an empty one does not.
        string path = chosen is null ? "/etc/os-release" : "/" + chosen.TrimStart('/');
        byte[]? text = root.TryReadFile(path, MaximumSize);
        if (text is null && chosen is not null)
            throw new InputException(PathText.Printable(root.Outside(path))
                + ", which SYSTEMD_OS_RELEASE names, does not exist");
        if (text is null)
        {
            path = "/usr/lib/os-release";
            text = root.TryReadFile(path, MaximumSize);
        }

        if (text is null)
            throw new InputException("The root " + PathText.Printable(root.Path)
                + " has neither etc/os-release nor usr/lib/os-release: no extension can be compared with it");

        ReleaseFile release = KeyValueFile.Parse(text);
        if (release.Problem is not null)
            throw new InputException(PathText.Printable(root.Outside(path)) + " " + release.Problem);
        if (release.NonEmpty("ID") is null)
            throw new InputException(PathText.Printable(root.Outside(path))
                + " has no ID, or an empty one: no extension can be compared with it");
        return new HostRelease
        {
            Release = release,
            Scope = IsInitrd(root) ? "initrd" : "system",
            Architecture = MachineArchitecture.Local.Own
        };
    }

    /// <summary>Whether the root is an initramfs.</summary>
    public static bool IsInitrd(Root root) => root.Exists("/etc/initrd-release");
}
