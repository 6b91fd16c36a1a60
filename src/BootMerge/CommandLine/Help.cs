using System.Text;

namespace BootMerge.CommandLine;

/// <summary>
/// What --help and --mutable=help print. Only order and layout are here; the texts are in the tables of verbs and
/// options.
/// </summary>
internal static class Help
{
    private const int VerbWidth = 12;
    private const int OptionWidth = 24;

    /// <summary>In the order of the enumeration.</summary>
    public static readonly string[] Groups = ["What to work on", "How to merge",
        "What to remove of the machine's own files", "What to print"];

    /// <summary>Of the verb that was typed, or of all.</summary>
    public static string Text(Arguments typed)
    {
        bool isDropIn = typed.IsDropIn;
        VerbRow? one = isDropIn ? null : typed.VerbRow;
        StringBuilder text = new(ProgramNames.Name(typed.CalledAs) + " [OPTION...] ");
        if (one is not null)
            text.Append(one.Name).Append(one.Operands).Append("\n\n").Append(one.Help).Append(one.OwnHelp)
                .Append(".\n");
        else
            text.Append("[VERB]\n\n").Append(isDropIn ? DropInAbout : About).Append("\nVerbs:\n");
        foreach (VerbRow verb in VerbTable.All)
            if (one is null && (!isDropIn || verb.IsSystemds))
                AddRow(text, verb.Name, VerbWidth, verb.Help + (isDropIn ? "" : verb.OwnHelp));
        int group = -1;
        string others = "";
        foreach (Option option in OptionTable.All)
        {
            if (isDropIn && option.Scope != OptionScope.Systemd)
            {
                others += option.Scope == OptionScope.Own ? "" : (others.Length == 0 ? "" : ", ") + Names(option);
                continue;
            }

            if (one is not null && !option.IsFor(one.Verb))
                continue;
            if ((int)option.Group != group)
                text.Append('\n').Append(Groups[group = (int)option.Group]).Append(":\n");
            AddRow(text, Names(option) + (isDropIn ? option.Form.Replace("[=MODE]", "=MODE") : option.Form),
                OptionWidth, option.Help + (isDropIn ? "" : option.OwnHelp));
        }

        return one is not null ? text.ToString()
            : text.Append('\n').Append(isDropIn ? "Not systemd's: " + others + ".\n" : Closing).ToString();
    }

    /// <summary>In systemd's format, which completions read.</summary>
    /// <param name="legend">With a heading.</param>
    public static string ModeNames(bool legend) => (legend ? "Known mutability modes:\n" : "")
        + string.Join('\n', MutableModes.Names) + "\n";

    private static string Names(Option option) => (option.Letter == 0 ? "" : "-" + option.Letter.ToString() + ", ")
        + option.Name;

    private static void AddRow(StringBuilder text, string name, int width, string help) =>
        text.Append("  ").Append(name.PadRight(width - 2)).Append(help.Replace("\n", "\n".PadRight(width + 1)))
            .Append('\n');

    private static string DropInAbout => Encoding.UTF8.GetString("""
        This is bootmerge under the name of a program of systemd 262: it takes that program's verbs and options,
        and does what that does. Under its own name it can do more, see bootmerge --help.

        """u8);

    private static string About => Encoding.UTF8.GetString("""
        Assembles /etc from layers, as one overlay: the vendor's defaults, further extensions (confexts), and
        on top the machine's own files. Made for the initramfs, before switch-root; works in the running
        system too. Reads and writes the formats of systemd-confext(8), and needs no systemd.

        """u8);

    private static string Closing => Encoding.UTF8.GetString("""
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
    public static string Modes(bool legend) =>
        (legend ? "Modes of --mutable=, by where writes to the merged tree go:\n" : "") + Encoding.UTF8.GetString("""
          no                Nowhere: the merged tree is read-only
          yes               To what /var/lib/extensions.mutable/<hierarchy> is or points to; created if absent
          auto              As yes if that exists, else as no
          import            Nowhere; what it holds is merged as the topmost layer
          ephemeral         To memory: gone after unmerge or reboot
          ephemeral-import  To memory; what it holds is merged as the topmost layer
        A boolean works too: yes and no in any spelling.

        """u8);
}
