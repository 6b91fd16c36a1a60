using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Xunit;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>Proves that the comparison sees what it must see, and that it leaves nothing behind.</summary>
[Collection("one scenario at a time")]
public sealed class HarnessTests
{
    private static readonly Scenario Plain = new("plain",
        root => root.Extension("foo").Extension("bar").RoutingDirectory(), Merge("--mutable=auto"), StatusJson,
            Unmerge);

    /// <summary>Something that goes wrong on one side, and a fact that must show it.</summary>
    private static readonly Dictionary<string, (string Fact, Program Wrong)> Faults = new(StringComparer.Ordinal)
    {
        ["another exit status"] = ("exit", (bench, command) =>
            Comparison.Systemd(bench, command) with { ExitStatus = 3 }),
        ["other output"] = ("stdout form", (bench, command) =>
            Comparison.Systemd(bench, command) with { Output = "no\n" }),
        ["another status"] = ("status form", Printing("status", result => result with { Output = "no\n" })),
        ["another status in JSON"] = ("status --json[0].extensions count", Printing("--json=pretty",
            result => result with { Output = result.Output.Replace("\"bar\",", "", StringComparison.Ordinal) })),
        ["another list"] = ("list --json exit", Printing("list", result => result with { ExitStatus = 1 })),
        ["another mode"] = ("mount etc[0] upper", Instead("--mutable=auto", "--mutable=ephemeral")),
        ["a missing flag"] = ("mount etc[0] flags", Instead("--mutable=auto", "--mutable=auto", "--noexec=no")),
        ["another mode in the marker"] = ("marker etc/origin.mutable.mode", Instead("--mutable=auto", "--mutable=yes")),
        ["no merge at all"] = ("mount etc[0] layers", Instead("merge", "status")),
        ["a repeated merge"] = ("another mount etc", (bench, command) =>
        {
            CommandResult result = Comparison.Systemd(bench, command);
            if (command.Arguments.Contains("status"))
                Comparison.Systemd(bench, Refresh("--mutable=auto", "--always-refresh=yes"));
            return result;
        }
        ),
        ["a missing unmerge"] = ("mount etc[0] type", Instead("unmerge", "status")),
        ["a leftover workdir"] = ("raw var/lib/extensions.mutable/.systemd-etc-workdir",
            After("unmerge", root => root.Directory("var/lib/extensions.mutable/.systemd-etc-workdir"))),
        ["a leftover mount"] = ("mount data[0] source", After("unmerge", root => root.Tmpfs("data", "left"))),
        ["another layer order"] = ("mount etc[0] layers",
            Before("merge", root => root.Move("usr/lib/confexts/bar", "var/lib/confexts/zoo")
            .Move("var/lib/confexts/zoo/etc/extension-release.d/extension-release.bar",
            "var/lib/confexts/zoo/etc/extension-release.d/extension-release.zoo"))),
        ["another winner"] = ("merged etc/shared", After("merge", root => root.File("etc/shared", "wrong\n"))),
        ["a missing file"] = ("merged etc/foo.conf", After("merge", root => root.Remove("etc/foo.conf"))),
        ["another mode of a file"] = ("merged etc/hosts", After("merge", root => root.Mode("etc/hosts", 600))),
        ["another owner"] = ("merged etc", After("merge", root => root.Owner("etc", 1, 0))),
        ["another xattr"] = ("merged etc/hosts", After("merge", root => root.Xattr("etc/hosts", "trusted.note", "x"))),
        ["a changed layer"] = ("raw usr/lib/confexts/foo/etc/shared",
            After("merge", root => root.Append("usr/lib/confexts/foo/etc/shared", "x\n"))),
        ["a write through the marker's cover"] = ("marker etc/confexts content", After("merge",
            root => root.Unmount("etc/.systemd-confext").File("etc/.systemd-confext/confexts", "wrong\n"))),
        ["a wrong device in the marker"] = ("marker etc/dev content", After("merge",
            root => root.Unmount("etc/.systemd-confext").File("etc/.systemd-confext/dev", "0:1\n"))),
        ["a file outside the root"] = ("outside tmp/litter",
            After("merge", root => File.WriteAllText(root.Path + "/../litter", ""))),
        ["another propagation"] = ("mount etc[0] propagation",
            After("merge", root => root.Propagation("etc", Native.MS_PRIVATE))),
    };

    private static readonly Scenario PlainSysext = new("plain sysext",
        root => root.Extension("foo").Extension("bar", hierarchies: ["opt"]).RoutingDirectory(hierarchy: "opt"),
            Merge("--mutable=auto"), Unmerge)
    { Class = TestedClass.Sysext };

    private static readonly Dictionary<string, (string Fact, Program Wrong)> SysextFaults = new(StringComparer.Ordinal)
    {
        ["a missing flag"] = ("mount usr[0] flags", Instead("--mutable=auto", "--mutable=auto", "--noexec=yes")),
        ["another upper directory of /opt"] = ("mount opt[0] upper", Instead("--mutable=auto", "--mutable=ephemeral")),
        ["another marker"] = ("marker opt/extensions content", After("merge",
            root => root.Unmount("opt/.systemd-sysext").File("opt/.systemd-sysext/extensions", "wrong\n"))),
        ["a missing file in /usr"] = ("merged usr/machine", Before("merge", root => root.Remove("usr/machine"))),
        ["another winner in /opt"] = ("merged opt/shared", After("merge", root => root.File("opt/shared", "wrong\n"))),
        ["a leftover workdir"] = ("raw var/lib/extensions.mutable/.systemd-opt-workdir",
            After("unmerge", root => root.Directory("var/lib/extensions.mutable/.systemd-opt-workdir"))),
    };

