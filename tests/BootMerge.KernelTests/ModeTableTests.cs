using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// The table of the specification, section 6, row by row: alpha is the older extension, beta the newer.
/// </summary>
public sealed class ModeTableTests : KernelTest
{
    private static readonly string[] AllLayers = ["routed", "machine", "alpha", "beta"];

    public static TheoryData<string, string, string, string> Rows => Cases.Of(
        """
        mode             | routing entry | layers, topmost first     | upperdir
        no               | absent        | beta alpha machine        | none
        no               | dangling      | beta alpha machine        | none
        no               | directory     | beta alpha machine        | none
        no               | elsewhere     | beta alpha machine        | none
        no               | self          | beta alpha machine        | none
        auto             | absent        | beta alpha machine        | none
        auto             | dangling      | beta alpha machine        | none
        auto             | directory     | routed beta alpha machine | routed
        auto             | elsewhere     | routed beta alpha machine | routed
        auto             | self          | machine beta alpha        | hierarchy
        yes              | directory     | routed beta alpha machine | routed
        yes              | elsewhere     | routed beta alpha machine | routed
        yes              | self          | machine beta alpha        | hierarchy
        yes              | absent        | beta alpha machine        | created
        import           | absent        | beta alpha machine        | none
        import           | directory     | routed beta alpha machine | none
        import           | elsewhere     | routed beta alpha machine | none
        import           | self          | machine beta alpha        | none
        ephemeral        | absent        | beta alpha machine        | memory
        ephemeral        | directory     | beta alpha machine        | memory
        ephemeral        | elsewhere     | beta alpha machine        | memory
        ephemeral        | self          | beta alpha machine        | memory
        ephemeral-import | absent        | beta alpha machine        | memory
        ephemeral-import | directory     | routed beta alpha machine | memory
        ephemeral-import | elsewhere     | routed beta alpha machine | memory
        ephemeral-import | self          | machine beta alpha        | memory
        """);

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_merge_shows_these_layers_in_this_order_and_writes_to_this_upperdir(string mode, string routing,
        string layers, string upper)
    {
        Files.ChangeMode(Root.Raw + "/etc", "0751"); // nobody's default
        Files.ChangeOwner(Root.Raw + "/etc", 11, 12);
        string? routed = MakeRoutingEntry(routing);
        WriteEveryCombinationOfLayers(routed);
        SortedDictionary<string, string> before = Files.Snapshot(Root.Raw, overlayBookkeeping: true);

        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();

        AssertWinners(layers.Split(' '));
        // The upperdir is not a lowerdir, but the marker is.
        AssertMount(layers.Split(' ').Length + (upper is "hierarchy" or "routed" ? 0 : 1),
            mutable: upper is not "none");
        Assert.Equal(("0751", "11:12"), (Files.Mode(Root.Etc), Files.Owner(Root.Etc)));
        string? upperDirectory = upper switch
        {
            "none" or "memory" => null,
            "hierarchy" => "/etc",
            "routed" => routed,
            _ => "/var/lib/extensions.mutable/etc",
        };
        string? workDirectory = upperDirectory is null ? null
            : Path.GetDirectoryName(upperDirectory)!.TrimEnd('/') + "/.systemd-etc-workdir";
        if (workDirectory is not null)
            Assert.Equal("0:0", Root.ExistsRaw(workDirectory)
                ? Files.Owner(Root.Raw + workDirectory) : "no work directory");
        if (upper is "none")
            AssertReadOnly();
        else
            WriteAndSeeWhereItLands(upperDirectory);

        Root.Bootmerge("unmerge").Succeeds();

        Assert.Empty(Root.Stacks);
        if (upper is "none" or "memory")
        {
            Assert.Empty(Files.Differences(before, Files.Snapshot(Root.Raw, overlayBookkeeping: true)));
        }
        else
        {
            Assert.False(Root.ExistsRaw(workDirectory!));
            Assert.Equal(("0751", "11:12"),
                (Files.Mode(Root.Raw + upperDirectory), Files.Owner(Root.Raw + upperDirectory)));
            Root.Expect(upperDirectory + "/written", upperDirectory + "/" + FileOf(["beta"]),
                upperDirectory + "/" + FileOf(["alpha", "beta"]));
            if (upper is "created")
                Root.Expect("/var/lib/extensions.mutable");
        }
    }

    /// <returns>The directory inside the root that the entry leads to, unless that is the hierarchy.</returns>
    private string? MakeRoutingEntry(string routing)
    {
        string? routed = routing switch
        {
            "directory" => "/var/lib/extensions.mutable/etc",
            "elsewhere" => "/srv/etc-changes",
            _ => null
        };
        if (routing is "dangling")
            Root.Route("/srv/nowhere");
        if (routing is "self")
            Root.Route("/etc");
        if (routing is "elsewhere")
            Root.Route("/srv/etc-changes");
        if (routed is not null)
        {
            Root.MakeDirectory(routed);
            Files.ChangeMode(Root.Raw + routed, "0751");
            Files.ChangeOwner(Root.Raw + routed, 11, 12);
        }

        return routed;
    }

