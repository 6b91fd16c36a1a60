using System.Collections.Generic;
using BootMerge.Linux;

namespace BootMerge.Mounting;

/// <summary>
/// Mounts that the kernel does not copy, or does not attach again. A copy of the tree around them would lack them, and
/// no call would fail.
/// </summary>
internal static class Uncarriable
{
    /// <param name="mounts">Attached directly to the hierarchy's mount.</param>
    /// <returns>For each a clause that names it, says why, and what to do.</returns>
    public static List<string> Find(MountTable table, List<Mount> mounts)
    {
        List<string> problems = [];
        foreach (Mount mount in mounts)
            AddFrom(table, mount, problems);
        return problems;
    }

    private static void AddFrom(MountTable table, Mount first, List<string> problems)
    {
        List<Mount> tree = [first];
        for (int i = 0; i < tree.Count; i++)
        {
            Mount mount = tree[i];
            string name = "the mount on " + PathText.Printable(mount.Path) + " cannot be carried over: ";
            if (mount.IsUnbindable)
                problems.Add(name + "it is unbindable, so it cannot be copied. Unmount it, or make it private (mount "
                    + "--make-private), first");
            // Inside another mount it moves along with that one; only a mount that is moved by itself needs a path.
            else if (mount.IsDeleted && mount.Path == first.Path)
                problems.Add(name + "its source has been deleted. Unmount it first");
            tree.AddAll(table.ChildrenOf(mount.Id));
        }
    }
}
