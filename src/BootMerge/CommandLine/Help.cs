using System.Text;

namespace BootMerge.CommandLine;

/// <remarks>Kept as UTF-8: a literal string takes two bytes a letter in the binary.</remarks>
internal static class Help
{
    public static string Text(ProgramName program) =>
        program == ProgramName.BootMerge ? Own : CommandLineParser.NameOf(program) + DropIn;

    /// <summary>As systemd prints them: completions read this.</summary>
    /// <param name="legend">With a heading.</param>
    public static string BareModes(bool legend) => (legend ? "Known mutability modes:\n" : "") + string.Join('\n', MutableModes.Names) + "\n";

    private static string DropIn => Encoding.UTF8.GetString("""
         [OPTION...] [VERB]

        This is bootmerge under the name of a program of systemd 262: it takes that program's verbs and options,
        and does what that does. Under its own name it can do more, see bootmerge --help.

        Verbs:
          status                Show what is merged and since when (the default)
          merge                 Merge the extensions found; fails if already merged
          unmerge               Take the merge away again
          refresh               Bring a merge up to date; leaves it alone when nothing changed
          list                  List the extensions found

        Options:
          --root=DIR            Work on the system in DIR
          --mutable=MODE        Where writes go; --mutable=help lists the modes
          --image-policy=POLICY Which disk images may be used, see systemd.image-policy(7)
          --noexec=BOOL         Whether programs in the merged tree may not be run
          --force               Merge also what does not fit the system's version
          --no-reload           Do not ask the service manager to reload
          --always-refresh=BOOL Whether refresh renews a merge in which nothing changed
          --json=FORMAT         pretty, short or off
          --no-pager            Accepted and ignored: there is no pager
          --no-legend           No column headings
          -h, --help            This page
          --version             The version

        Not systemd's: --dry-run, --ephemeral, --immutable, --import-self, --no-wait, --verbose, -q, --quiet.

        """u8);

    private static string Own => Encoding.UTF8.GetString("""
        bootmerge [OPTION...] [VERB]

        Assembles /etc from layers, as one overlay: the vendor's defaults, further extensions (confexts), and
        on top the machine's own files. Made for the initramfs, before switch-root; works in the running
        system too. Reads and writes the formats of systemd-confext(8), and needs no systemd.

        Verbs:
          status    Show what is merged, since when, and where writes go (the default)
          list      List the extensions found, or those that are named behind it
          merge     Merge the extensions found; fails if already merged
          unmerge   Take the merge away again
          refresh   Bring a merge up to date; leaves it alone when nothing changed
          plan      Show what merge or refresh would do: layers in order, flags, refusals with reasons
          boot      The boot stage: what a boot configuration asks for, then merge; run it with --root=
          diff      How the machine's own files differ from the layers below, or those that are named
          explain   Which layer provides each PATH that is named, and what the other layers have there
          prune     Remove from the machine's own files what the layers below have in the same way
          reset     Give each PATH that is named back to the layers below; a copy is kept
          check     Say what is wrong with extensions, found or named behind it by name or path, and the fix

        What to work on:
          --root=DIR            Work on the system in DIR (default: /)
          --class=CLASS         confext: /etc (default); sysext: /usr and /opt; all: both
          --force               Merge also what does not fit the system's version

        How to merge:
          --mutable[=MODE]      no, yes, auto, import, ephemeral or ephemeral-import; alone it means yes;
                                --mutable=help explains them (default: no; boot and the verbs
                                about the machine's own files: auto)
          --immutable           Short for --mutable=no
          --ephemeral           Short for --mutable=ephemeral
          --noexec=BOOL         Whether programs in the merged tree may not be run (default for /etc: yes)
          --image-policy=POLICY Which disk images may be used, see systemd.image-policy(7)
          --always-refresh=BOOL Whether refresh renews a merge in which nothing changed (default: no)
          --fallback=WHAT       boot, when the writable layer cannot be used: fail (default), immutable
                                (merge read-only) or ephemeral (merge, and forget writes)
          --import-self         Called as systemd-confext or systemd-sysext: allow the import modes where
                                writes are routed to the merged directory itself, which systemd refuses
          --dry-run             merge, refresh, unmerge, prune, reset: only show what would be done
          --no-reload           Do not ask the service manager to reload, nor to restart units, even if an
                                extension wants it; with --root= it is never asked
          --no-wait             Fail instead of waiting while another bootmerge works on the same root

        What to remove of the machine's own files:
          --opaque              prune: also opaque marks of directories that hide nothing
          --all                 reset: everything, in place of paths
          --keep=GLOB           reset --all: but not what matches, as ssh/*_key or /etc/machine-id; more than once
          --no-backup           reset: keep no copy

        What to print:
          --json=FORMAT         pretty, short or off (default)
          --no-legend           No column headings
          --content             diff: also how the texts differ
          --selinux             diff: SELinux labels count, too
          --exit-code           diff: exit status 1 when there are changes
          --verbose             Also what was found and not merged, and why
          -q, --quiet           Only warnings and errors
          -h, --help            This page
          --version             The version
          --no-pager            Accepted and ignored: there is no pager

        Settings come, weakest first, from the built-in defaults, from the files systemd/confext.conf,
        systemd/sysext.conf and bootmerge.conf with their .conf.d/*.conf (below /etc, /run, /usr/local/lib and
        /usr/lib of the root), from the environment (SYSTEMD_CONFEXT_MUTABLE_MODE and others), for boot from the
        kernel command line (bootmerge=0, bootmerge.mutable=, bootmerge.fallback=, bootmerge.prune=0,
        bootmerge.log=debug), and from these options.

        Exit status: 0 done, or nothing to do; 1 failed, or check has found something; 2 wrong usage.

        Examples:
          bootmerge --root=/sysroot plan            What would be merged into /sysroot/etc?
          bootmerge --root=/sysroot --mutable merge Merge it; writes are kept
          bootmerge status --json=pretty            What is merged here, for a program to read
          bootmerge diff --content /etc/ssh         What has this machine changed there?

        """u8);

    /// <param name="legend">With a heading.</param>
    public static string Modes(bool legend) => (legend ? "Modes of --mutable=, by where writes to the merged tree go:\n" : "") + Encoding.UTF8.GetString("""
          no                Nowhere: the merged tree is read-only
          yes               To what /var/lib/extensions.mutable/<hierarchy> is or points to; created if absent
          auto              As yes if that exists, else as no
          import            Nowhere; what it holds is merged as the topmost layer
          ephemeral         To memory: gone after unmerge or reboot
          ephemeral-import  To memory; what it holds is merged as the topmost layer
        A boolean works too: yes and no in any spelling.

        """u8);
}
