using System;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// What the program asks the service manager for. In a chroot, a script named systemctl writes down each call, and
/// whether the extension alpha was merged at that moment.
/// </summary>
public sealed class ServiceManagerTests : KernelTest
{
    private const string Calls = "/run/calls";
    private const string Shows = "show --property=LoadState,ActiveState -- ";
    private const string Waits = "--job-mode=replace ";
    private const string Restart = "EXTENSION_RESTART_UNITS=one.service";

    [Fact]
    public void A_merge_reloads_the_manager_and_then_restarts_units_one_after_the_other()
    {
        Prepare();
        Extension("alpha", "EXTENSION_RESTART_UNITS=\"one.service "
            + "two.socket\"\nEXTENSION_RELOAD_OR_RESTART_UNITS=\"three.service one.service\"");

        Run("merge").Succeeds();

        AssertCalls("merged: daemon-reload", "merged: is-system-running",
            $"merged: {Shows}one.service", $"merged: {Waits}restart -- one.service",
            $"merged: {Shows}two.socket", $"merged: {Waits}restart -- two.socket",
            $"merged: {Shows}three.service", $"merged: {Waits}reload-or-restart -- three.service");
    }

    [Fact]
    public void A_reload_alone_restarts_nothing()
    {
        Prepare();
        Extension("alpha", "EXTENSION_RELOAD_MANAGER=1");

        Run("merge").Succeeds();

        AssertCalls("merged: daemon-reload");
    }

    [Fact]
    public void After_an_unmerge_a_unit_that_is_gone_is_stopped_if_it_still_runs_and_another_is_restarted()
    {
        Prepare("*-*one.service) echo LoadState=not-found; echo ActiveState=active;;\n*-*two.service) echo "
            + "LoadState=not-found; echo ActiveState=inactive;;");
        Extension("alpha", "EXTENSION_RESTART_UNITS=\"one.service two.service three.service\"");
        Run("merge", "--no-reload").Succeeds();

        Run("unmerge").Succeeds();

        AssertCalls("bare: daemon-reload", "bare: is-system-running",
            $"bare: {Shows}one.service", $"bare: {Waits}stop -- one.service",
            $"bare: {Shows}two.service",
            $"bare: {Shows}three.service", $"bare: {Waits}restart -- three.service");
    }

    [Fact]
    public void A_refresh_asks_for_what_went_and_for_what_came()
    {
        Prepare();
        Extension("alpha", "EXTENSION_RESTART_UNITS=\"went.service both.service\"");
        Run("merge", "--no-reload").Succeeds();
        // Moved, not removed: like an image, what is merged can still be read.
        Directory.Move(Root.Raw + "/var/lib/confexts/alpha", Root.Raw + "/var/lib/alpha");
        Root.Expect("/var/lib/alpha");
        Extension("beta", "EXTENSION_RESTART_UNITS=\"both.service came.service\"");

        Run("refresh").Succeeds();

        AssertCalls("bare: daemon-reload", "bare: is-system-running",
            $"bare: {Shows}went.service", $"bare: {Waits}restart -- went.service",
            $"bare: {Shows}both.service", $"bare: {Waits}restart -- both.service",
            $"bare: {Shows}came.service", $"bare: {Waits}restart -- came.service");
    }

    [Theory]
    [InlineData("merge")]
    [InlineData("unmerge")]
    [InlineData("refresh")]
    public void A_sysext_is_asked_for_too(string verb)
    {
        Prepare();
        Root.Write("/var/lib/extensions/alpha/usr/lib/extension-release.d/extension-release.alpha",
            "ID=_any\nEXTENSION_RELOAD_MANAGER=1\n");
        if (verb is "unmerge")
            Run("merge", "--class=sysext", "--no-reload").Succeeds();

        Run(verb, "--class=sysext").Succeeds();

        AssertCalls("bare: daemon-reload");
        Run("unmerge", "--class=sysext", "--no-reload").Succeeds();
    }