    public static TheoryData<string> FaultNames => [.. Faults.Keys];

    public static TheoryData<string> SysextFaultNames => [.. SysextFaults.Keys];

    public static TheoryData<string> SampleNames => [.. Sample.Select(scenario => scenario.Name)];

    /// <summary>Enough scenarios to have every kind of root and step.</summary>
    private static IEnumerable<Scenario> Sample =>
        [Plain, .. Some(RefreshScenarios.All), .. Some(SubmountScenarios.All), HandoverScenarios.All[0],
            ModeScenarios.All[^1], PlainSysext, SysextModeScenarios.All[7], SysextModeScenarios.All[^2],
            SysextHierarchyScenarios.All[^2], SysextRefreshScenarios.All[^1]];

    private static IEnumerable<Scenario> Some(IReadOnlyList<Scenario> scenarios) =>
        scenarios.Where((_, index) => Comparison.IsSoak || index % 4 == 0);

    // The side that every faulty one is compared with.
    private static readonly Lazy<Task<List<Observation>>> plainReference =
        new(() => Comparison.Start(Plain, Comparison.Systemd));
    private static readonly Lazy<Task<List<Observation>>> plainSysextReference =
        new(() => Comparison.Start(PlainSysext, Comparison.Systemd));

    [Theory]
    [MemberData(nameof(FaultNames))]
    public void A_fault_on_one_side_is_seen(string fault)
    {
        (string fact, Program wrong) = Faults[fault];
        List<Difference> differences = Comparison.Run(Plain, plainReference.Value, wrong);
        Assert.Contains(fact, differences.Select(difference => difference.Fact));
    }

    [Theory]
    [MemberData(nameof(SysextFaultNames))]
    public void A_fault_of_a_sysext_on_one_side_is_seen(string fault)
    {
        (string fact, Program wrong) = SysextFaults[fault];
        List<Difference> differences = Comparison.Run(PlainSysext, plainSysextReference.Value, wrong);
        Assert.Contains(fact, differences.Select(difference => difference.Fact));
    }

    [Theory]
    [MemberData(nameof(SampleNames))]
    public void Systemd_does_as_systemd_does(string name)
    {
        Scenario scenario = Sample.Single(scenario => scenario.Name == name);
        List<Difference> differences = Comparison.Run(scenario, Comparison.Systemd, Comparison.Systemd);
        Assert.True(differences.Count == 0, Comparison.Report(scenario, differences));
    }

    [Fact]
    public void An_allowance_covers_only_what_it_names_and_knows_whether_it_did()
    {
        Difference difference = new("A scenario", CalledAs.Both, 1, "merge", "mount etc[0] flags", "ro,noexec", "ro");
        Allowance right = new("A .*", @"mount etc\[\d\] flags", "ro,noexec => ro", "a reason");
        Allowance otherValue = right with { Values = "rw => ro" };
        Allowance otherScenario = right with { Scenario = "scenario" };
        Allowance otherFact = right with { Fact = "mount etc" };
        Assert.Equal([true, false, false, false],
            new[] { right, otherValue, otherScenario, otherFact }.Select(allowance => allowance.Covers(difference)));
        Assert.Equal([true, false, false, false],
            new[] { right, otherValue, otherScenario, otherFact }.Select(allowance => allowance.IsUsed));
    }

    [Fact]
    public void Nothing_is_left_behind()
    {
        string[] mounts = MountsOfTheSidRoot();
        string[] sidRoot = Directory.GetFileSystemEntries(Programs.SidRoot + "/tmp");
        Scenario onLoopDevice = Plain with { Root = RootKind.Ext4, Steps = [Merge("--mutable=yes")] };
        Assert.Empty(Comparison.Run(onLoopDevice, Comparison.Systemd, Comparison.Systemd));

        Assert.Equal(mounts, MountsOfTheSidRoot());
        Assert.Equal(sidRoot, Directory.GetFileSystemEntries(Programs.SidRoot + "/tmp"));
        // The kernel tears down the namespace of an ended thread a moment later.
        Assert.True(SpinWait.SpinUntil(() => !HasLoopDevice(), TimeSpan.FromSeconds(20)), "a loop device is left");
    }

    private static string[] MountsOfTheSidRoot() =>
        [.. File.ReadLines("/proc/self/mountinfo")
            .Where(line => line.Contains(Programs.SidRoot, StringComparison.Ordinal))];

    private static bool HasLoopDevice()
    {
        foreach (string device in Directory.GetDirectories("/sys/block", "loop*"))
        {
            try
            {
                if (File.ReadAllText(device + "/loop/backing_file").Contains(Bench.ImageName, StringComparison.Ordinal))
                    return true;
            }
            catch (IOException)
            {
                // The device has no file, or another program lets go of it at this moment.
            }
        }

        return false;
    }

    private static Program Instead(string argument, params string[] replacement) => (bench, command) =>
        Comparison.Systemd(bench, command with
        {
            Arguments = [.. command.Arguments.SelectMany(given => given == argument ? replacement : [given])],
        });

    private static Program Printing(string word, Func<CommandResult, CommandResult> fault) => (bench, command) =>
    {
        CommandResult result = Comparison.Systemd(bench, command);
        return command.Arguments.Contains(word) ? fault(result) : result;
    };

    private static Program After(string verb, Action<TestRoot> fault) => (bench, command) =>
    {
        CommandResult result = Comparison.Systemd(bench, command);
        if (command.Arguments.Contains(verb))
            fault(bench.Root);
        return result;
    };

    private static Program Before(string verb, Action<TestRoot> fault) => (bench, command) =>
    {
        if (command.Arguments.Contains(verb))
            fault(bench.Root);
        return Comparison.Systemd(bench, command);
    };
}
