namespace BootMerge.KernelTests.Support;

/// <summary>Shell commands that arrange a layer as overlayfs would have left it.</summary>
internal static class RawTree
{
    private const string Functions = """
        mark() { setfattr -n "trusted.overlay.${2%%=*}" -v "${2#*=}" "$1"; }
        xattr() { setfattr -h -n "${2%%=*}" -v "${2#*=}" "$1"; }
        acl() { setfattr -n system.posix_acl_access -v 0x0200000001000700FFFFFFFF020007000300000004000500FFFFFFFF10000700FFFFFFFF20000500FFFFFFFF "$1"; }
        whiteout() { mknod "$1" c 0 0; }
        """;

    public static void Do(string directory, string commands) =>
        Outcome.OfTool("sh", "-ec", Functions + $"\ncd '{directory}'; umask 022; {commands}");
}