    [Theory]
    [InlineData("merge --no-reload", "")]
    [InlineData("merge --root=/", "")]
    [InlineData("merge --dry-run", "")]
    [InlineData("merge", "not running")]
    [InlineData("merge", "/etc/initrd-release")]
    [InlineData("merge", "/usr/lib/initrd-release")]
    [InlineData("merge", "merged")] // fails
    [InlineData("boot", "")]
    [InlineData("plan", "")]
    [InlineData("status", "merged")]
    [InlineData("refresh", "merged")] // is skipped
    [InlineData("refresh --no-reload --always-refresh=yes", "merged")]
    [InlineData("refresh --root=/ --always-refresh=yes", "merged")]
    [InlineData("refresh --dry-run --always-refresh=yes", "merged")]
    [InlineData("refresh --always-refresh=yes", "merged, not running")]
    [InlineData("unmerge --no-reload", "merged")]
    [InlineData("unmerge --root=/", "merged")]
    [InlineData("unmerge --dry-run", "merged")]
    [InlineData("unmerge", "merged, not running")]
    [InlineData("unmerge", "")] // nothing to do
    public void Nobody_is_asked(string command, string where)
    {
        Prepare();
        Extension("alpha", Restart + "\nCONFEXT_SCOPE=\"system initrd\"");
        if (where.Contains("merged", StringComparison.Ordinal))
            Run("merge", "--no-reload").Succeeds();
        if (where.Contains("not running", StringComparison.Ordinal))
            Root.Remove("/run/systemd/system");
        if (where.StartsWith('/'))
            Root.Write(where, "ID=initrd\n");

        Outcome outcome = Run(command.Split(' '));

        Assert.Equal((command, where) is ("merge", "merged") ? 1 : 0, outcome.Status);
        AssertCalls();
    }

    [Theory]
    [InlineData("running", Waits)]
    [InlineData("degraded", Waits)]
    [InlineData("initializing", "--no-block ")]
    [InlineData("starting", "--no-block ")]
    [InlineData("maintenance", "--no-block ")]
    [InlineData("stopping", "--no-block ")]
    [InlineData("", "--no-block ")]
    public void Units_are_waited_for_only_when_the_system_is_up(string state, string wait)
    {
        Prepare($"is-system-running) echo {state}; exit 1;;");
        Extension("alpha", Restart);

        Run("merge").Succeeds();

        AssertCalls("merged: daemon-reload", "merged: is-system-running", $"merged: {Shows}one.service",
            $"merged: {wait}restart -- one.service");
    }

    [Theory]
    [InlineData("daemon-reload) exit 7;;", "ended with status 7")]
    [InlineData("daemon-reload) kill -9 $$;;", "ended with status 137")]
    [InlineData("missing", "cannot be started: No such file or directory")]
    [InlineData("not executable", "cannot be started: Permission denied")]
    public void A_manager_that_cannot_be_reloaded_is_an_error_and_the_merge_stays(string how, string reason)
    {
        Prepare(how.EndsWith(";;", StringComparison.Ordinal) ? how : "");
        if (how is "missing")
            Root.Remove("/bin/systemctl");
        if (how is "not executable")
            Files.ChangeMode(Root.Raw + "/bin/systemctl", "0644");
        Extension("alpha", Restart);

        Run("merge").Fails("could not be reloaded", "stay as they are", "/bin/systemctl " + reason);

        Assert.Equal("alpha", Root.Read("/etc/alpha.conf"));
        AssertCalls(how.EndsWith(";;", StringComparison.Ordinal) ? ["merged: daemon-reload"] : []);
    }

    [Fact]
    public void A_unit_that_fails_is_a_warning_and_the_next_is_restarted()
    {
        Prepare("*restart*one.service) echo its own words >&2; exit 3;;");
        Extension("alpha", "EXTENSION_RESTART_UNITS=\"one.service two.service\"");

        Run("merge").Succeeds().Says("its own words", "could not restart 'one.service'", "ended with status 3");

        Assert.Equal($"merged: {Waits}restart -- two.service", File.ReadLines(Root.Raw + Calls).Last());
    }