    private static string FileOf(IEnumerable<string> layers) => "in-" + string.Join('-', layers);

    private static IEnumerable<List<string>> Combinations() =>
        Enumerable.Range(1, 15).Select(bits => AllLayers.Where((_, index) => (bits & (1 << index)) != 0).ToList());

    /// <summary>
    /// Writes a file for each subset of the layers: it is in just these layers and contains the layer's name.
    /// </summary>
    private void WriteEveryCombinationOfLayers(string? routed)
    {
        Root.Extension("alpha");
        Root.Extension("beta");
        foreach (List<string> layers in Combinations())
            foreach (string layer in layers)
                if ((layer is "machine" ? "/etc" : layer is "routed"
                    ? routed : $"/var/lib/confexts/{layer}/etc") is { } directory)
                    Root.Write($"{directory}/{FileOf(layers)}", layer);
    }

    private void AssertWinners(string[] order)
    {
        foreach (List<string> layers in Combinations())
        {
            string winner = order.FirstOrDefault(layers.Contains, "nobody");
            Assert.Equal($"{FileOf(layers)}: {winner}",
                $"{FileOf(layers)}: {(Root.Exists("/etc/" + FileOf(layers)) ? Root.Read("/etc/" + FileOf(layers)) : "nobody")}");
        }
    }

    private void AssertMount(int layers, bool mutable)
    {
        MountEntry stack = Assert.Single(Root.Stacks);
        Assert.Equal(layers, stack.LowerDirectories.Length);
        Assert.Contains("redirect_dir=on", stack.SuperOptions);
        Assert.Equal(mutable, Array.Exists(stack.SuperOptions,
            option => option.StartsWith("upperdir=", StringComparison.Ordinal)));
        string[] expected = mutable ? ["rw", "nosuid", "nodev", "noexec", "noatime"]
            : ["ro", "nosuid", "nodev", "noexec"];
        Assert.Empty(expected.Except(stack.Options));

        // In a writable stack, a read-only mount of the marker covers the marker.
        List<MountEntry> below = [.. MountTable.Under(Root.Etc).Where(mount => mount.Point.Length > Root.Etc.Length)];
        Assert.Equal(mutable ? [Root.Etc + "/.systemd-confext"] : [], below.Select(mount => mount.Point));
        Assert.All(below, mount => Assert.Contains("ro", mount.Options));
    }

    private void AssertReadOnly()
    {
        Assert.Contains("Read-only file system",
            Assert.Throws<IOException>(() => Root.WriteMerged("/etc/written", "")).Message, StringComparison.Ordinal);
        Assert.Contains("Read-only file system",
            Assert.Throws<IOException>(() => Root.WriteMerged("/etc/" + FileOf(AllLayers), "")).Message,
            StringComparison.Ordinal);
    }

    /// <param name="upper">Where writes must land; null: nowhere in the root.</param>
    private void WriteAndSeeWhereItLands(string? upper)
    {
        Root.WriteMerged("/etc/written", "by the machine");
        Root.WriteMerged("/etc/" + FileOf(["beta"]), "changed by the machine");
        File.Delete($"{Root.Etc}/{FileOf(["alpha", "beta"])}");

        Assert.Equal(["by the machine", "changed by the machine"],
            [Root.Read("/etc/written"), Root.Read("/etc/" + FileOf(["beta"]))]);
        Assert.False(Root.Exists("/etc/" + FileOf(["alpha", "beta"])));
        Assert.Equal(("beta", "alpha"), (Root.ReadRaw("/var/lib/confexts/beta/etc/" + FileOf(["beta"])),
            Root.ReadRaw("/var/lib/confexts/alpha/etc/" + FileOf(["alpha", "beta"]))));
        foreach (string directory in new[] { "/etc", "/srv/etc-changes", "/var/lib/extensions.mutable/etc" })
        {
            // The self-routed entry is an absolute link: it leads out of the raw tree.
            if (directory.StartsWith("/var", StringComparison.Ordinal)
                && new FileInfo(Root.Raw + directory).LinkTarget is not null)
                continue;
            bool here = string.Equals(directory, upper, StringComparison.Ordinal);
            Assert.Equal((directory, here), (directory, Root.ExistsRaw(directory + "/written")));
            if (here)
                Assert.Equal("changed by the machine", Root.ReadRaw($"{directory}/{FileOf(["beta"])}"));
            Assert.Equal((directory, here),
                (directory, Files.IsWhiteout($"{Root.Raw}{directory}/{FileOf(["alpha", "beta"])}")));
        }
    }
}
