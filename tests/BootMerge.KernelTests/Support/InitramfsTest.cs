using System;
using System.IO;
using System.Text.Json;

namespace BootMerge.KernelTests.Support;

/// <summary>
/// The boot stage as in an initramfs: in a chroot with the binary, an initrd-release, the defaults that the dracut
/// module ships, /proc, /run, and the root at /sysroot.
/// </summary>
public abstract class InitramfsTest : KernelTest
{
    private protected const string ShippedDefaults =
        "[BootMerge]\nNoExec=no\nFallback=immutable\nRouteEtc=yes\n"
        + "RequireExtension=flatcar-default flatcar-defaults\nPrune=yes\n";

    private protected string Initramfs => Path.GetDirectoryName(Root.Path)!;

    /// <summary>Makes the root, and the initramfs around it. Both /etc and the vendor have both.conf.</summary>
    private protected void Prepare(string layout, string rootOptions = "", string commandLine = "quiet",
        string fileSystem = "tmpfs")
    {
        RootOn(fileSystem, "initramfs/sysroot", rootOptions);
        Root.Write("/etc/both.conf", "machine's");
        const string Bare = "/usr/share/flatcar/etc";
        const string Extensions = "/usr/lib/confexts/";
        string directory = layout switch
        {
            "none" => "/usr/share/nothing",
            "bare" or "symlinked" or "flatcar, symlinked" => Bare,
            "confext" or "alias, reversed" => Extensions + "flatcar-defaults/etc",
            "flatcar" or "alias" => Extensions + "flatcar-default/etc",
            "another vendor" => Extensions + "acme-base/etc",
            _ => throw new ArgumentException("unknown: " + layout, nameof(layout)),
        };
        Root.Write(directory + "/vendor.conf", "vendor");
        Root.Write(directory + "/both.conf", "vendor");
        string[] names = layout switch
        {
            "confext" or "symlinked" => ["flatcar-defaults"],
            "flatcar" or "flatcar, symlinked" => ["flatcar-default"],
            "alias" or "alias, reversed" => ["flatcar-default", "flatcar-defaults"],
            "another vendor" => ["acme-base"],
            _ => [],
        };
        foreach (string name in names)
        {
            Root.Write(directory + "/extension-release.d/extension-release." + name, "ID=_any\n");
            if (directory != Extensions + name + "/etc")
                Root.Symlink(Extensions + name + "/etc",
                    directory is Bare ? "../../../share/flatcar/etc" : "../" + directory[Extensions.Length..]);
        }

        if (layout is "flatcar" or "alias" or "alias, reversed" or "another vendor")
            Root.Symlink(Bare, "../../lib/confexts/"
                + (layout is "alias" ? "flatcar-defaults/etc" : directory[Extensions.Length..]));

        foreach (string name in new[] { "etc", "usr/lib", "proc", "run", "dev" })
            Directory.CreateDirectory($"{Initramfs}/{name}");
        File.Copy(Workplace.Binary, Initramfs + "/bootmerge");
        File.WriteAllText(Initramfs + "/etc/initrd-release", "ID=initrd\n");
        File.WriteAllText(Initramfs + "/usr/lib/bootmerge.conf", ShippedDefaults);
        File.WriteAllText(Initramfs + "/cmdline", commandLine + "\n");
        LibC.Mount("none", Initramfs + "/proc", "proc");
        LibC.Mount(Initramfs + "/cmdline", Initramfs + "/proc/cmdline", null, LibC.MS_BIND);
        LibC.Mount("none", Initramfs + "/run", "tmpfs");
        Remember();
    }

    private protected void Remember()
    {
        Root.Remember();
        Root.Expect("/var/lib/extensions.mutable", "/var/lib/bootmerge");
    }

    private protected Outcome Boot() => Outcome.Of("chroot", [Initramfs, "/bootmerge", "--root=/sysroot", "boot"]);

    private protected JsonElement Report()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Initramfs + "/run/bootmerge/boot.json"));
        return document.RootElement.Clone();
    }
}