    [Fact]
    public void What_is_no_unit_name_is_a_warning_and_never_reaches_systemctl()
    {
        Prepare();
        Extension("alpha", "EXTENSION_RESTART_UNITS=\"--force ../one.service one\"\nEXTENSION_RELOAD_MANAGER=maybe");

        Run("merge").Succeeds().Says("EXTENSION_RESTART_UNITS= of extension 'alpha': '--force' is not a unit name",
            "'../one.service'", "'one'", "'maybe' is not a boolean");

        AssertCalls("merged: daemon-reload");
    }

    [Fact]
    public void A_unit_may_itself_run_the_program()
    {
        Prepare("*restart*) /bootmerge refresh --no-wait --no-reload --always-refresh=yes; echo \"status $?\" >>"
            + Calls + ";;");
        Extension("alpha", Restart);

        Run("merge").Succeeds();

        Assert.Equal("status 0", File.ReadLines(Root.Raw + Calls).Last());
    }

    [Fact]
    public void Neither_environment_nor_closed_descriptors_of_the_caller_matter()
    {
        Prepare("daemon-reload) echo \"[$SYSTEMD_OFFLINE$DBUS_SYSTEM_BUS_ADDRESS$HOME]\" >>" + Calls
            + "; if read line; then echo \"$line\" >>" + Calls + "; fi;;");
        Extension("alpha", Restart);
        Root.Remember();

        Outcome.Of("sh", ["-c", "exec chroot \"$0\" /bootmerge merge <&- >&- 2>&-", Root.Path],
            ("SYSTEMD_OFFLINE", "1"), ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere"), ("HOME", "/root")).Succeeds();

        AssertCalls("merged: daemon-reload", "[]", "merged: is-system-running", $"merged: {Shows}one.service",
            $"merged: {Waits}restart -- one.service");
    }

    /// <summary>Makes the root a running system: with the program, a shell, systemctl, /proc.</summary>
    /// <param name="cases">For the script's case statement, before its own cases; the word is all arguments in one
    /// string.</param>
    private void Prepare(string cases = "")
    {
        Copy(Workplace.Binary, "/bootmerge");
        Copy("/bin/sh", "/bin/sh");
        foreach (string word in Outcome.OfTool("ldd", "/bin/sh")
            .Split([' ', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries))
            if (word.StartsWith('/'))
                Copy(word, word);
        Root.Write("/bin/systemctl", $"""
            #!/bin/sh
            [ -e /etc/alpha.conf ] && state=merged || state=bare
            echo "$state: $*" >>{Calls}
            case "$*" in
            {cases}
            is-system-running) echo running;;
            show*) echo LoadState=loaded; echo ActiveState=active;;
            esac
            """, "0755");
        Root.Write("/dev/null", "");
        Root.Mount("/dev/null", "/dev/null", null, LibC.MS_BIND); // a file would give back what was written to it
        Root.MakeDirectory("/proc");
        Root.Mount("none", "/proc", "proc");
        Root.MakeDirectory("/run/systemd/system");
        Root.Expect("/run");
    }

    private void Copy(string from, string to)
    {
        Root.MakeDirectory(Path.GetDirectoryName(to)!);
        File.Copy(from, Root.Raw + to);
        Root.Expect(to);
    }

    /// <summary>A confext with a file NAME.conf and these further lines in its release file.</summary>
    private void Extension(string name, string lines)
    {
        Root.Extension(name, (name + ".conf", name));
        Root.Write($"/var/lib/confexts/{name}/etc/extension-release.d/extension-release.{name}", $"ID=_any\n{lines}\n");
    }

    private Outcome Run(params string[] arguments)
    {
        Root.Remember();
        return Outcome.Of("chroot", [Root.Path, "/bootmerge", .. arguments]);
    }

    private void AssertCalls(params string[] expected) =>
        Assert.Equal(expected, File.Exists(Root.Raw + Calls) ? File.ReadAllLines(Root.Raw + Calls) : []);
}
