using System;
using System.Collections.Generic;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>The kernel refuses a call, or the program is killed at one: all or nothing, and the next run works.</summary>
public sealed class FailureTests : KernelTest
{
    private const string Calls = "move_mount,fsmount,fsopen,fsconfig,open_tree,mount_setattr,mkdirat,fchmod,fchown,setns,unshare,umount2,mount";

    [Theory]
    [InlineData("merge", "no")]
    [InlineData("merge", "auto")]
    [InlineData("merge", "yes")]
    [InlineData("merge", "import")]
    [InlineData("merge", "ephemeral")]
    [InlineData("refresh", "no")]
    [InlineData("refresh", "auto")]
    [InlineData("refresh", "import")]
    public void A_call_that_the_kernel_refuses_is_named_and_everything_is_as_before(string verb, string mode)
    {
        Prepare(verb, mode);
        List<string> calls = [.. CallsOf(verb, mode).Where(call => !call.StartsWith("umount2", StringComparison.Ordinal))];
        Assert.True(calls.Count > 5, string.Join('\n', calls));
        Undo(verb, mode);
        List<string> before = Root.State();
        int failed = 0;

        foreach (IGrouping<string, string> call in calls.GroupBy(call => call))
        {
            for (int when = 1; when <= call.Count(); when++)
            {
                Outcome outcome = Traced.Inject(call.Key, "EPERM", when, Root, Arguments(verb, mode));
                if (outcome.Status == 0)
                {
                    // A way around was found: then the result is the whole of it.
                    AssertComplete(mode);
                    Undo(verb, mode);
                    before = Root.State();
                    continue;
                }

                failed++;
                string name = call.Key switch { "mkdirat" => "mkdir", "fchmod" => "chmod", "fchown" => "chown", _ => call.Key };
                outcome.Fails(name, "Operation not permitted");
                Assert.True(NamesATarget(outcome, name), $"should say on what: {outcome}");
                Assert.True(before.SequenceEqual(Root.State(), StringComparer.Ordinal), $"{call.Key} number {when}:\n{string.Join('\n', Root.State().Except(before, StringComparer.Ordinal))}\n{outcome}");
            }
        }

        Assert.True(failed > 5, $"only {failed} of {calls.Count} calls mattered");
    }

    [Theory]
    [InlineData("merge", "auto")]
    [InlineData("refresh", "auto")]
    [InlineData("refresh", "no")]
    [InlineData("unmerge", "auto")]
    public void Killed_at_a_call_it_leaves_the_old_or_the_new_state_and_the_next_run_works(string verb, string mode)
    {
        Prepare(verb, mode);
        List<string> calls = CallsOf(verb, mode);
        Undo(verb, mode);

        foreach (IGrouping<string, string> call in calls.GroupBy(call => call))
        {
            for (int when = 1; when <= call.Count(); when++)
            {
                Outcome outcome = Traced.Kill(call.Key, when, Root, Arguments(verb, mode));
                Assert.True(outcome.Status != 0, outcome.ToString());
                Assert.Equal("machine\n", Root.Read("/etc/hostname"));
                if (verb is "refresh")
                    Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));

                Root.Bootmerge("refresh", "--always-refresh=yes", "--mutable=" + mode).Succeeds();
                AssertComplete(mode);
                Root.Bootmerge("unmerge").Succeeds();
                Assert.Equal([Root.Etc + "/inner"], MountTable.Under(Root.Etc).Select(mount => mount.Point));
                Assert.DoesNotContain(Files.List(Root.Raw), name => name.Contains("workdir", StringComparison.Ordinal));
                Undo(verb, mode);
            }
        }
    }

    private static string[] Arguments(string verb, string mode) => verb switch
    {
        "refresh" => ["refresh", "--always-refresh=yes", "--mutable=" + mode],
        "unmerge" => ["unmerge"],
        _ => [verb, "--mutable=" + mode],
    };

    private void Prepare(string verb, string mode)
    {
        Root.Extension("alpha", ("alpha.conf", "alpha"));
        Root.Extension("beta", ("beta.conf", "beta"));
        if (mode is "yes")
            Root.Expect("/var/lib/extensions.mutable");
        else
            Root.Route("/etc");
        Root.MakeDirectory("/etc/inner");
        Root.Mount("none", "/etc/inner", "tmpfs");
        Undo(verb, mode);
    }

    /// <summary>Makes the state that the verb starts from: merged for refresh and unmerge, else not.</summary>
    private void Undo(string verb, string mode)
    {
        if (Root.Stacks.Count > 0)
            Root.Bootmerge("unmerge").Succeeds();
        if (mode is "yes" && Root.ExistsRaw("/var/lib/extensions.mutable"))
            Root.Remove("/var/lib/extensions.mutable");
        if (verb is not "merge")
            Root.Bootmerge("merge", "--mutable=" + mode).Succeeds();
    }

    /// <summary>The names of the calls of a run that succeeds, in order.</summary>
    private List<string> CallsOf(string verb, string mode) =>
        [.. Traced.Calls(Calls, Root, Arguments(verb, mode)).Where(line => line.Contains('(', StringComparison.Ordinal) && !line.Contains(" = -1 ", StringComparison.Ordinal))
            .Select(line => line[..line.IndexOf('(', StringComparison.Ordinal)])];

    private void AssertComplete(string mode)
    {
        Assert.Equal(("alpha", "beta", "machine\n"), (Root.Read("/etc/alpha.conf"), Root.Read("/etc/beta.conf"), Root.Read("/etc/hostname")));
        MountEntry stack = Assert.Single(Root.Stacks);
        Assert.Contains(mode is "no" or "import" ? "ro" : "rw", stack.Options);
        Assert.Single(MountTable.At(Root.Etc + "/inner"), mount => mount.Parent == stack.Id);
    }

    /// <summary>After the name of the call, before the reason, stands what it was done to.</summary>
    private static bool NamesATarget(Outcome outcome, string call) =>
        outcome.ErrorLines.Any(line => line.IndexOf(call, StringComparison.Ordinal) is >= 0 and int start && line.IndexOf("Operation not permitted", StringComparison.Ordinal) > start + call.Length + 3);
}
