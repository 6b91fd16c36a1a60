using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// status, list, plan and --dry-run: results on standard output, messages on standard error, nothing changed.
/// </summary>
public sealed class ReportTests : KernelTest
{
    [Fact]
    public void At_a_terminal_status_says_what_may_come_next()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Assert.Contains("Nothing is merged. What a merge would do: bootmerge plan", AtTerminal(),
            StringComparison.Ordinal);
        Root.Bootmerge("merge").Succeeds();
        Assert.DoesNotContain("left out", AtTerminal(), StringComparison.Ordinal);
        Root.Write("/var/lib/confexts/beta/etc/extension-release.d/extension-release.beta", "ID=another\n");
        Assert.Contains("1 extension left out. Why: bootmerge status --verbose", AtTerminal(),
            StringComparison.Ordinal);
        Assert.DoesNotContain("bootmerge plan", AtTerminal("--verbose"), StringComparison.Ordinal);
        Assert.DoesNotContain("left out", Root.Bootmerge("status").Succeeds().Output, StringComparison.Ordinal);
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void A_machine_whose_files_are_on_top_read_only_is_told_from_one_whose_are_not()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Route("/etc");
        Root.Bootmerge("merge", "--mutable=import").Succeeds();
        Root.Bootmerge("status").Succeeds().Prints("read-only, the machine's files on top\n");
    }

    [Fact]
    public void Status_shows_what_is_merged_of_the_other_class_unless_one_is_chosen()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Write("/var/lib/extensions/tool/usr/lib/extension-release.d/extension-release.tool", "ID=_any\n");
        Root.Bootmerge("--class=all", "merge").Succeeds();

        Assert.Matches("\n/etc +alpha .*\n/usr +tool ", Root.Bootmerge("status").Succeeds().Output);
        Assert.Equal(2, Root.Bootmerge("status", "--json=short").Succeeds().Json().GetProperty("hierarchies")
            .GetArrayLength());
        Assert.DoesNotContain("tool", Root.Bootmerge("--class=confext").Succeeds().Output, StringComparison.Ordinal);
        Root.Bootmerge("list", "tool").Fails("--class=all");
        Root.Bootmerge("--class=all", "unmerge").Succeeds();
    }

    [Fact]
    public void A_directory_that_is_no_system_has_no_status() =>
        Outcome.Of(Workplace.Binary, ["--root=" + Root.Aside, "status"]).FailsInOneLine("is not the root of a system");

    private string AtTerminal(string option = "") => Outcome.OfTool("script", "-qec",
        $"{Workplace.Binary} --root={Root.Path} {option}", "/dev/null");

    [Fact]
    public void Status_before_and_after_a_merge_as_a_table()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Extension("beta", ("beta.conf", "beta"));
        Assert.Matches("^HIERARCHY +EXTENSIONS +SINCE.*\n/etc +- +-.*\n$", Root.Bootmerge("status").Succeeds().Output);

        Root.Bootmerge("merge").Succeeds();

        string[] lines = Root.Bootmerge().Succeeds().Output.TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Matches(@"^/etc +alpha +\w{3} \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC +read-only$", lines[1]);
        Assert.Equal("          beta                                   ", lines[2]);
        Assert.Equal(2, Root.Bootmerge("status", "--no-legend").Succeeds().Output.TrimEnd('\n').Split('\n').Length);
    }

    [Theory]
    [InlineData("no", "/etc", null)]
    [InlineData("auto", "/etc", "/etc")]
    [InlineData("yes", null, "/var/lib/extensions.mutable/etc")]
    [InlineData("auto", "/srv/changes", "/srv/changes")]
    [InlineData("import", "/etc", null)]
    [InlineData("ephemeral", "/etc", "memory")]
    public void Status_says_in_json_what_is_merged_since_when_and_where_writes_go(string mode, string? routing,
        string? writes)
    {
        Root.Extension("beta", ("beta.conf", "beta"));
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        if (routing is not null)
        {
            Root.MakeDirectory(routing);
            Root.Route(routing);
        }

        Root.Expect("/var/lib/extensions.mutable");
        Assert.Equal(JsonValueKind.Null, Root.Bootmerge("status", "--json=short").Succeeds().Json()
            .GetProperty("hierarchies")[0].GetProperty("since").ValueKind);
        // file times are those of the kernel's last tick
        long before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 10;
        Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
        long after = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();

        foreach (string format in new[] { "short", "pretty" })
        {
            JsonElement etc = Assert.Single(Root.Bootmerge("status", "--json=" + format).Succeeds().Json()
                .GetProperty("hierarchies").EnumerateArray());
            Assert.Equal("/etc", etc.GetProperty("hierarchy").GetString());
            Assert.Equal(["alpha", "beta"], etc.GetProperty("extensions").EnumerateArray()
                .Select(name => name.GetString()));
            Assert.InRange(etc.GetProperty("since").GetInt64() / 1000, before, after);
            Assert.Equal(mode, etc.GetProperty("mode").GetString());
            Assert.Equal(writes, etc.GetProperty("writes").GetString());
        }
    }

    [Fact]
    public void Status_verbose_gives_every_extension_that_is_not_merged_with_its_reason()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Extension("old", ("old.conf", "old"));
        Root.Write("/var/lib/confexts/old/etc/extension-release.d/extension-release.old",
            "ID=flatcar\nVERSION_ID=41\n");
        Root.MakeDirectory("/var/lib/confexts/masked");
        Root.ExtensionIn("/usr/lib/confexts", "masked", ("masked.conf", "masked"));
        Root.Bootmerge("merge").Succeeds().Says("Not merging 'old': VERSION_ID=41, the system has 4000.1.0");
        Root.Extension("late", ("late.conf", "late"));

        Root.Bootmerge("status", "--verbose").Succeeds()
            .Prints("VERSION_ID=41, the system has 4000.1.0", "masked", "late");

        Assert.False(Root.Exists("/etc/old.conf"));
        Assert.False(Root.Exists("/etc/masked.conf"));
        Assert.DoesNotContain("VERSION_ID", Root.Bootmerge("status").Succeeds().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Status_verbose_says_the_same_in_json()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Extension("old", ("old.conf", "old"));
        Root.Write("/var/lib/confexts/old/etc/extension-release.d/extension-release.old",
            "ID=flatcar\nVERSION_ID=41\n");
        Root.Write("/var/lib/confexts/readme", "no extension");
        Root.Bootmerge("status", "--verbose").Succeeds()
            .Prints("alpha (/var/lib/confexts/alpha): would be merged by the next merge");
        Root.Bootmerge("merge").Succeeds();
        Root.Extension("late", ("late.conf", "late"));

        JsonElement status = Root.Bootmerge("status", "--verbose", "--json=pretty").Succeeds().Json();

        JsonElement etc = Assert.Single(status.GetProperty("hierarchies").EnumerateArray());
        Assert.Equal(("/etc", "no"), (etc.GetProperty("hierarchy").GetString(), etc.GetProperty("mode").GetString()));
        Assert.Equal(JsonValueKind.Null, etc.GetProperty("writes").ValueKind);
        Assert.Equal(
            ["late /var/lib/confexts/late: would be merged by the next refresh",
                "old /var/lib/confexts/old: VERSION_ID=41, the system has 4000.1.0"],
            status.GetProperty("notMerged").EnumerateArray().Select(entry =>
                $"{entry.GetProperty("name")} {entry.GetProperty("path")}: {entry.GetProperty("reason")}").Order());
        Assert.Equal("/var/lib/confexts/readme", Assert.Single(status.GetProperty("ignored").EnumerateArray())
            .GetProperty("path").GetString());
    }

    [Fact]
    public void Under_systemds_name_status_has_systemds_keys_and_unless_verbose_its_columns()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        string asSystemd = Root.DropIn("systemd-confext");
        Root.Remember();
        Outcome.Of(asSystemd, ["--root=" + Root.Path, "merge"]).Succeeds();

        Assert.Matches(@"^HIERARCHY EXTENSIONS SINCE\n/etc      alpha      \w{3} \S+ \S+ UTC\n$", Status().Output);
        Assert.Equal(["hierarchy", "extensions", "since"], Keys(Status("--json=short").Json()[0]));
        Assert.Matches("^HIERARCHY EXTENSIONS SINCE +WRITES\n/etc .* read-only\n$", Status("--verbose").Output);
        Assert.Equal(["hierarchy", "extensions", "since"], Keys(Status("--verbose", "--json=short").Json()[0]));

        Outcome Status(params string[] options) => Outcome.Of(asSystemd, ["--root=" + Root.Path, "status", .. options])
            .Succeeds();

        static IEnumerable<string> Keys(JsonElement value) => value.EnumerateObject().Select(property => property.Name);
    }

    [Fact]
    public void Under_systemds_name_wrong_usage_has_systemds_exit_status()
    {
        string asSystemd = Root.DropIn("systemd-confext");
        Root.Remember();

        foreach (string[] words in new string[][] { ["plan"], ["--class=confext"], ["list", "foo"], ["--mutable"],
            ["--image-policy=root"] })
            Assert.Contains("systemd-confext --help",
            Outcome.Of(asSystemd, ["--root=" + Root.Path, .. words]).FailsInOneLine().Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Colours_are_for_terminals_or_those_who_ask()
    {
        Assert.DoesNotContain("\e", Root.Bootmerge("status").Succeeds().Output, StringComparison.Ordinal);
        Assert.StartsWith("\e[4mHIERARCHY", Root.Bootmerge([("SYSTEMD_COLORS", "1"), ("NO_COLOR", "1")], "status")
            .Succeeds().Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\e", Root.Bootmerge([("SYSTEMD_COLORS", "1")], "status", "--json=pretty")
            .Succeeds().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Hierarchies_are_listed_in_alphabetical_order()
    {
        Root.MakeDirectory("/srv");
        (string, string)[] environment = [("SYSTEMD_CONFEXT_HIERARCHIES", "/srv:/etc:/nowhere")];

        Assert.Equal("/etc - - -\n/srv - - -\n", Root.Bootmerge(environment, "status", "--no-legend")
            .Succeeds().Output);
        Assert.Equal(["/etc", "/srv"], Root.Bootmerge(environment, "status", "--json=short").Succeeds().Json()
            .GetProperty("hierarchies").EnumerateArray().Select(entry => entry.GetProperty("hierarchy").GetString()));
    }

    [Fact]
    public void List_shows_only_the_extensions_that_are_named()
    {
        foreach (string name in new[] { "alpha", "beta", "gamma" })
            Root.Extension(name, (name + ".conf", name));

        Assert.Equal(["alpha", "gamma"], Root.Bootmerge("list", "gamma", "alpha", "--json=short").Succeeds().Json()
            .EnumerateArray().Select(entry => entry.GetProperty("name").GetString()));
        Outcome outcome = Root.Bootmerge("list", "alpha", "bta")
            .FailsInOneLine("No extension 'bta' was found (did you mean 'beta'?)");
        Assert.Equal("", outcome.Output);
        Assert.Equal(1, outcome.Status);
    }

    [Fact]
    public void With_force_an_extension_that_does_not_fit_is_merged()
    {
        Root.Extension("old", ("old.conf", "old"));
        Root.Write("/var/lib/confexts/old/etc/extension-release.d/extension-release.old", "ID=another\n");

        Root.Bootmerge("merge", "--force").Succeeds().Says("old", "another");

        Assert.Equal("old", Root.Read("/etc/old.conf"));
    }

    [Fact]
    public void List_shows_every_extension_found_as_table_and_as_json()
    {
        Root.ExtensionIn("/usr/lib/confexts", "vendor", ("vendor.conf", "vendor"));
        Root.ExtensionIn("/run/confexts", "alpha", ("alpha.conf", "alpha"));
        Root.ExtensionIn("/usr/local/lib/confexts", "alpha", ("alpha.conf", "hidden"));

        string[] lines = Root.Bootmerge("list").Succeeds().Output.TrimEnd('\n').Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.Matches("^NAME +TYPE +PATH +TIME *$", lines[0]);
        Assert.Matches("^alpha +directory +.*/run/confexts/alpha +", lines[1]);
        Assert.Matches("^vendor +directory +.*/usr/lib/confexts/vendor +", lines[2]);

        List<JsonElement> entries = [.. Root.Bootmerge("list", "--json=pretty").Succeeds().Json().EnumerateArray()];
        Assert.Equal(["alpha", "vendor"], entries.Select(entry => entry.GetProperty("name").GetString()));
        Assert.All(entries, entry => Assert.Equal("directory", entry.GetProperty("type").GetString()));
        Assert.Equal("/run/confexts/alpha", entries[0].GetProperty("path").GetString()![Root.Path.Length..]);
        Assert.InRange(entries[0].GetProperty("time").GetInt64(), 1,
            DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() * 1000);
    }

    [Fact]
    public void List_without_extensions_prints_nothing_or_an_empty_array()
    {
        Assert.Equal("", Root.Bootmerge("list").Succeeds().Output);
        Assert.Equal(0, Root.Bootmerge("list", "--json=short").Succeeds().Json().GetArrayLength());
    }

    [Theory]
    [InlineData("no", "/etc", null, null, "extension beta, extension alpha, hierarchy /etc")]
    [InlineData("auto", "/etc", "/etc", "/.systemd-etc-workdir", "extension beta, extension alpha")]
    [InlineData("auto", "/srv/changes", "/srv/changes", "/srv/.systemd-etc-workdir",
        "extension beta, extension alpha, hierarchy /etc")]
    [InlineData("yes", null, "/var/lib/extensions.mutable/etc", "/var/lib/extensions.mutable/.systemd-etc-workdir",
        "extension beta, extension alpha, hierarchy /etc")]
    [InlineData("import", "/etc", null, null, "hierarchy /etc, extension beta, extension alpha")]
    [InlineData("import", "/srv/changes", null, null,
        "routed /srv/changes, extension beta, extension alpha, hierarchy /etc")]
    [InlineData("ephemeral-import", "/etc", null, null, "hierarchy /etc, extension beta, extension alpha")]
    public void Plan_gives_every_layer_in_order_the_upperdir_and_what_would_be_created(string mode, string? routing,
        string? upper, string? work, string layers)
    {
        PrepareTwo(routing);

        JsonElement plan = Root.Bootmerge("plan", "--json=short", "--mutable=" + mode).Succeeds().Json();
        JsonElement etc = Assert.Single(plan.GetProperty("hierarchies").EnumerateArray());
        Assert.Equal("merge", plan.GetProperty("action").GetString());
        Assert.Equal((upper, work), (etc.GetProperty("upperdir").GetString(), etc.GetProperty("workdir").GetString()));
        Assert.Equal(mode is "yes", etc.GetProperty("createsUpperdir").GetBoolean());
        Assert.Equal(mode is "ephemeral-import" ? "memory" : upper, etc.GetProperty("writes").GetString());
        Assert.Equal(layers, string.Join(", ", etc.GetProperty("layers").EnumerateArray().Select(Describe)));
        Assert.Equal(["redirect_dir=on", "metacopy=off", "index=off"],
            etc.GetProperty("options").EnumerateArray().Select(option => option.GetString()));

        string text = Root.Bootmerge("plan", "--mutable=" + mode).Succeeds().Output;
        int[] places = [text.IndexOf("marker", StringComparison.Ordinal),
            text.IndexOf("(beta)", StringComparison.Ordinal), text.IndexOf("(alpha)", StringComparison.Ordinal)];
        Assert.Equal(places.Order(), places);
        Assert.DoesNotContain(-1, places);
        Assert.All(new[] { upper, work }.OfType<string>(), path =>
            Assert.Contains(path, text, StringComparison.Ordinal));

        static string Describe(JsonElement layer) => layer.GetProperty("kind").GetString() switch
        {
            "extension" => "extension " + layer.GetProperty("name").GetString(),
            string kind => kind + " " + layer.GetProperty("path").GetString(),
            null => "",
        };
    }

    [Theory]
    [InlineData("plan", "no")]
    [InlineData("plan", "auto")]
    [InlineData("plan", "yes")]
    [InlineData("plan", "import")]
    [InlineData("plan", "ephemeral")]
    [InlineData("merge --dry-run", "auto")]
    [InlineData("merge --dry-run", "yes")]
    [InlineData("refresh --dry-run", "yes")]
    [InlineData("unmerge --dry-run", null)]
    [InlineData("status", null)]
    [InlineData("status --verbose", null)]
    [InlineData("list", null)]
    public void What_only_shows_changes_nothing_before_and_after_a_merge(string command, string? mode)
    {
        PrepareTwo(mode is "auto" ? "/etc" : null);
        string[] arguments = [.. command.Split(' '), .. mode is null ? Array.Empty<string>() : ["--mutable=" + mode]];
        Root.Remember();
        SortedDictionary<string, string> files = Files.Snapshot(Root.Raw, times: true, overlayBookkeeping: true);
        List<string> state = Root.State();

        Root.Bootmerge(arguments).Succeeds();
        Assert.Empty(Files.Differences(files, Files.Snapshot(Root.Raw, times: true, overlayBookkeeping: true)));
        Assert.Equal(state, Root.State());

        Root.Bootmerge("merge", "--mutable=" + (mode ?? "no")).Succeeds();
        files = Files.Snapshot(Root.Raw, times: true, overlayBookkeeping: true);
        state = Root.State();
        Outcome outcome = Root.Bootmerge(arguments);
        Assert.Equal(command.StartsWith("merge", StringComparison.Ordinal) ? 1 : 0, outcome.Status);
        Assert.Empty(Files.Differences(files, Files.Snapshot(Root.Raw, times: true, overlayBookkeeping: true)));
        Assert.Equal(state, Root.State());
    }

    [Fact]
    public void Plan_tells_a_merge_from_a_replacement_and_from_nothing_to_do()
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        string merge = Action();
        Root.Bootmerge("merge").Succeeds();
        string nothing = Action();
        Root.Extension("beta", ("beta.conf", "beta"));
        string replace = Action();
        Root.Remove("/var/lib/confexts/alpha");
        Root.Remove("/var/lib/confexts/beta");
        string unmerge = Action();

        Assert.Equal(("merge", "nothing", "replace", "unmerge"), (merge, nothing, replace, unmerge));

        string Action() => Root.Bootmerge("plan", "--json=short").Succeeds().Json().GetProperty("action").GetString()!;
    }

    [Theory]
    [InlineData("merge")]
    [InlineData("refresh")]
    [InlineData("unmerge")]
    public void Messages_go_to_standard_error_only_and_quiet_leaves_only_warnings(string verb)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        if (verb is "unmerge")
            Root.Bootmerge("merge").Succeeds();
        Outcome loud = Root.Bootmerge(verb).Succeeds();
        Assert.Equal("", loud.Output);
        Assert.Contains("/etc", loud.Error, StringComparison.Ordinal);
        Root.Bootmerge("unmerge").Succeeds();
        if (verb is "unmerge")
            Root.Bootmerge("merge").Succeeds();

        Outcome quiet = Root.Bootmerge(verb, "-q").Succeeds();

        Assert.Equal(("", ""), (quiet.Output, quiet.Error));
    }

    private void PrepareTwo(string? routing)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Extension("beta", ("beta.conf", "beta"));
        Root.Expect("/var/lib/extensions.mutable");
        if (routing is null)
            return;
        Root.MakeDirectory(routing);
        Root.Route(routing);
    }
}
