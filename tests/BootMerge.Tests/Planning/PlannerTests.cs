using System.Collections.Generic;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Planning;
using Xunit;

namespace BootMerge.Tests.Planning;

public sealed class PlannerTests
{
    private static readonly List<AcceptedExtension> OldAndNew =
        [Facts.Extension("old", "/etc"), Facts.Extension("new", "/etc")];

    // The table of the specification, section 6: the layers below the marker's, topmost first.
    [Theory]
    [InlineData("no", "absent", "none", "new old hierarchy", "")]
    [InlineData("no", "dangling", "none", "new old hierarchy", "")]
    [InlineData("no", "self", "none", "new old hierarchy", "")]
    [InlineData("no", "directory", "none", "new old hierarchy", "")]
    [InlineData("no", "unusable", "none", "new old hierarchy", "")]
    [InlineData("auto", "absent", "none", "new old hierarchy", "")]
    [InlineData("auto", "dangling", "none", "new old hierarchy", "")]
    [InlineData("auto", "directory", "/srv/etc", "new old hierarchy", "/etc=/srv/etc")]
    [InlineData("auto", "self", "/etc", "new old", "/etc=/etc")]
    [InlineData("yes", "directory", "/srv/etc", "new old hierarchy", "/etc=/srv/etc")]
    [InlineData("yes", "self", "/etc", "new old", "/etc=/etc")]
    [InlineData("yes", "absent", Facts.Entry + ", created 0755", "new old hierarchy", "/etc=" + Facts.Entry)]
    [InlineData("yes", "dangling", "/srv/etc, created 0755", "new old hierarchy", "/etc=/srv/etc")]
    [InlineData("import", "absent", "none", "new old hierarchy", "")]
    [InlineData("import", "dangling", "none", "new old hierarchy", "")]
    [InlineData("import", "directory", "none", "routed new old hierarchy", "/etc=/srv/etc")]
    [InlineData("import", "self", "none", "hierarchy new old", "/etc=/etc")]
    [InlineData("ephemeral", "absent", "in memory", "new old hierarchy", "/etc=/run/systemd/sysext/etc")]
    [InlineData("ephemeral", "dangling", "in memory", "new old hierarchy", "/etc=/run/systemd/sysext/etc")]
    [InlineData("ephemeral", "self", "in memory", "new old hierarchy", "/etc=/run/systemd/sysext/etc")]
    [InlineData("ephemeral", "directory", "in memory", "new old hierarchy", "/etc=/run/systemd/sysext/etc")]
    [InlineData("ephemeral", "unusable", "in memory", "new old hierarchy", "/etc=/run/systemd/sysext/etc")]
    [InlineData("ephemeral-import", "absent", "in memory", "new old hierarchy", "/etc=/run/systemd/sysext/etc")]
    [InlineData("ephemeral-import", "dangling", "in memory", "new old hierarchy", "/etc=/run/systemd/sysext/etc")]
    [InlineData("ephemeral-import", "directory", "in memory", "routed new old hierarchy",
        "/etc=/run/systemd/sysext/etc")]
    [InlineData("ephemeral-import", "self", "in memory", "hierarchy new old", "/etc=/run/systemd/sysext/etc")]
    public void Mode_and_routing_choose_the_layers(string mode, string routing, string upper, string lower,
        string recorded)
    {
        MergePlan plan = Plan(mode, Facts.Etc(routing)).Accepted();

        StackPlan stack = Assert.Single(plan.Stacks);
        Assert.Equal(upper, Shown(stack.Upper));
        Assert.Equal(lower, Shown(stack.Lower));
        Assert.Equal(recorded, RecordedDirectories(plan));
        Assert.Equal(mode, plan.Origin.Get("mutable")?.Get("mode")?.Text);
        Assert.Empty(plan.Skipped);
    }

    [Theory]
    [InlineData("no", "self", false)]
    [InlineData("no", "unusable", false)]
    [InlineData("auto", "absent", false)]
    [InlineData("auto", "dangling", false)]
    [InlineData("import", "absent", false)]
    [InlineData("auto", "self", true)]
    [InlineData("auto", "self, read-only", true)]
    [InlineData("yes", "absent", true)]
    [InlineData("yes", "directory", true)]
    [InlineData("import", "self", true)]
    [InlineData("import", "directory", true)]
    [InlineData("ephemeral", "absent", true)]
    [InlineData("ephemeral-import", "self", true)]
    public void In_a_user_namespace_only_what_needs_no_marks_is_planned(string mode, string routing, bool isRefused)
    {
        PlanResult result = Plan(mode, Facts.Etc(Facts.Routing(routing), areMarksHidden: true));

        Assert.Equal(isRefused, result.Refusal is not null);
        if (isRefused)
            Assert.StartsWith("this is a user namespace, where ", result.Refusal, System.StringComparison.Ordinal);
        else
            Assert.DoesNotContain(Assert.Single(result.Plan.Stacks).Options, option => option.Key == "redirect_dir");
    }

