using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Xunit;

namespace BootMerge.Tests;

/// <summary>Compares the picture in HACKING.md of which namespace uses which with the sources.</summary>
public sealed class ArrowsTests
{
    private static readonly List<SourceFile> Sources = ReadSources();

    private static readonly Dictionary<string, HashSet<string>> Types =
        Sources.GroupBy(static source => source.Namespace)
        .ToDictionary(static group => group.Key, static group =>
        group.SelectMany(static source => source.Types).ToHashSet());

    [Fact]
    public void The_sources_have_the_arrows_of_the_picture_and_no_others()
    {
        SortedSet<string> used = new(StringComparer.Ordinal);
        foreach (SourceFile source in Sources)
            foreach (string other in UsedBy(source))
                used.Add(source.Namespace + " uses " + other + " (" + Example(source.Namespace, other) + ")");
        SortedSet<string> drawn = new(StringComparer.Ordinal);
        foreach ((string from, string[] to) in Picture())
            foreach (string other in to)
                drawn.Add(from + " uses " + other + " (" + Example(from, other) + ")");

        Assert.Equal(drawn, used);
    }

    [Fact]
    public void No_arrow_of_the_picture_points_down()
    {
        HashSet<string> above = [];
        foreach ((string from, string[] to) in Picture())
        {
            Assert.All(to, other => Assert.Contains(other, above));
            above.Add(from);
        }

        Assert.Equal(Sources.Select(static source => source.Namespace).Where(static name => name.Length > 0).Distinct()
            .Order(), above.Order());
    }

    [Fact]
    public void What_lies_directly_in_the_program_uses_no_part_of_it() =>
        Assert.All(Sources.Where(static source => source.Namespace.Length == 0),
            source => Assert.True(!UsedBy(source).Any(), source.Name));

    [Fact]
    public void No_verb_is_called_by_another_file_than_Program()
    {
        List<string> verbs = Sources.SelectMany(static source => source.Types)
            .Where(static type => type.EndsWith("Verb", StringComparison.Ordinal) && type != "Verb").ToList();

        Assert.True(verbs.Count >= 12);
        foreach (SourceFile source in Sources)
            foreach (string verb in verbs.Where(verb => !source.Types.Contains(verb)))
                Assert.False(Regex.IsMatch(source.Text, @"\b" + verb + @"\b"), source.Name + " uses " + verb);
    }

    [Fact]
    public void Planning_opens_nothing()
    {
        foreach (SourceFile source in Sources.Where(static source => source.Namespace == "Planning"))
            Assert.False(Regex.IsMatch(source.Text, @"\b(SafeFileHandle|DiskImage|Root [a-z]|Sys\.[A-Z][a-z])"),
                source.Name);
    }

    /// <summary>Each namespace and what it uses, in the order of the lines.</summary>
    private static List<(string From, string[] To)> Picture()
    {
        List<(string, string[])> picture = [];
        bool isInside = false;
        foreach (string line in Repository.Read("HACKING.md").Split('\n'))
        {
            Match match = Regex.Match(line, @"^    (\w+)(?: +uses (\w+(?:, \w+)*))?$");
            if (match.Success && (isInside || Types.ContainsKey(match.Groups[1].Value)))
            {
                isInside = true;
                picture.Add((match.Groups[1].Value,
                    match.Groups[2].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries)));
            }
            else if (isInside)
                break;
        }

        Assert.NotEmpty(picture);
        return picture;
    }

    /// <summary>Finds using directives, and type names qualified by their namespace.</summary>
    private static IEnumerable<string> UsedBy(SourceFile source)
    {
        IEnumerable<string> imported = Regex.Matches(source.Text, @"^using BootMerge\.(\w+)[\w.]*;",
            RegexOptions.Multiline).Select(static match => match.Groups[1].Value);
        IEnumerable<string> qualified = Regex.Matches(source.Text,
            @"(?<![.\w""])(?:BootMerge\.)?(\w+)\.(?:\w+\.)?(\w+)")
            .Where(static match => match.Groups[1].Value.Length > 0
            && Types.TryGetValue(match.Groups[1].Value, out HashSet<string>? types)
            && types.Contains(match.Groups[2].Value))
            .Select(static match => match.Groups[1].Value);
        return imported.Concat(qualified).Where(name => name != source.Namespace).Distinct();
    }

    private static string Example(string from, string to) =>
        Sources.Find(source => source.Namespace == from && UsedBy(source).Contains(to))?.Name ?? "no file";

    private static List<SourceFile> ReadSources()
    {
        string top = Repository.PathOf("src/BootMerge");
        List<SourceFile> sources = [];
        foreach (string path in Directory.EnumerateFiles(top, "*.cs", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(top, path);
            if (name.StartsWith("obj/", StringComparison.Ordinal) || name.StartsWith("bin/", StringComparison.Ordinal)
                || name == "Program.cs")
                continue;
            string text = Regex.Replace(File.ReadAllText(path), "//.*", "");
            string declared = Regex.Match(text, @"^namespace BootMerge\.?(\w*)[\w.]*;",
            RegexOptions.Multiline).Groups[1].Value;
            HashSet<string> types = Regex.Matches(text,
                @"^internal (?:[a-z]+ )*?(?:class|struct|enum|delegate [\w?<>]+) (\w+)", RegexOptions.Multiline)
                .Select(static match => match.Groups[1].Value).ToHashSet();
            Assert.Equal(Path.GetDirectoryName(name)!.Split('/')[0], declared);
            sources.Add(new SourceFile(name, declared, text, types));
        }

        return sources;
    }

    private sealed record SourceFile(string Name, string Namespace, string Text, HashSet<string> Types);
}
