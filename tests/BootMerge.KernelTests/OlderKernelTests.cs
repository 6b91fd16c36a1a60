using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// The program's ways for older kernels, tested on this one: strace(1) makes a call answer as such a kernel would. In
/// the first two calls of fsconfig(2) the program asks what the kernel can do. The trace shows that it then went the
/// other way.
/// </summary>
public sealed class OlderKernelTests : KernelTest
{
    public static TheoryData<string, string, string> WaysAndModes => new MatrixTheoryData<string, string, string>(
        ["6.7", "6.1"], ["no", "auto", "import", "ephemeral", "ephemeral-import"], ["/etc", "/srv/ch:an,ges \\"]);

    [Theory]
    [MemberData(nameof(WaysAndModes))]
    public void Layers_given_as_on_an_older_kernel_make_the_same_stack(string kernel, string mode, string routing)
    {
        const string OddName = "beta, with : and \\ and blank";
        Root.Extension("alpha", ("alpha.conf", "alpha"), ("both.conf", "alpha"));
        Root.Extension(OddName, ("both.conf", "beta"), ("machine.conf", "beta"));
        Root.Write("/etc/machine.conf", "machine");
        Root.MakeDirectory(routing);
        Root.Route(routing);
        Root.MakeDirectory("/etc/inner");
        Root.Mount("none", "/etc/inner", "tmpfs");
        Root.WriteMerged("/etc/inner/file", "inner");
        bool isMachineOnTop = mode is "auto" or "import" or "ephemeral-import" && routing is "/etc";

        On(kernel, "merge", "--mutable=" + mode);
        AssertMerged();
        On(kernel, "refresh", "--mutable=" + mode, "--always-refresh=yes");
        AssertMerged();
        Root.Bootmerge("refresh", "--mutable=" + mode).Succeeds(); // the newest way finds nothing changed
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal("inner", Root.Read("/etc/inner/file"));

        void AssertMerged()
        {
            MountEntry stack = Assert.Single(Root.Stacks);
            bool isMutable = mode is "auto" or "ephemeral" or "ephemeral-import";
            string[] flags = isMutable ? ["rw", "nosuid", "nodev", "noexec", "noatime"]
                : ["ro", "nosuid", "nodev", "noexec"];
            Assert.Empty(flags.Except(stack.Options));
            Assert.Equal(["alpha", "beta", isMachineOnTop ? "machine" : "beta", "inner"],
                new[] { "alpha.conf", "both.conf", "machine.conf",
                "inner/file" }.Select(name => Root.Read("/etc/" + name)));
            Assert.Equal(Files.Device(Root.Etc) + "\n", Root.Read("/etc/.systemd-confext/dev"));
            if (mode is not "auto")
                return;
            Root.WriteMerged("/etc/written", "by the machine");
            Assert.Equal("by the machine", Root.ReadRaw(routing + "/written"));
            Root.Expect(routing + "/written");
        }
    }

    [Theory]
    [InlineData("6.7", 498, true)]
    [InlineData("6.7", 499, false)]
    [InlineData("6.1", 498, true)]
    [InlineData("6.1", 499, false)]
    public void Five_hundred_layers_fit_on_an_older_kernel_too(string kernel, int extensions, bool merges)
    {
        WithKernelLog();
        for (int i = 1; i <= extensions; i++)
            Root.Extension($"layer-{i}", ($"only-{i}.conf", $"{i}"), ("top.conf", $"{i}"));
        Root.Remember();
        List<string> before = Root.State();

        if (merges)
        {
            On(kernel, "merge");
            Assert.Equal($"{extensions}", Root.Read("/etc/top.conf"));
            Assert.All(Enumerable.Range(1, extensions), i => Assert.Equal($"{i}", Root.Read($"/etc/only-{i}.conf")));
        }
        else
        {
            Traced.Inject(Answer(kernel), Root, "merge").Outcome.FailsInOneLineBesidesInformation("/etc",
                "too many lower directories, limit is 500");
            Assert.Equal(before, Root.State());
        }
    }