    [Theory]
    [InlineData("yes", "directory, 0700",
        "the upperdir /srv/etc has mode 0700, but the hierarchy /etc has mode 0755: give both the same mode")]
    [InlineData("auto", "directory, 0700",
        "the upperdir /srv/etc has mode 0700, but the hierarchy /etc has mode 0755: give both the same mode")]
    [InlineData("yes", "directory, file in the way",
        "/srv/.systemd-etc-workdir is in the way of the workdir: it is not a directory, remove it")]
    [InlineData("yes", "directory, read-only", "the upperdir /srv/etc is on a read-only file system")]
    [InlineData("auto", "directory, read-only", "the upperdir /srv/etc is on a read-only file system")]
    [InlineData("auto", "self, read-only", "the upperdir /etc is on a read-only file system")]
    [InlineData("yes", "directory, mount point",
        "the upperdir /srv/etc is a mount point, so its workdir beside it would be on another file system: route to a "
        + "directory inside that file system")]
    [InlineData("auto", "self, mount point",
        "the upperdir /etc is a mount point, so its workdir beside it would be on another file system: route to a "
        + "directory inside that file system")]
    [InlineData("yes", "unusable", Facts.Entry + " is not a directory or a symlink to one")]
    [InlineData("auto", "unusable", Facts.Entry + " is not a directory or a symlink to one")]
    [InlineData("import", "unusable", Facts.Entry + " is not a directory or a symlink to one")]
    [InlineData("ephemeral-import", "unusable", Facts.Entry + " is not a directory or a symlink to one")]
    public void A_directory_that_cannot_serve_the_mode_is_refused_with_the_reason(string mode, string routing,
        string refusal)
    {
        PlanResult result = Plan(mode, Facts.Etc(routing));

        Assert.Equal(refusal, result.Refusal);
        Assert.Equal(refusal, Assert.Throws<InputException>(() => result.Accepted()).Message);
        Assert.Equal(["old", "new"], result.Plan.Extensions);
        Assert.Single(result.Plan.Stacks);
    }

    [Theory]
    [InlineData("no")]
    [InlineData("import")]
    [InlineData("ephemeral")]
    [InlineData("ephemeral-import")]
    public void A_directory_that_is_only_read_or_not_used_may_be_any(string mode)
    {
        foreach (string routing in new[] { "directory, 0700", "directory, read-only", "directory, mount point",
            "directory, file in the way", "self, read-only", "self, mount point" })
            Assert.Null(Plan(mode, Facts.Etc(routing)).Refusal);
    }

    [Theory]
    [InlineData("import", true)]
    [InlineData("ephemeral-import", true)]
    [InlineData("yes", false)]
    [InlineData("auto", false)]
    [InlineData("no", false)]
    [InlineData("ephemeral", false)]
    public void The_hierarchy_itself_is_imported_only_where_that_was_asked_for(string mode, bool isRefused)
    {
        PlanResult result = Planner.Plan(Facts.Settings(mode, importSelf: false), [Facts.Etc("self")], OldAndNew);

        Assert.Equal(
            isRefused ? Facts.Entry + " leads to the hierarchy /etc itself, which systemd does not import (ELOOP): use "
                + "--import-self" : null,
            result.Refusal);
    }

    [Fact]
    public void The_first_of_several_refusals_is_told()
    {
        HierarchyState readOnly = Facts.Etc("directory, read-only");
        HierarchyState unusable = Facts.Etc("unusable");

        Assert.Contains("read-only", Planner.Plan(Facts.Settings("yes"), [Facts.Etc("self"), readOnly, unusable],
            OldAndNew).Refusal);
    }

    [Theory]
    [InlineData("directory", "", "/srv/.systemd-etc-workdir")]
    [InlineData("self", "", "/.systemd-etc-workdir")]
    [InlineData("directory", "/srv/.systemd-etc-workdir", "/srv/.systemd-etc-workdir.1")]
    [InlineData("directory", "/srv/.systemd-etc-workdir.1", "/srv/.systemd-etc-workdir")]
    [InlineData("directory", "/srv/.systemd-etc-workdir.1 /srv/.systemd-etc-workdir", "/srv/.systemd-etc-workdir.2")]
    public void The_workdir_is_beside_the_upperdir_and_never_one_that_exists(string routing, string existing,
        string expected)
    {
        HierarchyState state = Facts.Etc(Facts.Routing(routing, [.. existing.Split(' ')]));

        Assert.Equal(expected,
            Assert.IsType<PersistentUpper>(Plan("auto", state).Accepted().Stacks[0].Upper).WorkDirectory);
    }

