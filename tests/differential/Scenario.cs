using System;
using System.Collections.Generic;

namespace BootMerge.DifferentialTests;

/// <summary>Who runs a command: the program under comparison of each side, or systemd-confext on both sides.</summary>
internal enum Actor
{
    EachSidesOwn,
    SystemdOnBoth,
}

/// <summary>One thing that is done in the same way on both sides; both are observed after it.</summary>
internal abstract record Step(string Text);

/// <summary>A command line, without --root, which the bench adds.</summary>
internal sealed record Command(Actor Actor, string[] Arguments, IReadOnlyDictionary<string, string> Environment)
    : Step((Actor == Actor.SystemdOnBoth ? "systemd: " : "") + string.Join(' ', Arguments) +
        (Environment.Count == 0 ? "" : $" [{string.Join(' ', Environment)}]"));

/// <summary>A change of the tree from outside. It has to succeed.</summary>
internal sealed record Change(string Text, Action<TestRoot> Do) : Step(Text);

/// <summary>Something that may be refused, as a write into a read-only /etc. Its outcome is compared.</summary>
internal sealed record Attempt(string Text, Action<TestRoot> Do) : Step(Text);

/// <summary>What the root lies on.</summary>
internal enum RootKind
{
    Tmpfs,

    /// <summary>A file system on a block device, as real machines have it.</summary>
    Ext4,

    /// <summary>The root of the process, no --root: /usr is the sid root's, read-only.</summary>
    Slash,
}

/// <summary>A row of the tables: what the root has in it, and what is done to it.</summary>
/// <param name="Name">A sentence.</param>
internal sealed record Scenario(string Name, Action<TestRoot> Arrange, params Step[] Steps)
{
    public RootKind Root { get; init; }

    /// <summary>bootmerge is called by the name systemd-confext.</summary>
    public bool AsDropIn { get; init; }

    /// <summary>The directories whose merged view and marker are compared.</summary>
    public string[] Hierarchies { get; init; } = ["etc"];
}

/// <summary>The words in which steps are written.</summary>
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

    public static Command With(string name, string value, Command command) =>
        command with { Environment = new Dictionary<string, string>(command.Environment) { [name] = value } };

    public static Change Change(string text, Action<TestRoot> change) => new(text, change);

    public static Attempt Attempt(string text, Action<TestRoot> attempt) => new(text, attempt);

    /// <summary>New file, changed file of the machine, changed file of a layer, deletion, renamed directory.</summary>
    public static Step[] Writes =>
    [
        Attempt("create etc/new", root => root.File("etc/new", "new\n")),
        Attempt("change etc/hosts", root => root.File("etc/hosts", "changed\n")),
        Attempt("change etc/shared", root => root.File("etc/shared", "changed\n")),
        Attempt("remove etc/nested/script", root => root.Remove("etc/nested/script")),
        Attempt("chmod etc/nested", root => root.Mode("etc/nested", 700)),
        Attempt("rename etc/nested", root => root.Move("etc/nested", "etc/renamed")),
    ];
}
