using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>explain: who provides a path, and what each other layer has there.</summary>
public sealed class ExplainTests : KernelTest
{
    /// <summary>
    /// Shell commands in the lower extension a, the upper one b, and the machine's layer; the path; and the answer.
    /// </summary>
    public static TheoryData<string, string, string, string, string> Trees => new(
        ("echo a >f", ":", ":", "f", "provides a: file /f"),
        ("echo a >f", "echo b >f", ":", "f", "provides b: file /f | hidden a: file /f"),
        ("echo a >f", "echo b >f", "echo m >f", "f", "provides upper: file /f | hidden b: file /f | hidden a: file /f"),
        (":", ":", "echo m >f", "f", "provides upper: file /f"),
        ("echo a >f", ":", "ln -s x f", "f", "provides upper: symlink /f | hidden a: file /f"),
        ("mkfifo f", ":", "mkdir f", "f", "provides upper: directory /f | hidden a: special file /f"),
        ("mkdir f", ":", "echo m >f", "f", "provides upper: file /f | hidden a: directory /f"),
        ("echo a >f", "mkdir f", "mkdir f", "f",
            "provides upper: directory /f | merged b: directory /f | hidden a: file /f"),
        ("mkdir f", "echo b >f", "mkdir f", "f",
            "provides upper: directory /f | hidden b: file /f | hidden a: directory /f"),
        ("echo a >f", ":", "whiteout f", "f", "deletes upper: whiteout /f | hidden a: file /f"),
        ("echo a >f", ":", ": >f; mark f whiteout=n", "f", "deletes upper: whiteout /f | hidden a: file /f"),
        ("echo a >f", ":", "echo m >f; mark f whiteout=y", "f", "provides upper: file /f | hidden a: file /f"),
        ("echo a >f", "whiteout f", ":", "f", "deletes b: whiteout /f | hidden a: file /f"),
        ("echo a >f", "whiteout f", "echo m >f", "f",
            "provides upper: file /f | hidden b: whiteout /f | hidden a: file /f"),
        ("mkdir d", "mkdir d", "mkdir d", "d",
            "provides upper: directory /d | merged b: directory /d | merged a: directory /d"),
        ("mkdir d", "mkdir d", "mkdir d; mark d opaque=y", "d",
            "provides upper: directory /d (opaque) | hidden b: directory /d | hidden a: directory /d"),
        ("mkdir d", "mkdir d; mark d opaque=y", "mkdir d", "d",
            "provides upper: directory /d | merged b: directory /d (opaque) | hidden a: directory /d"),
        ("mkdir d", "mkdir d", "mkdir d; mark d opaque=x", "d",
            "provides upper: directory /d | merged b: directory /d | merged a: directory /d"),
        ("mkdir d; echo a >d/f", ":", "mkdir d", "d/f", "provides a: file /d/f"),
        ("mkdir d; echo a >d/f", ":", "mkdir d; mark d opaque=y", "d/f",
            "covers upper: directory /d (opaque) | hidden a: file /d/f"),
        ("mkdir d; echo a >d/f", ":", "mkdir d; mark d opaque=y; echo m >d/f", "d/f",
            "provides upper: file /d/f | hidden a: file /d/f"),
        ("mkdir -p d/e; echo a >d/e/f", ":", "mkdir -p d/e; mark d opaque=y", "d/e",
            "provides upper: directory /d/e | covers upper: directory /d (opaque) | hidden a: directory /d/e"),
        ("mkdir -p d/e; echo a >d/e/f", ":", "mkdir -p d/e; mark d opaque=y; mark d/e opaque=y", "d/e",
            "provides upper: directory /d/e (opaque) | hidden a: directory /d/e"),
        ("mkdir -p d/e; echo a >d/e/f", ":", "mkdir -p d/e; mark d/e opaque=y", "d/e/f",
            "covers upper: directory /d/e (opaque) | hidden a: file /d/e/f"),
        ("mkdir d; echo a >d/f", "mkdir d; mark d opaque=y; echo b >d/f", "mkdir d", "d/f",
            "provides b: file /d/f | hidden a: file /d/f"),
        ("mkdir d; echo a >d/f", "mkdir d; mark d opaque=y", "mkdir d", "d/f",
            "covers b: directory /d (opaque) | hidden a: file /d/f"),
        ("mkdir d; echo a >d/f", ":", "mkdir d; mark d opaque=y; echo m >d/g", "d/g", "provides upper: file /d/g"),
        ("echo a >d", ":", "mkdir d; echo m >d/f", "d/f", "provides upper: file /d/f"),
        ("mkdir d; echo a >d/f", ":", "whiteout d", "d/f", "covers upper: whiteout /d | hidden a: file /d/f"),
        ("mkdir d; echo a >d/f", "whiteout d", ":", "d/f", "covers b: whiteout /d | hidden a: file /d/f"),
        ("mkdir d; echo a >d/f", "echo b >d", ":", "d/f", "covers b: file /d | hidden a: file /d/f"),
        ("mkdir d; echo a >d/f", "echo b >d", "whiteout d", "d/f", "covers upper: whiteout /d | hidden a: file /d/f"),
        ("mkdir -p d/e/g; echo a >d/e/g/f", ":", "mkdir d; whiteout d/e", "d/e/g/f",
            "covers upper: whiteout /d/e | hidden a: file /d/e/g/f"),
        ("mkdir d; echo a >d/f", ":", "whiteout d; mkdir e; mark e redirect=d", "e",
            "provides upper: directory /e (moved from d) | merged a: directory /d"),
        ("mkdir d; echo a >d/f", ":", "whiteout d; mkdir e; mark e redirect=d", "e/f", "provides a: file /d/f"),
        ("mkdir d; echo a >d/f", ":", "whiteout d; mkdir e; mark e redirect=d", "d/f",
            "covers upper: whiteout /d | hidden a: file /d/f"),
        ("mkdir d; echo a >d/f", "mkdir d; echo b >d/f", "mkdir e; mark e redirect=d; echo m >e/f", "e/f",
            "provides upper: file /e/f | hidden b: file /d/f | hidden a: file /d/f"),
        ("mkdir -p d/e; echo a >d/e/f", ":", "mkdir g; mark g redirect=/d/e", "g/f", "provides a: file /d/e/f"),
        ("mkdir -p d/e; echo a >d/e/f", ":", "mkdir -p o/g; mark o opaque=y; mark o/g redirect=/d/e", "o/g/f",
            "provides a: file /d/e/f"),
        ("mkdir d; echo a >d/f", "mkdir e; mark e redirect=d", "mkdir g; mark g redirect=e", "g/f",
            "provides a: file /d/f"),
        ("mkdir -p d/e; echo a >d/e/f", ":", "mkdir -p h/g; mark h redirect=d; mark h/g redirect=e", "h/g/f",
            "provides a: file /d/e/f"),
        ("mkdir d; echo a >d/f", "mkdir e; echo b >e/f", "mkdir g; mark g redirect=d", "g/f", "provides a: file /d/f"),
        (":", ":", ":", "", "provides upper: directory / | merged b: directory / | merged a: directory /"),
        ("echo a >'a b'", ":", ":", "a b", "provides a: file \"/a b\""),
        ("echo a >\"$(printf 'x\\377y')\"", ":", ":", "x\u00ffy", "provides a: file \"/x\\377y\""),
        ("echo a >$(printf '%0255d' 0)", ":", ":", new string('0', 255), "provides a: file /" + new string('0', 255)));