    [Fact]
    public void The_workdir_of_a_deeper_hierarchy_has_its_whole_name()
    {
        HierarchyState state = new()
        {
            Class = ExtensionClass.Confext,
            Hierarchy = "/opt/x",
            Path = "/opt/x",
            Routing = new Routing { Entry = HierarchyState.RoutingEntry("/opt/x"), Kind = RoutingKind.Absent },
        };

        UpperDirectory? upper = Plan("yes", state).Accepted().Stacks[0].Upper;

        Assert.Equal("/var/lib/extensions.mutable/.systemd-opt.x-workdir",
            Assert.IsType<PersistentUpper>(upper).WorkDirectory);
    }

    [Fact]
    public void A_created_upperdir_gets_the_mode_of_the_hierarchy()
    {
        HierarchyState state = Facts.Etc(Facts.Routing("absent"), permissions: 0x1E8); // 0750

        Assert.Equal(Facts.Entry + ", created 0750", Shown(Plan("yes", state).Accepted().Stacks[0].Upper));
    }

    [Theory]
    [InlineData("no")]
    [InlineData("yes")]
    [InlineData("auto")]
    [InlineData("import")]
    [InlineData("ephemeral")]
    [InlineData("ephemeral-import")]
    public void An_empty_hierarchy_is_no_layer(string mode)
    {
        foreach (string routing in new[] { "absent", "self" })
            Assert.Equal("new old",
                Shown(Plan(mode, Facts.Etc(Facts.Routing(routing), isEmpty: true)).Accepted().Stacks[0].Lower));
    }

    [Fact]
    public void A_hierarchy_that_is_absent_is_made_and_no_layer()
    {
        StackPlan stack = Plan("no", Facts.WithoutEtc("absent")).Accepted().Stacks[0];

        Assert.True(stack.CreateTarget);
        Assert.Equal("/etc", stack.Target);
        Assert.Equal("new old", Shown(stack.Lower));
        Assert.Null(stack.Backing);
    }

    [Theory]
    [InlineData("auto", "/etc, created 0755", "/etc=/etc")]
    [InlineData("yes", "/etc, created 0755", "/etc=/etc")]
    [InlineData("no", "none", "")]
    [InlineData("import", "none", "")]
    public void An_absent_hierarchy_that_writes_are_routed_to_is_made_and_written_to(string mode, string upper,
        string recorded)
    {
        MergePlan plan = Plan(mode, Facts.WithoutEtc("dangling self")).Accepted();

        StackPlan stack = Assert.Single(plan.Stacks);
        Assert.True(stack.CreateTarget);
        Assert.Equal(upper, Shown(stack.Upper));
        Assert.Equal(recorded, RecordedDirectories(plan));
    }

    [Fact]
    public void A_merge_goes_where_the_hierarchy_leads()
    {
        HierarchyState state = new()
        {
            Class = ExtensionClass.Confext,
            Hierarchy = "/etc",
            Path = "/data/etc",
            IsEmpty = false,
            Routing = Facts.Routing("absent")
        };

        StackPlan stack = Plan("no", state).Accepted().Stacks[0];

        Assert.False(stack.CreateTarget);
        Assert.Equal("/etc", stack.Hierarchy);
        Assert.Equal("/data/etc", stack.Target);
        Assert.Equal("/data/etc", stack.Lower[^1].Path);
    }

    [Theory]
    [InlineData("no", "")]
    [InlineData("yes", "/etc")]
    [InlineData("auto", "/etc")]
    [InlineData("import", "/etc")]
    [InlineData("ephemeral", "/etc")]
    [InlineData("ephemeral-import", "/etc")]
    public void Without_extensions_only_mode_no_leaves_a_hierarchy_alone(string mode, string merged)
    {
        MergePlan plan = Planner.Plan(Facts.Settings(mode), [Facts.Etc("directory")], []).Accepted();

        Assert.Equal(merged, string.Join(' ', plan.Stacks.ConvertAll(stack => stack.Hierarchy)));
        if (merged.Length > 0)
            return;
        SkippedHierarchy left = Assert.Single(plan.Skipped);
        Assert.Equal("/etc", left.Hierarchy);
        Assert.Equal("no extension has files for it", left.Reason);
    }