    [Theory]
    [InlineData("no")]
    [InlineData("auto")]
    public void Without_move_mount_beneath_a_refresh_still_replaces_the_stack(string mode)
    {
        Root.Route("/etc");
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.MakeDirectory("/etc/inner");
        Root.Mount("none", "/etc/inner", "tmpfs");
        Root.WriteMerged("/etc/inner/file", "inner");
        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        string[] refresh = ["refresh", "--mutable=" + mode, "--always-refresh=yes"];
        int beneath = Traced.Calls("move_mount", Root, refresh).FindIndex(IsBeneath) + 1;
        Assert.True(beneath > 0);
        Root.Extension("beta", ("beta.conf", "beta"));

        Traced.Inject($"move_mount:error=EINVAL:when={beneath}", Root, refresh).Outcome.Succeeds();

        Assert.Single(Root.Stacks);
        Assert.Equal(["alpha", "beta", "inner"],
            new[] { "alpha.conf", "beta.conf", "inner/file" }.Select(name => Root.Read("/etc/" + name)));
        if (mode is not "auto")
            return;
        Root.WriteMerged("/etc/written", "by the machine");
        Assert.Equal("by the machine", Root.ReadRaw("/etc/written"));
        Root.Expect("/etc/written");
    }

    [Fact]
    public void Without_move_mount_beneath_a_stack_that_cannot_be_attached_leaves_the_old_one()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Bootmerge("merge").Succeeds();
        string[] refresh = ["refresh", "--always-refresh=yes"];
        int beneath = Traced.Calls("move_mount", Root, refresh).FindIndex(IsBeneath) + 1;
        Assert.True(beneath > 0);
        Root.Extension("beta", ("beta.conf", "beta"));

        Traced.Inject($"move_mount:error=EINVAL:when={beneath}..{beneath + 1}", Root, refresh).Outcome.Fails("/etc");

        Assert.Single(Root.Stacks);
        Assert.Equal(("alpha", false), (Root.Read("/etc/alpha.conf"), Root.Exists("/etc/beta.conf")));
    }

    [Theory]
    // before 6.5: no AT_HANDLE_FID; before 6.12: no unique number
    [InlineData("name_to_handle_at:error=EINVAL:when=1", "fileHandle")]
    [InlineData("name_to_handle_at:error=EOPNOTSUPP", "inode")]            // a file system without handles
    public void Where_the_kernel_has_no_handle_of_that_kind_the_marker_has_another_and_refresh_skips(string answer,
        string key)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));

        Traced.Inject(answer, Root, "merge").Outcome.Succeeds();

        using JsonDocument origin = JsonDocument.Parse(Root.Read("/etc/.systemd-confext/origin"));
        JsonElement alpha = origin.RootElement.GetProperty("extensions").GetProperty("alpha");
        Assert.True(alpha.TryGetProperty(key, out _), alpha.ToString());
        ulong stack = LibC.UniqueMountId(Root.Etc);
        Traced.Inject(answer, Root, "refresh").Outcome.Succeeds();
        Assert.Equal(stack, LibC.UniqueMountId(Root.Etc));
    }

    [Fact]
    public void A_kernel_without_overlayfs_is_named_as_the_reason()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Remember();
        List<string> before = Root.State();

        Traced.Inject("fsopen:error=ENODEV", Root, "merge").Outcome.Fails("overlay", "No such device");

        Assert.Equal(before, Root.State());
    }

    /// <summary>
    /// 6.7 to 6.14: lowerdir+ does not accept an O_PATH descriptor. 6.1: every key is accepted, and the error comes at
    /// the end.
    /// </summary>
    private static string Answer(string kernel) => kernel is "6.7"
        ? "fsconfig:error=EINVAL:when=2" : "fsconfig:retval=0:when=1";

    private void On(string kernel, params string[] arguments)
    {
        (Outcome outcome, List<string> calls) = Traced.Inject(Answer(kernel), Root, arguments);
        outcome.Succeeds();
        string way = kernel is "6.7" ? "FSCONFIG_SET_STRING, \"lowerdir+\"" : "\"overlay\", ";
        Assert.Contains(calls, call => call.Contains(way, StringComparison.Ordinal)
            && call.EndsWith("= 0", StringComparison.Ordinal));
        Assert.DoesNotContain(calls, call => call.Contains("FSCONFIG_SET_FD, \"lowerdir+\"", StringComparison.Ordinal)
            && call.EndsWith("= 0", StringComparison.Ordinal));
    }

    /// <summary>strace knows MOVE_MOUNT_BENEATH, 0x200, by name or by number.</summary>
    private static bool IsBeneath(string call) => call.Contains("0x200", StringComparison.Ordinal)
        || call.Contains("BENEATH", StringComparison.Ordinal);
}
