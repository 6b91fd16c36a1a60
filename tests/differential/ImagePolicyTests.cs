using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Xunit;
using static BootMerge.DifferentialTests.Steps;

namespace BootMerge.DifferentialTests;

/// <summary>
/// Asks systemd-analyze what an image policy says, and systemd-confext, with a disk image, what it lets through: for
/// the manual page's policies, for odd ones, and for random ones, always the same.
/// </summary>
/// <remarks>
/// A collection of its own, so that it runs in parallel with the scenarios: it starts one program at a time.
/// </remarks>
public sealed class ImagePolicyTests
{
    private const string Entry = "usr/lib/confexts/foo.raw", Configuration = "etc/systemd/confext.conf";

    private static readonly ImageType[] FileSystems = [ImageType.Squashfs, ImageType.Erofs, ImageType.Ext4,
        ImageType.Btrfs, ImageType.Xfs];

    // None has a hash partition: to read such an image's release file, systemd needs dm-verity, whatever the policy
    // says.
    private static readonly ImageType[] Tables = [ImageType.Gpt, ImageType.GptReadOnly, ImageType.GptGrowing,
        ImageType.GptRootAndUsr];

    private static readonly string[] Listed =
    [
        // From systemd.image-policy(7).
        "*", "-", "~", "", "root=verity+signed+encrypted+unprotected+absent",
            "usr=verity+read-only-on:root=encrypted:swap=encrypted",
        "root=encrypted+read-only-off:srv=encrypted+absent:swap=absent+unused",
            "root=unprotected+encrypted:swap=absent+unused:=unprotected+encrypted+absent",
        "root=signed+absent:usr=signed+absent", "root=verity+signed+absent:usr=verity+signed+absent",
        // Every word alone, and nothing where a word should be.
        "root=ignore", "=ignore", "root=absent", "root=unused", "root=open", "root=", "=", "root=-", "=-",
            "root=verity", "root=signed", "root=encrypted",
        "root=encryptedwithintegrity", "root=unprotected", "root=read-only-on", "root=read-only-off", "root=growfs-on",
            "root=growfs-off",
        "root=squashfs", "root=erofs", "root=ext4", "root=btrfs", "root=xfs", "root=vfat", "root=f2fs",
        "root=ignore+unprotected", "root=ignore+ext4", "root=ignore:=open", "=ignore:root=open",
            "root=unprotected:root=verity", "root=open+ignore",
        // Text that is not a policy, or has unknown words.
        "root", "help", "root=unprotected:", ":root=open", "root=-+open", "root=open+-", "root=bogus",
            "root=bogus+verity", "root=unprotected+bogus",
        "root=bogus+read-only-off", "=bogus", "bogus=open", "root=bogus:=open", "root==open", "root=+open", "root=*",
            " root = unprotected ",
    ];

    private static readonly string[] Partitions = ["root", "root", "root", "", "usr", "root-verity", "root-verity-sig",
        "home", "var", "bogus"];

    private static readonly string[] Flags =
    [
        "unprotected", "unprotected", "verity", "signed", "encrypted", "encryptedwithintegrity", "unused", "absent",
            "open", "ignore", "read-only-on",
        "read-only-off", "growfs-on", "growfs-off", "squashfs", "erofs", "ext4", "btrfs", "xfs", "vfat", "f2fs", "-",
            "bogus", "",
    ];

    private static int RandomOnes => int.Parse(Environment.GetEnvironmentVariable("POLICIES") ?? "60",
        CultureInfo.InvariantCulture);

    [Fact]
    public void An_image_policy_means_what_it_means_to_systemd() => Assert.Empty(Compare(FileSystems));

    [Fact]
    public void And_for_images_with_a_partition_table() => Assert.Empty(Compare(Tables));

    private static List<string> Compare(ImageType[] types) =>
        Bench.Run(RootKind.Tmpfs, TestedClass.Confext, bench =>
        {
            foreach (ImageType type in types)
                bench.Root.Extension("foo", directory: "data", at: type.ToString())
                    .File($"data/{type}/usr/share/file", "");
            foreach (ImageType type in types)
                bench.Root.Image("data/" + type, type);

            List<string> differences = [];
            int turn = 0;
            foreach (string policy in Listed.Concat(Random(new Random(262), RandomOnes)))
                differences.AddRange(Compare(bench, policy, types[turn++ % types.Length]));
            return differences;
        });

    private static IEnumerable<string> Compare(Bench bench, string policy, ImageType type)
    {
        string about = $"'{policy}' and {type}";
        bench.Root.Link(Entry, $"/data/{type}.raw");
        string option = "--image-policy=" + policy;
        bool isKnown = bench.AnalyzeImagePolicy(policy).ExitStatus == 0;
        int list = bench.BootmergeAsDropIn(Run(option, "list")).ExitStatus;
        if (isKnown != (list == 0))
            yield return $"{about}: systemd-analyze {(isKnown ? "knows" : "refuses")} it, bootmerge does not agree";
        if (isKnown && (Merges(bench, bench.Systemd, option),
            Merges(bench, bench.BootmergeAsDropIn, option)) is (bool theirs, bool ours) && theirs != ours
            && !(theirs && NamesFileSystems(policy, type)))
            yield return $"{about}: systemd {Verb(theirs)} it, bootmerge {Verb(ours)} it";

        // In a file, systemd drops unknown words, which may result in a policy that allows everything.
        bench.Root.File(Configuration, "[ConfExt]\nImagePolicy=" + policy + "\n");
        bool fromFile = Merges(bench, bench.BootmergeAsDropIn);
        if (fromFile && !Merges(bench, bench.Systemd))
            yield return $"{about}, from a file: bootmerge merges it, systemd does not";
        if (!fromFile && isKnown && !NamesFileSystems(policy, type) && Merges(bench, bench.Systemd))
            yield return $"{about}, from a file: systemd merges it, bootmerge does not";
        bench.Root.Remove(Configuration).Remove(Entry);
    }

    /// <summary>
    /// Two file systems in one rule, or one for a partition in a table: systemd 262 then accepts any, against its
    /// manual page. bootmerge accepts only the named ones.
    /// </summary>
    private static bool NamesFileSystems(string policy, ImageType type) =>
        policy.Split(':').Any(rule => rule[(rule.IndexOf('=', StringComparison.Ordinal) + 1)..].Split('+').Distinct()
            .Count(flag => flag is "squashfs" or "erofs" or "ext4" or "btrfs" or "xfs" or "vfat" or "f2fs")
            > (type < ImageType.Gpt ? 1 : 0));

    private static bool Merges(Bench bench, Func<Command, CommandResult> program, params string[] options)
    {
        CommandResult merge = program(Merge(options));
        bool isMerged = System.IO.File.Exists(bench.Root["etc/foo.conf"]);
        Assert.True(isMerged == (merge.ExitStatus == 0), $"{string.Join(' ', options)}: {merge}");
        if (isMerged)
            Assert.Equal(0, program(Unmerge).ExitStatus);
        return isMerged;
    }

    private static string Verb(bool merges) => merges ? "merges" : "refuses";

    private static IEnumerable<string> Random(Random random, int count)
    {
        for (int i = 0; i < count; i++)
        {
            List<string> rules = [];
            for (int rule = random.Next(1, 4); rule > 0; rule--)
            {
                List<string> flags = [];
                for (int flag = random.Next(1, 5); flag > 0; flag--)
                    flags.Add(Flags[random.Next(Flags.Length)]);
                rules.Add(Partitions[random.Next(Partitions.Length)] + "=" + string.Join('+', flags));
            }

            yield return string.Join(':', rules);
        }
    }
}