    [Theory]
    [InlineData("absent", false, "")]
    [InlineData("dangling", false, "")]
    [InlineData("absent", true, "/etc")]
    [InlineData("dangling", true, "/etc")]
    [InlineData("self", false, "/etc")]
    [InlineData("directory", true, "/etc")]
    public void In_mode_auto_a_hierarchy_that_nothing_fills_or_routes_is_merged_only_under_systemds_names(
        string routing, bool isDropIn, string merged)
    {
        MergePlan plan = Planner.Plan(Facts.Settings("auto", isDropIn: isDropIn), [Facts.Etc(routing)], []).Accepted();

        Assert.Equal(merged, string.Join(' ', plan.Stacks.ConvertAll(stack => stack.Hierarchy)));
        Assert.Equal(merged.Length == 0 ? 1 : 0, plan.Skipped.Count);
    }

    [Theory]
    [InlineData("auto", "absent", "no")]
    [InlineData("auto", "dangling", "no")]
    [InlineData("auto", "self", "auto")]
    [InlineData("auto", "directory", "auto")]
    [InlineData("yes", "absent", "yes")]
    [InlineData("ephemeral", "absent", "ephemeral")]
    public void What_boot_merges_with_nothing_routed_is_recorded_as_mode_no(string mode, string routing,
        string recorded)
    {
        MergePlan plan = Planner.Plan(Facts.Settings(mode, recordsUnroutedAsNo: true), [Facts.Etc(routing)], OldAndNew)
            .Accepted();

        Assert.Equal(Facts.Mode(mode), plan.Mode);
        Assert.Equal(recorded, plan.Origin.Get("mutable")?.Get("mode")?.Text);
        Assert.Equal(mode, Planner.Plan(Facts.Settings(mode), [Facts.Etc(routing)], OldAndNew)
            .Accepted().Origin.Get("mutable")?.Get("mode")?.Text);
    }

    [Theory]
    [InlineData("no", "unusable", "")]
    [InlineData("no", "directory", "")]
    [InlineData("auto", "absent", "")]
    [InlineData("auto", "directory", "/etc")]
    [InlineData("import", "absent", "")]
    [InlineData("import", "directory", "/etc")]
    [InlineData("yes", "absent", "/etc")]
    [InlineData("ephemeral", "unusable", "/etc")]
    [InlineData("ephemeral-import", "absent", "/etc")]
    public void What_neither_exists_nor_is_filled_is_merged_only_with_something_to_write_to_or_to_import(string mode,
        string routing, string merged)
    {
        MergePlan plan = Planner.Plan(Facts.Settings(mode), [Facts.WithoutEtc(routing)], []).Accepted();

        Assert.Equal(merged, string.Join(' ', plan.Stacks.ConvertAll(stack => stack.Hierarchy)));
        Assert.Equal(merged.Length == 0 ? 1 : 0, plan.Skipped.Count);
    }

    [Fact]
    public void An_extension_is_a_layer_of_the_hierarchies_it_fills()
    {
        List<HierarchyState> states = [Sysext("/usr"), Sysext("/opt")];
        List<AcceptedExtension> extensions = [Facts.Extension("a", "/usr"), Facts.Extension("b", "/usr", "/opt"),
            Facts.Extension("c")];

        MergePlan plan = Planner.Plan(Facts.Settings(ExtensionClass.Sysext, "no", noExec: false), states, extensions)
            .Accepted();

        Assert.Equal(["a", "b", "c"], plan.Extensions);
        Assert.Equal(["b a hierarchy", "b hierarchy"], plan.Stacks.ConvertAll(stack => Shown(stack.Lower)));
        Assert.Equal(["/x/b/usr", "/x/a/usr", "/usr"], plan.Stacks[0].Lower.ConvertAll(layer => layer.Path));
    }

    [Theory]
    [InlineData("no", "absent", "8:1", "8:1")]
    [InlineData("no", "absent", "0:31", null)]
    [InlineData("yes", "directory", "8:1", "8:1")]
    [InlineData("yes", "self", "8:1", null)]
    [InlineData("import", "self", "8:1", "8:1")]
    [InlineData("ephemeral", "self", "8:1", "8:1")]
    public void The_backing_device_is_that_of_a_hierarchy_among_the_lower_layers(string mode, string routing,
        string device, string? backing) =>
        Assert.Equal(backing, Plan(mode, Facts.Etc(Facts.Routing(routing), device: device))
            .Accepted().Stacks[0].Backing);