    [Theory]
    [MemberData(nameof(Trees))]
    public void It_names_each_layer_that_has_the_path(string a, string b, string machine, string path, string expected)
    {
        Root.Route("/etc");
        Root.Extension("a", ("keep", "a"));
        Root.Extension("b", ("keep", "b"));
        RawTree.Do(Root.Raw + "/var/lib/confexts/a/etc", a);
        RawTree.Do(Root.Raw + "/var/lib/confexts/b/etc", b);
        RawTree.Do(Root.Raw + "/etc", machine);
        Root.Expect("/etc", "/var/lib/confexts");

        Assert.Equal(expected, Explain(path));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Assert.Equal(expected, Explain(path));
        // The kernel agrees: the path exists exactly if something provides it.
        bool isProvided = expected.Contains("provides", StringComparison.Ordinal);
        Assert.Equal(isProvided,
            Outcome.Of("sh",
            ["-c", $"cd {Root.Etc}; p=$(printf '{Octal(path)}'); [ -e \"./$p\" ] || [ -L \"./$p\" ]"]).Status == 0);
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal(expected, Explain(path, "--mutable=import"));
    }

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, SweepPoints.IsWhole ? 500 : 30)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void What_is_seen_is_what_the_providing_layer_has(int seed)
    {
        Random random = new(seed);
        Root.Route("/etc");
        Root.Extension("a", ("keep", "a"));
        Root.Extension("b", ("keep", "b"));
        RandomTree.Grow(Root.Raw + "/var/lib/confexts/a/etc", random, 20);
        RandomTree.Grow(Root.Raw + "/var/lib/confexts/b/etc", random, 20);
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        RandomTree.Change(Root.Etc, random, 30);
        Root.Expect("/etc");
        Dictionary<string, string> seen = Snapshot(Root.Etc);
        Dictionary<string, Dictionary<string, string>> layers = new(StringComparer.Ordinal)
        {
            ["upper"] = Snapshot(Root.Raw + "/etc"),
            ["a"] = Snapshot(Root.Raw + "/var/lib/confexts/a/etc"),
            ["b"] = Snapshot(Root.Raw + "/var/lib/confexts/b/etc"),
        };

        string[] paths = [.. seen.Keys.Where(path => path is not "/"
            && !path.StartsWith("/.systemd-", StringComparison.Ordinal)).Select(path => "/etc" + path)];
        JsonElement explained = Root.Bootmerge(["explain", "--json=short", .. paths]).Succeeds().Json();

        Assert.Equal(paths, explained.EnumerateArray().Select(one => one.GetProperty("path").GetString()!));
        foreach (JsonElement one in explained.EnumerateArray())
        {
            string path = one.GetProperty("path").GetString()!["/etc".Length..];
            JsonElement provider = Assert.Single(one.GetProperty("layers").EnumerateArray(),
                layer => layer.GetProperty("part").GetString() is "provides");
            // The location is a path that can be opened.
            string layer = provider.GetProperty("layer").GetString()!;
            Assert.Equal((layer is "upper" ? "" : "/var/lib/confexts/" + layer) + "/etc" + provider.GetProperty("path"),
                provider.GetProperty("location").GetString());
            string has = layers[provider.GetProperty("layer").GetString()!][provider.GetProperty("path").GetString()!];
            Assert.Equal($"{path} {seen[path]}", $"{path} {has}");
        }
    }

    [Theory]
    [InlineData("resolv.conf", "provides mount: tmpfs /resolv.conf (its /stub) | hidden upper: file /resolv.conf | "
        + "hidden a: file /resolv.conf")]
    [InlineData("d", "provides mount: tmpfs /d | hidden upper: directory /d | hidden a: directory /d")]
    [InlineData("d/f", "covers mount: tmpfs /d | hidden a: file /d/f")]
    [InlineData("d/own", "covers mount: tmpfs /d")]
    [InlineData("d/deep/x", "covers mount: tmpfs /d/deep")]
    [InlineData("under/cover/x", "covers mount: tmpfs /under | hidden a: file /under/cover/x")]
    [InlineData("df", "provides a: file /df")]
    public void A_mount_at_the_path_or_on_the_way_to_it_hides_all_layers(string path, string expected)
    {
        Root.Route("/etc");
        Root.Extension("a", ("resolv.conf", "a"), ("d/f", "a"), ("df", "a"), ("under/cover/x", "a"));
        Root.Write("/etc/resolv.conf", "");
        foreach (string directory in new[] { "/etc/d", "/etc/under/cover", "/run-stub" })
            Root.MakeDirectory(directory);
        Root.Mount("none", "/run-stub", "tmpfs");
        Root.WriteMerged("/run-stub/stub", "stub");
        Root.Mount(Root.Path + "/run-stub/stub", "/etc/resolv.conf", null, LibC.MS_BIND);
        Root.Mount("none", "/etc/d", "tmpfs");
        Directory.CreateDirectory(Root.Etc + "/d/deep");
        Root.Mount("none", "/etc/d/deep", "tmpfs");
        // The later mount hides the earlier one.
        Root.Mount("none", "/etc/under/cover", "tmpfs");
        Root.Mount("none", "/etc/under", "tmpfs");

        Assert.Equal(expected, Explain(path));
        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        Assert.Equal(expected, Explain(path));
        JsonElement first = Root.Bootmerge("explain", "--json=short", "/etc/" + path).Succeeds().Json()[0]
            .GetProperty("layers")[0];
        Assert.StartsWith($"{first.GetProperty("part")} {first.GetProperty("layer")}: {first.GetProperty("type")} "
            + $"{first.GetProperty("path")}", expected, StringComparison.Ordinal);
        Root.Bootmerge("unmerge").Succeeds();
        Assert.Equal(expected, Explain(path));

        // If the merge is in memory, the merge itself is the topmost layer.
        Root.Bootmerge("merge", "--mutable=ephemeral-import").Succeeds();
        Assert.StartsWith(expected.Split(" | ")[0].Replace(" a: file", " merge: file", StringComparison.Ordinal),
            Explain(path), StringComparison.Ordinal);
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void A_layer_in_an_image_is_named_by_the_image()
    {
        Root.Route("/etc");
        ImageFile.Confext(Root, "squashfs", "/var/lib/confexts/image.raw", "image", ("f", "image"));

        Root.Bootmerge("explain", "/etc/f").Succeeds()
            .Prints("provides image: file /var/lib/confexts/image.raw:/etc/f\n");
    }

    [Theory]
    [InlineData("/etc/nothing", "no layer has '/etc/nothing'")]
    [InlineData("/etc/hostname/x", "no layer has '/etc/hostname/x'")]
    [InlineData("/etc/../usr", "in none of the hierarchies")]
    [InlineData("hostname", "not an absolute path")]
    public void A_path_that_is_nowhere_is_a_failure(string path, string words)
    {
        Root.Route("/etc");
        Root.Extension("a", ("keep", "a"));
        Root.Bootmerge("explain", path).FailsInOneLine(words);
    }

    /// <summary>Without overlayfs's own marks: a merge shows them to nobody.</summary>
    private static Dictionary<string, string> Snapshot(string directory) =>
        Files.Snapshot(directory).ToDictionary(
            entry => entry.Key,
            entry => string.Join(' ', entry.Value.Split(' ')
                .Where(word => !word.StartsWith("trusted.overlay.", StringComparison.Ordinal))),
            StringComparer.Ordinal);

    /// <summary>
    /// The answer on one line. The path may have bytes that no .NET argument can have: each char stands for a byte.
    /// </summary>
    private string Explain(string path, params string[] options)
    {
        Root.Remember();
        string command = $"exec {Workplace.Binary} --root={Root.Path} explain {string.Join(' ', options)} "
            + $"\"/etc/$(printf '{Octal(path)}')\"";
        string[] lines = Outcome.OfTool("sh", "-ec", command).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return string.Join(" | ", lines.Skip(1)
            .Select(line => string.Join(' ', line.Split(' ', 3, StringSplitOptions.RemoveEmptyEntries)))
            .Select(InsideLayer));
    }

    /// <summary>Without the path of the layer, which the property test compares.</summary>
    private static string InsideLayer(string line) => Regex.Replace(line,
        "(?:/var/lib/confexts/[ab])?/etc(?:/|(?<end> |$))", "/${end}", RegexOptions.None, TimeSpan.FromSeconds(1));

    private static string Octal(string path) =>
        string.Concat(path.Select(c => c is < ' ' or > '~' ? "\\" + Convert.ToString(c, 8) : c.ToString()));
}
