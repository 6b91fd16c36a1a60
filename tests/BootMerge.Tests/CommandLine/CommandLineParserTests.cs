using System;
using System.Linq;
using System.Collections.Generic;
using BootMerge.CommandLine;
using BootMerge.Json;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.CommandLine;

public sealed class CommandLineParserTests
{
    [Fact]
    public void Nothing_typed_is_status_of_the_running_system()
    {
        Arguments arguments = Parsed();

        Assert.Equal(Verb.Status, arguments.Verb);
        Assert.Equal("/", arguments.Root);
        Assert.False(arguments.RootGiven);
        Assert.Null(arguments.Class);
        Assert.Null(arguments.Mutable);
        Assert.Null(arguments.NoExec);
        Assert.Null(arguments.AlwaysRefresh);
        Assert.Null(arguments.Fallback);
        Assert.Equal(Switches.None, arguments.Switches);
        Assert.Equal(JsonFormat.Off, arguments.Json);
    }

    [Theory]
    [InlineData("status", (int)Verb.Status)]
    [InlineData("list", (int)Verb.List)]
    [InlineData("merge", (int)Verb.Merge)]
    [InlineData("unmerge", (int)Verb.Unmerge)]
    [InlineData("refresh", (int)Verb.Refresh)]
    [InlineData("plan", (int)Verb.Plan)]
    [InlineData("boot", (int)Verb.Boot)]
    [InlineData("prune", (int)Verb.Prune)]
    [InlineData("check", (int)Verb.Check)]
    public void Each_verb_is_known_by_its_name(string name, int verb)
    {
        Assert.Equal((Verb)verb, Parsed(name).Verb);
        Assert.Equal(name, VerbTable.Name((Verb)verb));
    }

    [Theory]
    [InlineData("--root=/sysroot", "merge")]
    [InlineData("merge", "--root=/sysroot")]
    [InlineData("--root", "/sysroot", "merge")]
    [InlineData("merge", "--root", "/sysroot")]
    [InlineData("--roo=/sysroot", "merge")]
    [InlineData("--root=/sysroot", "--", "merge")]
    [InlineData("--root=/elsewhere", "merge", "--root=/sysroot")]
    public void Options_stand_before_or_after_the_verb(params string[] words)
    {
        Arguments arguments = Parsed(words);

        Assert.Equal(Verb.Merge, arguments.Verb);
        Assert.Equal("/sysroot", arguments.Root);
        Assert.True(arguments.RootGiven);
    }

    [Fact]
    public void A_separate_value_may_begin_with_a_dash() => Assert.Equal("--force", Parsed("--root", "--force").Root);

    [Theory]
    [InlineData("--mutable", (int)MutableMode.Yes)]
    [InlineData("--mutable=yes", (int)MutableMode.Yes)]
    [InlineData("--mutable=0", (int)MutableMode.No)]
    [InlineData("--mutable=auto", (int)MutableMode.Auto)]
    [InlineData("--mutable=import", (int)MutableMode.Import)]
    [InlineData("--mutable=ephemeral-import", (int)MutableMode.EphemeralImport)]
    [InlineData("--immutable", (int)MutableMode.No)]
    [InlineData("--ephemeral", (int)MutableMode.Ephemeral)]
    [InlineData("--mut", (int)MutableMode.Yes)]
    public void The_mode_has_long_and_short_forms(string word, int mode) =>
        Assert.Equal((MutableMode)mode, Parsed(word).Mutable);

    [Fact]
    public void A_mode_given_twice_is_the_last_one() =>
        Assert.Equal(MutableMode.Ephemeral, Parsed("--mutable=no", "--ephemeral").Mutable);

    [Fact]
    public void Mutable_without_equals_leaves_the_next_word_alone()
    {
        Arguments arguments = Parsed("--mutable", "refresh");

        Assert.Equal(MutableMode.Yes, arguments.Mutable);
        Assert.Equal(Verb.Refresh, arguments.Verb);
    }

    [Fact]
    public void Every_switch_reaches_its_place()
    {
        Arguments arguments = Parsed(
            "merge", "--force", "--no-reload", "--import-self", "--dry-run", "--verbose", "-q", "--no-wait",
                "--no-legend", "--no-pager",
            "--class=all", "--noexec=off", "--always-refresh=1");

        Assert.True(arguments.Has(Switches.Force));
        Assert.True(arguments.Has(Switches.NoReload));
        Assert.True(arguments.Has(Switches.ImportSelf));
        Assert.True(arguments.Has(Switches.DryRun));
        Assert.True(arguments.Has(Switches.Verbose));
        Assert.True(arguments.Has(Switches.Quiet));
        Assert.True(arguments.Has(Switches.NoWait));
        Assert.True(arguments.Has(Switches.NoLegend));
        Assert.Equal(JsonFormat.Short, Parsed("list", "--json=short").Json);
        Assert.Equal(ClassSelection.All, arguments.Class);
        Assert.Equal(FallbackMode.Immutable, Parsed("boot", "--fallback=immutable").Fallback);
        Assert.False(arguments.NoExec);
        Assert.True(arguments.AlwaysRefresh);
    }

