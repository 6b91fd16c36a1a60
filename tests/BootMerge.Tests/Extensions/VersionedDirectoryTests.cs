using System;
using BootMerge.Extensions;
using Xunit;

namespace BootMerge.Tests.Extensions;

public sealed class VersionedDirectoryTests : IDisposable
{
    private readonly SampleRoot _root = new();

    public void Dispose() => _root.Dispose();

    private void AddVersion(string path) => _root.AddConfext(path, releaseName: "foo");

    [Fact]
    public void The_newest_directory_is_the_extension()
    {
        AddVersion("usr/lib/confexts/foo.v/foo_1.9");
        AddVersion("usr/lib/confexts/foo.v/foo_1.10");
        _root.Write("usr/lib/confexts/foo.v/foo_2", "a file");

        Extension only = Assert.Single(_root.Find().Extensions);

        Assert.Equal("foo", only.Name);
        Assert.Equal("directory", only.KindName);
        Assert.Equal("/usr/lib/confexts/foo.v/foo_1.10", only.Path);
        Assert.Equal("/usr/lib/confexts/foo.v/foo_1.10", only.FoundPath);
        Assert.Equal(["foo: merged"], _root.Verdicts());
    }

    [Theory]
    [InlineData("foo.raw.v", "foo_1.raw")]
    [InlineData("foo.raw.v", "foo_1.confext.raw")]
    [InlineData("foo.confext.raw.v", "foo_1.confext.raw")]
    public void The_newest_image_is_the_extension(string directory, string newest)
    {
        _root.Write("usr/lib/confexts/" + directory + "/foo_0.raw", "");
        _root.Write("usr/lib/confexts/" + directory + "/" + newest, "");
        _root.MakeDirectory("usr/lib/confexts/" + directory + "/foo_2.raw");

        Extension only = Assert.Single(_root.Find().Extensions);

        Assert.Equal("foo", only.Name);
        Assert.Equal("raw", only.KindName);
        Assert.Equal("/usr/lib/confexts/" + directory + "/" + newest, only.Path);
    }

    [Fact]
    public void Symlinks_to_the_directory_and_in_it_are_resolved_inside_the_root()
    {
        AddVersion("data/versions/foo_1");
        AddVersion("data/two");
        AddVersion("data/three");
        _root.Link("data/versions/foo_2", "../two");
        _root.Link("data/versions/foo_3", "/data/three");
        _root.Link("usr/lib/confexts/foo.v", "/data/versions");

        Extension only = Assert.Single(_root.Find().Extensions);

        Assert.Equal("foo", only.Name);
        Assert.Equal("/data/three", only.Path);
        Assert.Equal("/usr/lib/confexts/foo.v/foo_3", only.FoundPath);
        _root.Remove("data/versions/foo_3");
        Assert.Equal(["foo /data/two"], _root.Found());
        _root.Remove("data/versions/foo_2");
        Assert.Equal(["foo /data/versions/foo_1"], _root.Found());
        _root.Link("data/versions/foo_2", "../../../../../../data/two");
        Assert.Equal(["foo /data/two"], _root.Found());
    }

    [Fact]
    public void A_dangling_version_stops_the_choice_as_with_systemd()
    {
        AddVersion("usr/lib/confexts/foo.v/foo_2");
        _root.Link("usr/lib/confexts/foo.v/foo_1", "/nowhere");
        _root.Link("usr/lib/confexts/foo.v/foo_3_arm64-be", "/nowhere");

        Assert.Empty(_root.Found());
        Assert.Equal(["/usr/lib/confexts/foo.v: foo_1 in it: a dangling symlink to /nowhere; no version is used "
            + "while it exists"], _root.Skipped());
        _root.Remove("usr/lib/confexts/foo.v/foo_1");
        Assert.Equal(["foo /usr/lib/confexts/foo.v/foo_2"], _root.Found());
    }

    [Fact]
    public void Where_the_names_do_not_decide_the_last_path_is_picked()
    {
        AddVersion("data/b");
        AddVersion("data/a");
        _root.Link("usr/lib/confexts/foo.v/foo_01", "/data/b");
        _root.Link("usr/lib/confexts/foo.v/foo_1", "/data/a");
        AddVersion("usr/lib/confexts/bar.v/bar_1_9");
        AddVersion("usr/lib/confexts/bar.v/bar_1_10");

        Assert.Equal(["bar /usr/lib/confexts/bar.v/bar_1_9", "foo /data/b"], _root.Found());
    }

    [Fact]
    public void A_directory_with_nothing_to_pick_says_what_is_in_it_and_hides_nothing()
    {
        AddVersion("usr/lib/confexts/foo");
        _root.MakeDirectory("run/confexts/foo.v");
        _root.MakeDirectory("var/lib/confexts/foo.v/bar_1");
        _root.MakeDirectory("var/lib/confexts/foo.v/foo_1_s390x");
        _root.Write("var/lib/confexts/foo.v/foo_2", "a file");
        Node.MakeFifo(_root.Outside("var/lib/confexts/foo.v/foo_3"));
        for (int i = 0; i < 9; i++)
            _root.MakeDirectory($"usr/local/lib/confexts/foo.raw.v/foo_{i}.raw");

        Assert.Equal(["foo /usr/lib/confexts/foo"], _root.Found());
        Assert.Equal(
            [
                "/run/confexts/foo.v: the directory is empty",
                "/usr/local/lib/confexts/foo.raw.v: no version in it can be used: foo_0.raw is not a regular file or block device, foo_1.raw is not a regular file or block device, "
                    + "foo_2.raw is not a regular file or block device, foo_3.raw is not a regular file or block "
                    + "device, foo_4.raw is not a regular file or block device, and 4 more",
                "/var/lib/confexts/foo.v: no version in it can be used: bar_1 is not named foo_VERSION, "
                    + $"foo_1_s390x is for s390x, this machine is {MachineArchitecture.Local.Own}, foo_2 is not a "
                    + $"directory, foo_3 is not a directory",
            ],
            _root.Skipped());
    }

    [Fact]
    public void A_version_masks_and_is_masked_like_any_extension()
    {
        AddVersion("usr/lib/confexts/foo.v/foo_2");
        _root.MakeDirectory("usr/local/lib/confexts/foo.v/foo_1");

        Assert.Equal(["foo: an empty directory, it masks the name"], _root.Verdicts());
        Assert.Equal(["/usr/lib/confexts/foo.v/foo_2: hidden by /usr/local/lib/confexts/foo.v/foo_1"], _root.Skipped());
        _root.MakeDirectory("run/confexts/foo");
        Assert.Equal(["foo /run/confexts/foo"], _root.Found());
    }

    [Fact]
    public void Only_a_directory_whose_own_name_ends_in_v_holds_versions()
    {
        AddVersion("data/foo.v/foo_1");
        _root.Link("usr/lib/confexts/foo", "/data/foo.v");
        AddVersion("usr/lib/confexts/bar.V/bar_1");
        _root.Write("usr/lib/confexts/file.v", "");
        AddVersion("usr/lib/confexts/a.v/a_1.v/a_2");

        Assert.Equal(["a /usr/lib/confexts/a.v/a_1.v", "bar.V /usr/lib/confexts/bar.V", "foo /data/foo.v"],
            _root.Found());
        Assert.Equal(["/usr/lib/confexts/file.v: it is a file, and its name does not end in .raw"], _root.Skipped());
    }
}