    [Theory]
    [InlineData("no", "absent", false)]
    [InlineData("yes", "self", true)]
    [InlineData("auto", "absent", false)]
    [InlineData("import", "self", false)]
    [InlineData("ephemeral", "absent", true)]
    public void A_stack_is_read_only_exactly_without_an_upperdir(string mode, string routing, bool isMutable)
    {
        StackPlan stack = Plan(mode, Facts.Etc(routing)).Accepted().Stacks[0];

        Assert.Equal(isMutable, stack.Upper is not null);
        Assert.Equal(isMutable, (stack.Attributes & Sys.MOUNT_ATTR_RDONLY) == 0);
        Assert.Equal(isMutable, (stack.Attributes & Sys.MOUNT_ATTR_NOATIME) != 0);
    }

    [Theory]
    [InlineData("auto", "/etc=/etc")]
    [InlineData("no", "")]
    public void A_fallback_is_recorded_as_the_mode_that_systemd_will_use(string recorded, string directories)
    {
        MergePlan plan = Planner.Plan(Facts.Settings("ephemeral-import"), [Facts.Etc("self")], OldAndNew,
            Facts.Mode(recorded)).Accepted();

        Assert.Equal(MutableMode.EphemeralImport, plan.Mode);
        Assert.Equal(Facts.Mode(recorded), plan.RecordedMode);
        Assert.Equal(recorded, plan.Origin.Get("mutable")?.Get("mode")?.Text);
        Assert.Equal(directories, RecordedDirectories(plan));
        Assert.Equal("in memory", Shown(plan.Stacks[0].Upper));
    }

    [Theory]
    [InlineData("import", "none")]
    [InlineData("ephemeral-import", "in memory")]
    public void As_if_self_routed_any_routing_imports_the_hierarchy_on_top(string mode, string upper)
    {
        foreach (string routing in new[] { "absent", "dangling", "unusable", "directory, read-only",
            "self, mount point" })
        {
            StackPlan stack = Plan(mode, Facts.Etc(routing).SelfRouted()).Accepted().Stacks[0];

            Assert.Equal(upper, Shown(stack.Upper));
            Assert.Equal("hierarchy new old", Shown(stack.Lower));
        }
    }

    [Fact]
    public void The_origin_names_what_a_refresh_compares()
    {
        MergePlan plan = Planner.Plan(Facts.Settings("auto", overlayOptions: "index=on"), [Facts.Etc("self")],
            OldAndNew).Accepted();

        Assert.Equal(
            """{"mutable":{"mode":"auto","mutableDirs":{"/etc":"/etc"}},"mountOptions":"index=on","extensions":{"old":{"path":"/x/old"},"new":{"path":"/x/new"}}}""",
            plan.Origin.ToCompactText());
        Assert.Equal("""{"mutable":{"mode":"no"}}""",
            Planner.Plan(Facts.Settings("no"), [], []).Accepted().Origin.ToCompactText());
    }

    private static PlanResult Plan(string mode, HierarchyState state)
    {
        List<AcceptedExtension> extensions = [Facts.Extension("old", state.Hierarchy),
            Facts.Extension("new", state.Hierarchy)];
        return Planner.Plan(Facts.Settings(mode), [state], extensions);
    }

    private static HierarchyState Sysext(string hierarchy) => new()
    {
        Class = ExtensionClass.Sysext,
        Hierarchy = hierarchy,
        Path = hierarchy,
        IsEmpty = false,
        Routing = new Routing { Entry = HierarchyState.RoutingEntry(hierarchy), Kind = RoutingKind.Absent },
    };

    private static string Shown(UpperDirectory? upper) => upper switch
    {
        PersistentUpper { CreateWithMode: uint mode } created => created.Path + ", created " + Octal.Text(mode),
        PersistentUpper existing => existing.Path,
        MemoryUpper => "in memory",
        _ => "none",
    };

    private static string Shown(List<Layer> lower) => string.Join(' ', lower.ConvertAll(layer => layer.Kind switch
    {
        LayerKind.Hierarchy => "hierarchy",
        LayerKind.Routed => "routed",
        _ => layer.Name,
    }));

    /// <summary>"/etc=/srv/etc".</summary>
    private static string RecordedDirectories(MergePlan plan)
    {
        if (plan.Origin.Get("mutable")?.Get("mutableDirs") is not JsonValue directories)
            return "";
        List<string> shown = [];
        foreach (string hierarchy in directories.Keys)
            shown.Add(hierarchy + "=" + directories.Get(hierarchy)?.Text);
        return string.Join(' ', shown);
    }
}
