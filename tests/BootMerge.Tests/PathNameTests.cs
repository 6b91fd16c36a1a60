using Xunit;

namespace BootMerge.Tests;

public sealed class PathNameTests
{
    [Theory]
    [InlineData("/a/b", "/a", "b")]
    [InlineData("/a", "", "a")]
    [InlineData("a", "", "a")]
    [InlineData("/", "", "")]
    [InlineData("", "", "")]
    public void A_path_has_a_parent_and_a_last_name(string path, string parent, string last)
    {
        Assert.Equal(parent, PathName.Parent(path));
        Assert.Equal(last, PathName.Last(path));
    }

    [Theory]
    [InlineData("/a/b", "c", "/a/b/c")]
    [InlineData("/", "c", "/c")]
    public void A_name_in_a_directory_is_its_child(string directory, string name, string expected) =>
        Assert.Equal(expected, PathName.Child(directory, name));

    [Theory]
    [InlineData("/a/b", "/etc", "/etc")]
    [InlineData("/a/b", "c", "/a/b/c")]
    [InlineData("/a/b", "../c", "/a/c")]
    [InlineData("/a/b", "c/./d//e/", "/a/b/c/d/e")]
    [InlineData("/a", "../../../c", "/c")]
    [InlineData("/a", "/../c/..", "/")]
    [InlineData("/a", "..", "/")]
    [InlineData("/a", "/", "/")]
    [InlineData("/a", ".", "/a")]
    [InlineData("", "c", "/c")]
    public void A_link_leads_by_its_text_and_never_out_of_the_root(string directory, string target, string expected) =>
        Assert.Equal(expected, PathName.Join(directory, target));

    [Theory]
    [InlineData("/a/b", "/a", true)]
    [InlineData("/a", "/", true)]
    [InlineData("/a", "/a", false)]
    [InlineData("/ab", "/a", false)]
    [InlineData("/", "/", false)]
    [InlineData("/", "/a", false)]
    [InlineData("/b/a", "/a", false)]
    public void Below_a_directory_is_what_lies_in_it(string path, string directory, bool expected) =>
        Assert.Equal(expected, PathName.IsBelow(path, directory));

    [Theory]
    [InlineData("/a", "/a", true)]
    [InlineData("/a/b", "/a", true)]
    [InlineData("/", "/", true)]
    [InlineData("/ab", "/a", false)]
    public void A_directory_is_in_what_it_and_all_below_it_is(string path, string directory, bool expected) =>
        Assert.Equal(expected, PathName.IsOrIsBelow(path, directory));
}
