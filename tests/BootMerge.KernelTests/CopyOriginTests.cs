using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// overlayfs notes which lower file a file was copied up from, and gives it that file's inode. This must never turn two
/// names of a merge into one file, whatever lower files come into view again.
/// </summary>
public sealed class CopyOriginTests : KernelTest
{
    private const string Boot = "boot", PutBack = "mv conf conf.orig; cp -a conf.orig conf";

    /// <summary>
    /// What the layer below lies on. An image keeps its identifier when it is made anew, as in reproducible builds.
    /// </summary>
    private static readonly string[] Layers = ["tmpfs", "ext4", "squashfs image", "erofs image", "ext4 image"];

    /// <summary>
    /// Shell commands: in the merge, in the machine's directory while nothing is merged, and in the vendor's tree. Then
    /// the verbs that follow, and what the machine's and the vendor's files contain at the end. The vendor ships conf,
    /// other, passwd, d/f, and a link.
    /// </summary>
    private static readonly (string Merged, string Raw, string Vendor, string Verbs, string Expected)[] Cases =
    [
        (PutBack, "", "", Boot, "conf=v conf.orig=v"),
        (PutBack, "", "", "prune, merge --mutable=auto", "conf=v conf.orig=v"),
        (PutBack + "; echo m >>conf", "", "", "reset /etc/conf, merge --mutable=auto", "conf=v conf.orig=v"),
        (PutBack + "; echo m >>conf.orig", "", "", Boot, "conf=v conf.orig=vm"),
        (PutBack + "; ln conf.orig conf.link", "", "", Boot, "conf=v conf.orig=v conf.link=v"),
        ("ln conf conf.link; rm conf; cp -a conf.link conf", "", "", Boot, "conf=v conf.link=v"),
        ("mkdir n; mv conf n/x; cp -a n/x conf; mv n m", "", "", Boot, "conf=v m/x=v"),
        ("mv d/f f; cp -a f d/f", "", "", Boot, "d/f=v f=v"),
        ("mv d e; mkdir d; mv e/f d/g; cp -a d/g e/f", "", "", Boot, "d/g=v e/f=v"),
        ("mv link old; cp -a old link; chown -h 7 old", "", "", Boot, "conf=v"),
        // What hid the vendor's file goes away in another way.
        ("mv conf x", "rm conf", "", Boot, "conf=v x=v"),
        ("mv conf x", "rm conf", "", "merge --mutable=auto", "conf=v x=v"),
        ("mv passwd x", "", "", Boot, "passwd=v x=v"),
        ("echo m >>conf", "mv conf x", "", Boot, "conf=v x=vm"),
        ("echo m >>conf", "mkdir d; mv conf d/f", "", Boot, "conf=v d/f=vm"),
        // Two copies with the same note.
        ("echo m >>conf", "mkdir d; cp -a conf x; cp -a conf d/f", "", Boot, "conf=vm x=vm d/f=vm"),
        // In the vendor's next version another file has this inode number, or the same file lies elsewhere.
        ("echo m >>conf; echo n >>other; echo o >>passwd", "", "echo new >aaa; echo new >bbb", Boot,
            "conf=vm other=vn passwd=vo aaa=new bbb=new d/f=v"),
        ("echo m >>conf; echo n >>other; echo o >>passwd", "", "mv conf aaa; mv other z", Boot,
            "conf=vm other=vn passwd=vo aaa=v z=v d/f=v"),
    ];

    public static TheoryData<string, int> Rows =>
        [.. Layers.SelectMany(layer => Enumerable.Range(0, Cases.Length).Select(number => (layer, number)))];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_name_keeps_a_file_of_its_own(string layer, int number)
    {
        (string merged, string raw, string vendor, string verbs, string expected) = Cases[number];
        Arrange(layer);
        Root.Bootmerge("boot").Succeeds();
        RawTree.Do(Root.Etc, merged);
        Root.Bootmerge("unmerge").Succeeds();
        RawTree.Do(Root.Raw + "/etc", raw);
        Ship(layer, vendor);

        foreach (string verb in verbs.Split(", "))
            Root.Bootmerge(verb.Split(' ')).Succeeds();
        Assert.Equal(expected, Contents(expected));
        ProveSeparate();
        // What the test has written is at the right names after this merge, too.
        string[] written = [.. Contents(expected).Split(' ')];
        Root.Bootmerge("unmerge").Succeeds();
        Root.Bootmerge("prune").Succeeds();
        Root.Bootmerge("boot").Succeeds();
        Assert.Equal(written, Contents(expected).Split(' '));
    }

    [Theory]
    [InlineData("squashfs image")]
    [InlineData("erofs image")]
    [InlineData("ext4 image")]
    [InlineData("tmpfs")]
    public void A_refresh_into_the_vendors_next_version_mixes_nothing_up(string layer)
    {
        Arrange(layer);
        Root.Bootmerge("boot").Succeeds();
        RawTree.Do(Root.Etc, "echo m >>conf; echo n >>other; echo o >>passwd");
        Ship(layer, layer is "tmpfs" ? "mv d/f aaa; mv link bbb" : "echo new >aaa; echo new >bbb");

        Root.Bootmerge("refresh", "--mutable=auto", "--always-refresh=yes").Succeeds();
        Assert.Equal("conf=vm other=vn passwd=vo", Contents("conf other passwd"));
        ProveSeparate();
    }

