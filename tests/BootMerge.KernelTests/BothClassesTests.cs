using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// Confexts and sysexts in one command, even if extensions of one class lie in a hierarchy of the other.
/// </summary>
public sealed class BothClassesTests : KernelTest
{
    private static readonly string[] Hierarchies = ["/etc", "/usr", "/opt"];

    [Theory]
    [InlineData("newest")]
    [InlineData("6.7")]
    [InlineData("6.1")]
    public void A_later_refresh_of_each_class_skips_although_its_extensions_are_now_seen_through_the_other(
        string kernel)
    {
        Root.ExtensionIn("/usr/lib/confexts", "below-usr", ("below-usr.conf", "below-usr"));
        Root.Extension("beside", ("beside.conf", "beside"));
        AddSysext("/etc/extensions", "below-etc");
        AddSysext("/var/lib/extensions", "tools");
        Root.MakeDirectory("/opt");

        Merge(kernel);

        Assert.Equal(["below-usr", "beside", "below-etc", "tools"],
            new[] { "/etc/below-usr.conf", "/etc/beside.conf", "/usr/bin/below-etc", "/opt/tools" }.Select(Root.Read));
        ulong[] stacks = Stacks();
        Root.Bootmerge("refresh").Succeeds().Says("no change");
        Root.Bootmerge("--class=sysext", "refresh").Succeeds().Says("no change");
        Root.Bootmerge("--class=all", "refresh").Succeeds().Says("no change");
        Assert.Equal(stacks, Stacks());

        // When one has changed, all merges are made anew; the next refresh recognises all of them.
        AddSysext("/var/lib/extensions", "more");
        Root.Bootmerge("--class=all", "refresh").Succeeds();
        Assert.Equal("more", Root.Read("/usr/bin/more"));
        stacks = Stacks();
        Root.Bootmerge("refresh").Succeeds().Says("no change");
        Root.Bootmerge("--class=sysext", "refresh").Succeeds().Says("no change");
        Assert.Equal(stacks, Stacks());

        Root.Bootmerge("--class=all", "unmerge").Succeeds();
        Assert.False(Root.Exists("/etc/below-usr.conf"));
    }

    private ulong[] Stacks() => [.. Hierarchies.Select(hierarchy => LibC.UniqueMountId(Root.Path + hierarchy))];

    private void AddSysext(string searchDirectory, string name)
    {
        Root.Write($"{searchDirectory}/{name}/usr/lib/extension-release.d/extension-release.{name}", "ID=_any\n");
        Root.Write($"{searchDirectory}/{name}/usr/bin/{name}", name);
        Root.Write($"{searchDirectory}/{name}/opt/{name}", name);
    }

    private void Merge(string kernel)
    {
        string[] merge = ["--class=all", "merge"];
        if (kernel is "newest")
            Root.Bootmerge(merge).Succeeds();
        else
            Traced.Inject(kernel is "6.7" ? "fsconfig:error=EINVAL:when=2" : "fsconfig:retval=0:when=1", Root,
                merge).Outcome.Succeeds();
    }
}
