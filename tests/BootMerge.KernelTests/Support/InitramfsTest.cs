using System.IO;
using System.Text.Json;

namespace BootMerge.KernelTests.Support;

/// <summary>
/// The boot stage as in an initramfs: a chroot with the binary, an initrd-release, the defaults that the dracut module
/// ships, /proc, /run, and the root at /sysroot.
/// </summary>
public abstract class InitramfsTest : KernelTest
{
    private protected const string ShippedDefaults =
        "[BootMerge]\nNoExec=no\nFallback=immutable\nRouteEtc=yes\nRequireExtension=flatcar-defaults\nPrune=yes\n";

    private protected string Initramfs => Path.GetDirectoryName(Root.Path)!;

    /// <summary>The root and around it the initramfs; /etc has both.conf that the vendor ships, too.</summary>
    private protected void Prepare(string layout, string rootOptions = "", string commandLine = "quiet",
        string fileSystem = "tmpfs")
    {
        RootOn(fileSystem, "initramfs/sysroot", rootOptions);
        Root.Write("/etc/both.conf", "machine's");
        (string directory, string? link) = layout switch
        {
            "bare" => ("/usr/share/flatcar/etc", null),
            "symlinked" => ("/usr/share/flatcar/etc", "/usr/lib/confexts/flatcar-defaults/etc"),
            "confext" => ("/usr/lib/confexts/flatcar-defaults/etc", (string?)null),
            _ => ("/usr/share/nothing", null),
        };
        Root.Write(directory + "/vendor.conf", "vendor");
        Root.Write(directory + "/both.conf", "vendor");
        if (layout is "confext" or "symlinked")
            Root.Write(directory + "/extension-release.d/extension-release.flatcar-defaults", "ID=_any\n");
        if (link is not null)
            Root.Symlink(link, "../../../share/flatcar/etc");

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