    [Theory]
    [InlineData("bootmerge", (int)ProgramName.BootMerge)]
    [InlineData("/usr/bin/systemd-confext", (int)ProgramName.SystemdConfext)]
    [InlineData("systemd-sysext", (int)ProgramName.SystemdSysext)]
    [InlineData("", (int)ProgramName.BootMerge)]
    public void The_name_of_the_program_is_kept(string programPath, int name)
    {
        ParseResult.Parsed parsed = Assert.IsType<ParseResult.Parsed>(CommandLineParser.Parse(programPath, []));

        Assert.Equal((ProgramName)name, parsed.Arguments.CalledAs);
    }

    [Theory]
    [InlineData("unknown verb 'merg' (did you mean 'merge'?)", "merg")]
    [InlineData("unknown verb '' (known: status, list, merge, unmerge, refresh, plan, boot, diff, explain, prune, "
        + "reset, check)", "")]
    [InlineData("unknown verb '-' (known: status, list, merge, unmerge, refresh, plan, boot, diff, explain, prune, "
        + "reset, check)", "-")]
    [InlineData(@"unknown verb 'a\x0ab' (known: status, list, merge, unmerge, refresh, plan, boot, diff, explain, prune, reset, check)", "a\nb")]
    [InlineData("verb 'merge' takes no argument, but was given 'foo'", "merge", "foo")]
    [InlineData("verb 'prune' takes no argument, but was given '/etc'", "prune", "/etc")]
    [InlineData("verb 'reset' needs a path, or --all: bootmerge reset /etc/motd", "reset")]
    [InlineData("option '--all' means every path, but '/etc/motd' is given, too", "reset", "/etc/motd", "--all")]
    [InlineData("option '--keep' needs --all", "reset", "/etc/motd", "--keep=x")]
    [InlineData("verb 'merge' takes no argument, but was given '--force'", "merge", "--", "--force")]
    [InlineData("unknown option '--mutible' (did you mean '--mutable'?)", "--mutible=yes")]
    [InlineData("option '--image-policy' takes an image policy: 'allow' is not of the form PARTITION=FLAG+FLAG",
        "--image-policy=allow")]
    [InlineData("option '--image-policy' takes an image policy: unknown flag 'verty' (did you mean 'verity'?)",
        "--image-policy=root=verty")]
    [InlineData("option '--image-policy' needs a value: --image-policy=POLICY", "--image-policy")]
    [InlineData("unknown option '-x'", "-x")]
    [InlineData("unknown option '-v'", "-qv")]
    [InlineData("option '--im' is ambiguous: it could be --image-policy, --immutable, --import-self", "--im")]
    [InlineData("option '--root' needs a value: --root=DIR", "merge", "--root")]
    [InlineData("option '--root' needs a directory, but was given an empty value", "--root=")]
    [InlineData("option '--force' takes no value, but was given 'yes'", "--force=yes")]
    [InlineData("unknown value 'ephmeral' for option '--mutable' (did you mean 'ephemeral'?)", "--mutable=ephmeral")]
    [InlineData("unknown value '' for option '--mutable' (known: no, yes, auto, import, ephemeral, ephemeral-import)",
        "--mutable=")]
    [InlineData("unknown value 'portable' for option '--class' (known: confext, sysext, all)", "--class=portable")]
    [InlineData("unknown value 'jmmutable' for option '--fallback' (did you mean 'immutable'?)",
        "--fallback=jmmutable")]
    [InlineData("unknown value 'short,' for option '--json' (did you mean 'short'?)", "--json=short,")]
    [InlineData("option '--noexec' takes yes or no, but was given 'maybe'", "--noexec=maybe")]
    [InlineData("option '--always-refresh' takes yes or no, but was given ''", "--always-refresh=")]
    public void What_is_not_understood_is_named_with_what_was_probably_meant(string message, params string[] words) =>
        Assert.Equal(message,
            Assert.IsType<ParseResult.UsageError>(CommandLineParser.Parse("bootmerge", words)).Message);

