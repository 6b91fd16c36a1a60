using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;
using System.Text.RegularExpressions;
using BootMerge.CommandLine;
using Xunit;

namespace BootMerge.Tests.CommandLine;

/// <summary>Compares the table of options with what is written elsewhere.</summary>
public sealed class OptionTableTests
{
    [Fact]
    public void The_manual_has_each_option_with_its_value_under_the_heading_of_the_help()
    {
        string manual = Repository.Read("man/bootmerge.8.scd");
        string section = Regex.Match(manual, @"^# OPTIONS$(.*?)^# ",
            RegexOptions.Multiline | RegexOptions.Singleline).Groups[1].Value;
        List<string> described = Regex.Matches(section, @"^(## .*|\*-.*)$", RegexOptions.Multiline)
            .Select(static row => row.Value).ToList();

        List<string> expected = [];
        foreach (IGrouping<OptionGroup, Option> group in OptionTable.All.GroupBy(static option => option.Group))
        {
            expected.Add("## " + Help.Groups[(int)group.Key]);
            expected.AddRange(group.Select(ManualRow));
        }

        Assert.Equal(expected, described);
    }

    [Fact]
    public void Bash_offers_each_option_in_each_of_its_forms()
    {
        string words = Regex.Match(Repository.Read("completions/bash/bootmerge"),
            "_bootmerge_options='([^']*)'").Groups[1].Value;
        List<string> expected = [];
        foreach (Option option in OptionTable.All)
        {
            if (option.Value != OptionValue.Required)
                expected.Add(option.Name);
            if (option.Value != OptionValue.None)
                expected.Add(option.Name + "=");
            if (option.Letter != 0)
                expected.Add("-" + option.Letter);
        }

        Assert.Equal(expected.Order(StringComparer.Ordinal),
            words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Fish_knows_which_options_have_a_value_in_the_next_word()
    {
        string names = Regex.Match(Repository.Read("completions/bootmerge.fish"),
            @"\^--\(([a-z|-]*)\)\$").Groups[1].Value;

        Assert.Equal(
            OptionTable.All.Where(static option => option.Value == OptionValue.Required)
                .Select(static option => option.Name[2..]).Order(StringComparer.Ordinal),
            names.Split('|').Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_option_sets_something_or_is_answered()
    {
        foreach (Option option in OptionTable.All.Where(static option => option.Name != "--no-pager"))
        {
            string value = option.Name switch
            {
                "--root" => "=/sysroot",
                "--class" or "--mutable" => "=" + (option.Values ?? "auto").Split('|')[0],
                "--fallback" => "=ephemeral",
                "--json" => "=pretty",
                "--image-policy" => "=root=unprotected",
                "--keep" => "=*",
                "--noexec" or "--always-refresh" => "=no",
                _ => "",
            };
            VerbRow verb = VerbTable.All.First(verb => option.IsFor(verb.Verb));
            string[] words = option.Name switch
            {
                "--keep" => [verb.Name, "--all"],
                "--no-backup" => [verb.Name, "/etc/motd"],
                _ => [verb.Name],
            };
            ParseResult result = CommandLineParser.Parse("bootmerge", [.. words, option.Name + value]);

            if (result is not ParseResult.Answer)
                Assert.NotEqual(
                    Values(option.Name == "--all" ? new Arguments { Verb = verb.Verb, VerbRow = verb }
                    : Assert.IsType<ParseResult.Parsed>(CommandLineParser.Parse("bootmerge", words)).Arguments),
                    Values(Assert.IsType<ParseResult.Parsed>(result).Arguments));
        }
    }

    [Fact]
    public void No_two_options_share_a_name_or_a_letter()
    {
        Assert.Equal(OptionTable.All.Length, OptionTable.All.Select(static option => option.Name).Distinct().Count());
        Assert.Equal(OptionTable.All.Count(static option => option.Letter != 0),
            OptionTable.All.Where(static option => option.Letter != 0).Select(static option => option.Letter).Distinct()
            .Count());
    }

    [Fact]
    public void The_verbs_are_in_the_order_of_their_enumeration() =>
        Assert.Equal(Enum.GetValues<Verb>(), VerbTable.All.Select(static row => row.Verb));

    private static string ManualRow(Option option) => (option.Letter == 0 ? "" : "*-" + option.Letter + "*, ")
        + option.Value switch
        {
            OptionValue.None => "*" + option.Name + "*",
            OptionValue.Optional => "*" + option.Name + "*[*=*_" + option.Form[2..^1] + "_]",
            _ => "*" + option.Name + "=*_" + option.Form[1..] + "_",
        };

    private static List<string> Values(Arguments arguments) =>
        typeof(Arguments).GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Select(property => property.GetValue(arguments) is ICollection list
        ? list.Count.ToString() : property.GetValue(arguments)?.ToString() ?? "").ToList();
}