    [Fact]
    public void Reset_through_a_merge_leaves_two_files_there_and_afterwards()
    {
        Arrange("tmpfs");
        Root.Bootmerge("boot").Succeeds();
        RawTree.Do(Root.Etc, PutBack + "; echo m >>conf");

        Root.Bootmerge("reset", "/etc/conf").Succeeds();
        Assert.Equal("conf=v conf.orig=v", Contents("conf conf.orig"));
        ProveSeparate();
        RawTree.Do(Root.Etc, "printf 'v\\n' >conf");
        Root.Bootmerge("unmerge").Succeeds();
        Root.Bootmerge("boot").Succeeds();
        Assert.False(Root.ExistsRaw("/etc/conf"));
        ProveSeparate();
    }

    [Fact]
    public void It_finds_them_however_deep_the_tree_is()
    {
        Arrange("tmpfs");
        Root.Bootmerge("boot").Succeeds();
        const string Deep = "p=$(printf 'q/%.0s' $(seq 1500)); ";
        RawTree.Do(Root.Etc, Deep + "mkdir -p $p; mv conf ${p}x");
        Root.Bootmerge("unmerge").Succeeds();
        RawTree.Do(Root.Raw + "/etc", "rm conf");

        Root.Bootmerge("merge", "--mutable=auto").Succeeds();
        RawTree.Do(Root.Etc, Deep + "echo m >>conf; test \"$(cat ${p}x)\" = v");
        Root.Bootmerge("unmerge").Succeeds();
    }

    [Fact]
    public void One_that_cannot_be_taken_off_is_named_before_anything_is_removed()
    {
        Arrange("ext4");
        Root.Bootmerge("boot").Succeeds();
        RawTree.Do(Root.Etc, "mv conf x; cp -a x conf; echo m >>other");
        Root.Bootmerge("unmerge").Succeeds();
        Outcome.OfTool("chattr", "+i", Root.Raw + "/etc/x");
        List<string> state = Root.State();

        Root.Bootmerge("prune").FailsInOneLine("trusted.overlay.origin of /x cannot be removed", "chattr -i -a");
        Root.Bootmerge("reset", "/etc/conf").FailsInOneLine("trusted.overlay.origin of /x cannot be removed",
            "chattr -i -a");
        Assert.Equal("v\n", Root.ReadRaw("/etc/conf"));
        Assert.Equal(state.Count, Root.State().Count);
        Root.Bootmerge("boot").Succeeds().Says("Nothing is pruned", "two files may be seen as one",
            "of /x cannot be removed");
        Root.Bootmerge("unmerge").Succeeds();
        Outcome.OfTool("chattr", "-i", Root.Raw + "/etc/x");
        Root.Bootmerge("prune").Succeeds();
        Assert.False(Root.ExistsRaw("/etc/conf"));
    }

    [Fact]
    public void A_dry_run_changes_nothing()
    {
        Arrange("tmpfs");
        Root.Bootmerge("boot").Succeeds();
        RawTree.Do(Root.Etc, PutBack);
        Root.Bootmerge("unmerge").Succeeds();
        List<string> state = Root.State();

        Root.Bootmerge("prune", "--dry-run").Succeeds().Prints("would remove /etc/conf: ");
        Root.Bootmerge("reset", "--dry-run", "/etc/conf").Succeeds();
        Root.Bootmerge("plan", "--mutable=auto").Succeeds();
        Assert.Equal(state, Root.State());
    }

    private void Arrange(string layer)
    {
        if (layer is "ext4")
            RootOn("ext4");
        Root.Route("/etc");
        Root.Remove("/etc/hostname");
        Root.Write("/usr/lib/bootmerge.conf", "[BootMerge]\nRouteEtc=yes\nPrune=yes\n");
        Directory.CreateDirectory(Vendor(layer) + "/etc/extension-release.d");
        File.WriteAllText(Vendor(layer) + "/etc/extension-release.d/extension-release.vendor", "ID=_any\n");
        Ship(layer, "for i in conf other passwd; do echo v >$i; done; mkdir d; echo v >d/f; ln -s conf link");
        Root.Expect("/etc", "/var/lib/confexts", "/var/lib/bootmerge", "/run");
    }

    private string Vendor(string layer) => layer.EndsWith("image", StringComparison.Ordinal)
        ? Root.Aside + "/vendor" : Root.Raw + "/var/lib/confexts/vendor";

    /// <summary>Ships the vendor's next version. An image is replaced by a new file.</summary>
    private void Ship(string layer, string commands)
    {
        const string Identifier = "11111111-2222-3333-4444-555555555555";
        RawTree.Do(Vendor(layer) + "/etc", commands);
        if (!layer.EndsWith("image", StringComparison.Ordinal))
            return;
        string image = Root.Raw + "/var/lib/confexts/vendor.raw";
        Root.MakeDirectory("/var/lib/confexts");
        switch (layer)
        {
            case "squashfs image":
                Outcome.OfTool("mksquashfs", Vendor(layer), image + ".new", "-quiet", "-no-progress",
                "-noappend"); break;
            case "erofs image": Outcome.OfTool("mkfs.erofs", "-U", Identifier, image + ".new", Vendor(layer)); break;
            default:
                using (FileStream file = File.Create(image + ".new"))
                    file.SetLength(4 << 20);
                Outcome.OfTool("mkfs.ext4", "-q", "-U", Identifier, "-d", Vendor(layer), image + ".new");
                break;
        }

        File.Move(image + ".new", image, overwrite: true);
    }

    /// <summary>The present contents, "conf=v conf.orig=vm", for the paths in such a text.</summary>
    private string Contents(string paths) => string.Join(' ', paths.Split(' ').Select(path =>
    {
        string name = path.Split('=')[0];
        return name + "=" + Root.Read("/etc/" + name).Replace("\n", "", StringComparison.Ordinal);
    }));

    private void ProveSeparate() => SeparateFiles.Prove(Root.Etc, Root.Raw + "/etc");
}