    [Fact]
    public void Boot_is_no_rehearsal()
    {
        ParseResult.UsageError error =
            Assert.IsType<ParseResult.UsageError>(CommandLineParser.Parse("bootmerge", ["boot", "--dry-run"]));

        Assert.Contains("plan", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("-qh")]
    [InlineData("help")]
    [InlineData("--help", "merge")]
    [InlineData("merg", "--help")]
    public void Help_is_an_answer(params string[] words) =>
        Assert.Equal(HelpOf(ProgramName.BootMerge),
            Assert.IsType<ParseResult.Answer>(CommandLineParser.Parse("bootmerge", words)).Text);

    [Theory]
    [InlineData("diff", "--help")]
    [InlineData("diff", "-h")]
    [InlineData("help", "diff")]
    public void A_verb_has_a_page_of_its_own_with_its_own_options(params string[] words)
    {
        string text = Assert.IsType<ParseResult.Answer>(CommandLineParser.Parse("bootmerge", words)).Text;

        Assert.StartsWith("bootmerge [OPTION...] diff [PATH...]\n\nHow the machine's own files", text,
            StringComparison.Ordinal);
        Assert.Contains("--content", text, StringComparison.Ordinal);
        Assert.DoesNotContain("--fallback", text, StringComparison.Ordinal);
        Assert.DoesNotContain("--keep", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("option '--content' is not for status, only for diff", "status", "--content")]
    [InlineData("option '--content' is not for status, only for diff", "--content")]
    [InlineData("option '--fallback' is not for merge, only for boot", "--fallback=fail", "merge")]
    [InlineData("option '--json' is not for reset, only for status, list, plan, diff, explain, prune, check", "reset",
        "--json=short", "/etc/motd")]
    [InlineData("option '--dry-run' is not for list, only for merge, unmerge, refresh, prune, reset", "list",
        "--dry-run")]
    [InlineData("option '--no-backup' is not for prune, only for reset", "prune", "--opaque", "--no-backup")]
    public void An_option_that_the_verb_does_not_use_is_wrong_usage(string message, params string[] words)
    {
        Assert.Equal(message,
            Assert.IsType<ParseResult.UsageError>(CommandLineParser.Parse("bootmerge", words)).Message);
        // systemd's programs take their options with any verb.
        Assert.IsType<ParseResult.Parsed>(CommandLineParser.Parse("systemd-confext", ["merge", "--json=short"]));
    }

    [Fact]
    public void What_an_option_is_for_is_what_its_help_begins_with()
    {
        foreach (Option option in OptionTable.All)
            if (option.Verbs != 0 && option.Name is not ("--json" or "--fallback" or "--keep"))
                Assert.Equal(option.Help.Split(':')[0].Split(", ").Order(),
                    VerbTable.Names(option.Verbs).Split(", ").Order());
    }

    private static string HelpOf(ProgramName name) => Help.Text(new Arguments { CalledAs = name });

    [Theory]
    [InlineData("systemd-confext", "--mutable=help", "Known mutability modes:")]
    [InlineData("systemd-confext", "--no-legend --mutable=help", "no")]
    [InlineData("bootmerge", "--mutable=help", "Modes of --mutable=, by where writes to the merged tree go:")]
    [InlineData("bootmerge", "--no-legend --mutable=help", "  no                Nowhere: the merged tree is read-only")]
    public void Without_a_legend_the_list_of_modes_has_no_heading(string name, string typed, string first) =>
        Assert.Equal(first,
            Assert.IsType<ParseResult.Answer>(CommandLineParser.Parse(name, typed.Split(' '))).Text.Split('\n')[0]);

    [Fact]
    public void The_modes_are_listed_on_request()
    {
        ParseResult.Answer answer = Assert.IsType<ParseResult.Answer>(CommandLineParser.Parse("bootmerge",
            ["--mutable=help"]));

        foreach (string mode in MutableModes.Names)
            Assert.Contains("  " + mode + " ", answer.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_version_is_bootmerges() =>
        Assert.Equal("bootmerge " + ProgramVersion.Text + "\n",
            Assert.IsType<ParseResult.Answer>(CommandLineParser.Parse("bootmerge", ["--version"])).Text);

    [Fact]
    public void Help_names_every_option_and_fits_a_terminal()
    {
        foreach (Option option in OptionTable.All)
        {
            Assert.Contains(option.Name, HelpOf(ProgramName.BootMerge), StringComparison.Ordinal);
            Assert.Equal(option.Scope != OptionScope.Own,
                HelpOf(ProgramName.SystemdSysext).Contains(option.Name, StringComparison.Ordinal));
        }

        foreach (string line in (HelpOf(ProgramName.BootMerge) + HelpOf(ProgramName.SystemdConfext)
            + Help.Modes(legend: true)).Split('\n'))
            Assert.True(line.Length <= 110, line);
    }

    [Theory]
    [InlineData("/usr/bin/systemd-confext", "systemd-confext")]
    [InlineData("systemd-sysext", "systemd-sysext")]
    public void Called_as_a_program_of_systemd_it_answers_in_that_name(string path, string name)
    {
        Assert.StartsWith(name + " [OPTION...] [VERB]\n\n", AnswerOf(path, "help"), StringComparison.Ordinal);
        Assert.Equal(AnswerOf(path, "help"), AnswerOf(path, "-h"));
        Assert.Equal("systemd 262 (bootmerge " + ProgramVersion.Text + ")\n", AnswerOf(path, "--version"));
        Assert.Equal("Known mutability modes:\nno\nyes\nauto\nimport\nephemeral\nephemeral-import\n",
            AnswerOf(path, "--mutable", "help"));
        Assert.Equal("pretty\nshort\noff\n", AnswerOf(path, "--json=help"));
    }

    [Theory]
    // Abbreviations that systemd-confext 262 accepts, although further options of bootmerge begin the same way.
    [InlineData("--im=*")]
    [InlineData("--f")]
    [InlineData("--ver")]
    [InlineData("--mut", "auto")]
    [InlineData("--j", "short")]
    [InlineData("--roo", "/x", "--a=yes", "--noe=no", "--no-r", "--no-p", "--no-l")]
    // These are not options of systemd's, but harmless.
    [InlineData("--dry-run", "--ephemeral", "--immutable", "--import-self", "--no-wait", "--verbose", "--quiet", "-q")]
    public void Called_as_a_program_of_systemd_options_are_abbreviated_as_there(params string[] words) =>
        Assert.IsNotType<ParseResult.UsageError>(CommandLineParser.Parse("systemd-confext", words));

    [Theory]
    [InlineData("unknown verb 'plan' (known: status, list, merge, unmerge, refresh)", "plan")]
    [InlineData("unknown verb 'boot' (known: status, list, merge, unmerge, refresh)", "boot")]
    [InlineData("verb 'list' takes no argument, but was given 'foo'", "list", "foo")]
    [InlineData("unknown option '--class'", "--class=sysext")]
    [InlineData("unknown option '--fallback'", "--fallback=fail")]
    [InlineData("unknown option '--verb' (did you mean '--verbose'?)", "--verb")]
    [InlineData("option '--no' is ambiguous: it could be --no-legend, --no-pager, --no-reload, --noexec", "--no")]
    [InlineData("option '--mutable' needs a value: --mutable=MODE", "refresh", "--mutable")]
    [InlineData("unknown value 'refresh' for option '--mutable' (known: no, yes, auto, import, ephemeral, "
        + "ephemeral-import)", "--mutable", "refresh")]
    public void Called_as_a_program_of_systemd_only_its_verbs_and_options_are_known(string message,
        params string[] words) =>
        Assert.StartsWith(message,
            Assert.IsType<ParseResult.UsageError>(CommandLineParser.Parse("systemd-confext", words)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void List_takes_names_of_extensions()
    {
        Assert.Equal(["foo", "--bar"], Parsed("list", "foo", "--", "--bar").Names);
        Assert.Empty(Parsed("list").Names);
    }

    [Fact]
    public void An_image_policy_is_taken() =>
        Assert.NotNull(Parsed("--image-policy", "root=verity+absent").ImagePolicy);

    [Fact]
    public void Any_words_give_arguments_an_answer_or_one_line()
    {
        List<string> real = ["merge", "status", "--", "-", "-q", "--root", "--root=", "--mutable", "--mutable=", "--no",
            "--json=pretty", "-qh", "\n"];
        foreach (Option option in OptionTable.All)
            real.Add(option.Name);
        Gen<string> word = Gen.OneOf(Gen.OneOf(real.ToArray()), Gen.String,
            Gen.Select(Gen.OneOf(real.ToArray()), Gen.String, string.Concat));
        word.Array[0, 6].Sample(
            words =>
            {
                ParseResult result = CommandLineParser.Parse("bootmerge", words);
                return result is not ParseResult.UsageError error
                    || (error.Message.Length is > 10 and < 2000 && !error.Message.Contains('\n'));
            },
            seed: "0000KOIPe036",
            iter: 20_000,
            threads: 1);
    }

    private static string AnswerOf(string program, params string[] words) =>
        Assert.IsType<ParseResult.Answer>(CommandLineParser.Parse(program, words)).Text;

    private static Arguments Parsed(params string[] words) =>
        Assert.IsType<ParseResult.Parsed>(CommandLineParser.Parse("/usr/bin/bootmerge", words)).Arguments;
}
