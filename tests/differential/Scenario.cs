using System;
using System.Collections.Generic;

namespace BootMerge.DifferentialTests;

/// <summary>Who runs a command: the program under comparison of each side, or systemd's own on both sides.</summary>
internal enum Actor
{
    EachSidesOwn,
    SystemdOnBoth,
}

/// <summary>Something that is done in the same way on both sides. Both are observed after it.</summary>
internal abstract record Step(string Text);

/// <summary>A command line, without --root, which the bench adds.</summary>
/// <param name="Class">Null for the scenario's.</param>
internal sealed record Command(Actor Actor, string[] Arguments, IReadOnlyDictionary<string, string> Environment,
    TestedClass? Class = null)
    : Step((Actor == Actor.SystemdOnBoth ? "systemd: " : "") + (Class is null ? "" : Class.Name + " ")
    + string.Join(' ', Arguments) +
        (Environment.Count == 0 ? "" : $" [{string.Join(' ', Environment)}]"))
{
    /// <summary>It only prints: there is nothing new to look at after it.</summary>
    public bool OnlyLooks => Arguments.Length == 0
        || Array.Exists(Arguments, argument => argument is "status" or "list");
}

/// <summary>A change of the tree from outside. It has to succeed.</summary>
internal sealed record Change(string Text, Action<TestRoot> Do) : Step(Text);

/// <summary>
/// Something that may be refused, for example a write into a read-only /etc. Its outcome is compared.
/// </summary>
internal sealed record Attempt(string Text, Action<TestRoot> Do) : Step(Text);

/// <summary>What the root lies on.</summary>
internal enum RootKind
{
    Tmpfs,

    /// <summary>A file system on a block device, as on real machines.</summary>
    Ext4,

    /// <summary>
    /// The root of the process, without --root. For confexts, /usr is the sid root's, read-only. For sysexts, it has
    /// only what systemd's programs need to run, and is like any other directory of the root.
    /// </summary>
    Slash,
}

/// <summary>The names by which bootmerge is called.</summary>
[Flags]
internal enum CalledAs
{
    Bootmerge = 1,

    /// <summary>systemd-confext or systemd-sysext.</summary>
    DropIn = 2,

    Both = Bootmerge | DropIn,
}

/// <summary>A row of the tables: what the root has in it, and what is done to it.</summary>
/// <param name="Name">A sentence.</param>
internal sealed record Scenario(string Name, Action<TestRoot> Arrange, params Step[] Steps)
{
    public RootKind Root { get; init; }

    public TestedClass Class { get; init; } = TestedClass.Confext;

    public CalledAs CalledAs { get; init; } = CalledAs.Both;

    /// <summary>The directories whose merged view and marker are compared.</summary>
    public string[] Hierarchies { get => field ?? Class.Hierarchies; init; }

    /// <summary>The other class's hierarchies, if a scenario merges both.</summary>
    public string[] OthersHierarchies { get; init; } = [];
}

/// <summary>The words that steps are written in.</summary>
internal static class Steps
{
    public static readonly Dictionary<string, string> NoEnvironment = [];

    public static Command Run(params string[] arguments) => new(Actor.EachSidesOwn, arguments, NoEnvironment);

    public static Command Merge(params string[] options) => Run([.. options, "merge"]);

    public static Command Refresh(params string[] options) => Run([.. options, "refresh"]);

    public static Command Unmerge => Run("unmerge");

    public static Command Status => Run("status");

    public static Command StatusJson => Run("status", "--json=short");

    public static Command List => Run("list");

    public static Command ListJson => Run("list", "--json=short");

    public static Command Systemd(params string[] arguments) => new(Actor.SystemdOnBoth, arguments, NoEnvironment);

    public static Command Confext(Command command) => command with { Class = TestedClass.Confext };

    public static Command With(string name, string value, Command command) =>
        command with { Environment = new Dictionary<string, string>(command.Environment) { [name] = value } };

    public static Change Change(string text, Action<TestRoot> change) => new(text, change);

    public static Attempt Attempt(string text, Action<TestRoot> attempt) => new(text, attempt);

    /// <summary>
    /// A new file, a changed file of the machine, a changed file of a layer, a deletion, a renamed directory.
    /// </summary>
    public static Step[] Writes => WritesIn("etc", "hosts");

    /// <param name="own">The machine's file.</param>
    public static Step[] WritesIn(string hierarchy, string own) =>
    [
        Attempt($"create {hierarchy}/new", root => root.File($"{hierarchy}/new", "new\n")),
        Attempt($"change {hierarchy}/{own}", root => root.File($"{hierarchy}/{own}", "changed\n")),
        Attempt($"change {hierarchy}/shared", root => root.File($"{hierarchy}/shared", "changed\n")),
        Attempt($"remove {hierarchy}/nested/script", root => root.Remove($"{hierarchy}/nested/script")),
        Attempt($"chmod {hierarchy}/nested", root => root.Mode($"{hierarchy}/nested", 700)),
        Attempt($"rename {hierarchy}/nested", root => root.Move($"{hierarchy}/nested", $"{hierarchy}/renamed")),
    ];
}
