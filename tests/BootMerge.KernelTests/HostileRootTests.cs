using BootMerge.KernelTests.Support;
using Xunit;

namespace BootMerge.KernelTests;

/// <summary>
/// Specification, section 13, as tables. Something that does not belong at a place is put there. Either one line names
/// the path and the reason, and nothing changes; or it is ignored, and the sound extension is merged. In any case
/// nothing outside the root is read, shown or changed. More, by subject: BadInputTests, BadExtensionTests,
/// UpperDirectoryErrorTests, LayerTests.
/// </summary>
public sealed class HostileRootTests : KernelTest
{
    public static TheoryData<string, string, string, string> FilesOfTheSystem => Cases.Of("""
        place | is | command | outcome
        /etc/os-release | socket | merge | fails: /etc/os-release; not a regular file
        /etc/os-release | block device | merge | fails: /etc/os-release; not a regular file
        /etc/os-release | unreadable file | merge | fails: /etc/os-release; Permission denied
        /etc/os-release | chain of links | merge | fails: /etc/os-release; Too many levels of symbolic links
        /etc/os-release | magic link | merge | fails: /etc/os-release; Too many levels of symbolic links
        /etc/os-release | link out | merge | merges
        /etc/os-release | link up and out | merge | merges
        /etc/os-release | dangling | merge | merges
        /usr/lib/os-release | fifo | merge | fails: /usr/lib/os-release; not a regular file
        /usr/lib/os-release | loop | merge | fails: /usr/lib/os-release; Too many levels of symbolic links
        /usr/lib/os-release | link out | merge | fails: neither; os-release
        /usr/lib/os-release | unreadable file | merge | fails: /usr/lib/os-release; Permission denied
        /usr | link out | merge | fails: neither; os-release
        /usr | loop | merge | fails: /usr; Too many levels of symbolic links
        /etc/initrd-release | loop | merge | fails: /etc/initrd-release; Too many levels of symbolic links
        /etc/systemd/confext.conf | socket | merge | fails: /etc/systemd/confext.conf; not a regular file
        /etc/systemd/confext.conf | block device | merge | fails: /etc/systemd/confext.conf; not a regular file
        /etc/systemd/confext.conf | unreadable file | merge | fails: /etc/systemd/confext.conf; Permission denied
        /etc/systemd/confext.conf | magic link | merge | fails: /etc/systemd/confext.conf; Too many levels of symbolic links
        /etc/systemd/confext.conf | link out | merge | merges
        /etc/systemd/confext.conf.d | file | merge | merges
        /etc/systemd/confext.conf.d | fifo | merge | merges
        /etc/systemd/confext.conf.d | link out | merge | merges
        /etc/systemd/confext.conf.d | loop | merge | fails: /etc/systemd/confext.conf.d; Too many levels of symbolic links
        /etc/systemd/confext.conf.d | unreadable directory | merge | fails: /etc/systemd/confext.conf.d; Permission denied
        /etc/systemd/confext.conf.d/50-bad.conf | socket | merge | fails: /etc/systemd/confext.conf.d/50-bad.conf; not a regular file
        /etc/systemd/confext.conf.d/50-bad.conf | directory | merge | fails: /etc/systemd/confext.conf.d/50-bad.conf; not a regular file
        /etc/systemd/confext.conf.d/50-bad.conf | loop | merge | fails: /etc/systemd/confext.conf.d/50-bad.conf; Too many levels of symbolic links
        /etc/systemd/confext.conf.d/50-bad.conf | link up and out | merge | merges
        /etc/systemd | loop | merge | fails: /etc/systemd/confext.conf; Too many levels of symbolic links
        /etc/systemd | socket | merge | merges
        /etc/bootmerge.conf | fifo | merge | fails: /etc/bootmerge.conf; not a regular file
        /etc/bootmerge.conf | link out | merge | merges
        /usr/lib/bootmerge.conf.d | loop | merge | fails: /usr/lib/bootmerge.conf.d; Too many levels of symbolic links
        /etc | socket | merge | fails: /etc; not a directory
        /etc | block device | merge | fails: /etc; not a directory
        /etc | character device | merge | fails: /etc; not a directory
        /etc | unreadable directory | merge | fails: /etc; Permission denied
        """);

    [Theory]
    [MemberData(nameof(FilesOfTheSystem))]
    public void Something_at_the_place_of_a_file_of_the_system(string place, string kind, string command,
        string outcome) => Prove(place, kind, command, outcome);

    public static TheoryData<string, string, string, string> Extensions => Cases.Of("""
        place | is | command | outcome
        /var/lib/confexts | socket | merge | merges
        /var/lib/confexts | link out | merge | merges
        /var/lib/confexts | link up and out | merge | merges
        /var/lib/confexts | magic link | merge | merges
        /var/lib/confexts | unreadable directory | merge | fails: /var/lib/confexts; Permission denied
        /var/lib/confexts/bad | socket | merge | merges
        /var/lib/confexts/bad | block device | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad | file | merge | merges
        /var/lib/confexts/bad | link out | merge | merges: Not merging; /bad; dangling
        /var/lib/confexts/bad | link up and out | merge | merges: Not merging; /bad; dangling
        /var/lib/confexts/bad | magic link | merge | merges: Not merging; /bad; loop of symlinks
        /var/lib/confexts/bad | chain of links | merge | merges: Not merging; /bad; loop of symlinks
        /var/lib/confexts/bad | link to / | merge | merges: Not merging 'bad'; usr/lib/os-release
        /var/lib/confexts/bad | link to . | merge | merges: Not merging 'bad': no; extension-release.bad
        /var/lib/confexts/bad | unreadable directory | merge | merges: Not merging 'bad'; Permission denied
        /var/lib/confexts/bad.raw | directory | merge | merges: Not merging 'bad.raw'; empty directory
        /var/lib/confexts/bad.raw | fifo | merge | merges
        /var/lib/confexts/bad.raw | link out | merge | merges: Not merging; /bad; dangling
        /var/lib/confexts/bad.raw | file | merge | merges: Not merging 'bad'; no file system
        /var/lib/confexts/bad.raw | unreadable file | merge | merges: Not merging 'bad'; Permission denied
        /var/lib/confexts/bad.v | file | merge | merges
        /var/lib/confexts/bad.v | loop | merge | merges: Not merging; /bad; loop of symlinks
        /var/lib/confexts/bad.v | unreadable directory | merge | merges
        /var/lib/confexts/bad.v/bad_1 | link out | merge | merges
        /var/lib/confexts/bad.v/bad_1 | loop | merge | merges
        /var/lib/confexts/bad/etc | socket | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad/etc | dangling | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad/etc | link out | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad/etc | link up and out | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad/etc | magic link | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad/etc | unreadable directory | merge | merges: Not merging 'bad'; Permission denied
        /var/lib/confexts/bad/etc/extension-release.d | file | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad/etc/extension-release.d | fifo | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad/etc/extension-release.d | loop | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad/etc/extension-release.d | link out | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad/etc/extension-release.d | unreadable directory | merge | merges: Not merging 'bad'; Permission denied
        /var/lib/confexts/bad/etc/extension-release.d/extension-release.bad | socket | merge | merges: Not merging 'bad'; not a regular file
        /var/lib/confexts/bad/etc/extension-release.d/extension-release.bad | link out | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad/etc/extension-release.d/extension-release.bad | magic link | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad/etc/extension-release.d/extension-release.bad | chain of links | merge | merges: Not merging 'bad'
        /var/lib/confexts/bad/etc/extension-release.d/extension-release.bad | unreadable file | merge | merges: Not merging 'bad'; Permission denied
        /var/lib/confexts/bad/usr | loop | merge | merges: Not merging 'bad'
        """);

    [Theory]
    [MemberData(nameof(Extensions))]
    public void Something_at_a_place_of_extensions(string place, string kind, string command, string outcome) =>
        Prove(place, kind, command, outcome);

    public static TheoryData<string, string, string, string> PlacesThatAreWrittenTo => Cases.Of("""
        place | is | command | outcome
        /var/lib/extensions.mutable/etc | socket | merge --mutable=auto | fails: /var/lib/extensions.mutable/etc; not a directory
        /var/lib/extensions.mutable/etc | block device | merge --mutable=yes | fails: /var/lib/extensions.mutable/etc; not a directory
        /var/lib/extensions.mutable/etc | magic link | merge --mutable=auto | fails: /var/lib/extensions.mutable/etc; Too many levels of symbolic links
        /var/lib/extensions.mutable/etc | chain of links | merge --mutable=auto | fails: /var/lib/extensions.mutable/etc; Too many levels of symbolic links
        /var/lib/extensions.mutable/etc | fifo | merge --mutable=import | fails: /var/lib/extensions.mutable/etc; not a directory
        /var/lib/extensions.mutable/etc | loop | merge --mutable=ephemeral-import | fails: /var/lib/extensions.mutable/etc; Too many levels of symbolic links
        /var/lib/extensions.mutable/etc | loop | merge --mutable=ephemeral | merges
        /var/lib/extensions.mutable/etc | link out | merge --mutable=auto | merges
        /var/lib/extensions.mutable/etc | link up and out | merge --mutable=import | merges
        /var/lib/extensions.mutable/etc | link to / | merge --mutable=auto | fails: the upperdir /; mount point
        /var/lib/extensions.mutable/etc | link to /etc/sub | merge --mutable=auto | fails: /etc/sub; inside the hierarchy
        /var/lib/extensions.mutable/etc | link to /etc/sub | merge --mutable=import | fails: /etc; overlayfs: overlapping lowerdir path
        /var/lib/extensions.mutable/etc | link to /usr | merge --mutable=auto | fails: /etc; overlayfs: overlapping lowerdir path
        /var/lib/extensions.mutable/etc | link to /usr/lib/confexts/alpha/etc | merge --mutable=auto | fails: /etc; overlayfs: conflicting lowerdir path
        /var/lib/extensions.mutable/etc | link to /usr/lib/confexts/alpha/etc | merge --mutable=import | fails: /etc; overlayfs: conflicting lowerdir path
        /var/lib/extensions.mutable/etc | unreadable directory | merge --mutable=auto | fails: /var/lib/extensions.mutable/etc; Permission denied
        /var/lib/extensions.mutable | file | merge --mutable=yes | fails: /var/lib/extensions.mutable; not a directory
        /var/lib/extensions.mutable | fifo | merge --mutable=yes | fails: /var/lib/extensions.mutable; not a directory
        /var/lib/extensions.mutable | loop | merge --mutable=auto | fails: /var/lib/extensions.mutable; Too many levels of symbolic links
        /var/lib/extensions.mutable | link out | merge --mutable=yes | fails: /var/lib/extensions.mutable; not a directory
        /var/lib/extensions.mutable | dangling | merge --mutable=yes | fails: /var/lib/extensions.mutable; not a directory
        /var/lib/extensions.mutable | unreadable directory | merge --mutable=auto | fails: /var/lib/extensions.mutable; Permission denied
        /var/lib | file | merge --mutable=yes | fails: /var/lib; not a directory
        /var | loop | merge --mutable=yes | fails: /var/lib; Too many levels of symbolic links
        /.systemd-etc-workdir | fifo | merge --mutable=auto | fails: /.systemd-etc-workdir; not a directory
        /.systemd-etc-workdir | socket | merge --mutable=auto | fails: /.systemd-etc-workdir; not a directory
        /.systemd-etc-workdir | character device | merge --mutable=auto | fails: /.systemd-etc-workdir; not a directory
        /.systemd-etc-workdir | loop | merge --mutable=auto | fails: /.systemd-etc-workdir; not a directory
        /.systemd-etc-workdir | link out | merge --mutable=auto | fails: /.systemd-etc-workdir; not a directory
        /.systemd-etc-workdir.1 | file | merge --mutable=auto | fails: /.systemd-etc-workdir.1; not a directory
        /.systemd-etc-workdir.1 | directory | merge --mutable=auto | merges
        /.systemd-etc-workdir.99999999999999999999 | directory | merge --mutable=auto | merges
        /etc/.systemd-confext | file | merge --mutable=auto | fails: /etc; .systemd-confext
        /etc/.systemd-confext | fifo | merge --mutable=auto | fails: /etc; .systemd-confext
        /etc/.systemd-confext | socket | merge --mutable=auto | fails: /etc; .systemd-confext
        /etc/.systemd-confext | loop | merge --mutable=auto | fails: /etc; .systemd-confext
        /etc/.systemd-confext | link out | merge --mutable=auto | fails: /etc; .systemd-confext
        /etc/.systemd-confext | file | merge --mutable=no | merges
        /etc/.systemd-confext | loop | merge --mutable=ephemeral | merges
        /etc/.systemd-confext/dev | fifo | merge --mutable=auto | merges: copy of an older merge
        /run/bootmerge | file | merge | merges: Working without a lock; /run/bootmerge
        /run/bootmerge | fifo | merge | merges: Working without a lock; /run/bootmerge
        /run/bootmerge | loop | merge | merges: Working without a lock; /run/bootmerge
        /run/bootmerge | link out | merge | merges: Working without a lock; /run/bootmerge
        """);

    [Theory]
    [MemberData(nameof(PlacesThatAreWrittenTo))]
    public void Something_at_a_place_that_is_written_to(string place, string kind, string command, string outcome)
    {
        if (!place.StartsWith("/var", System.StringComparison.Ordinal))
            Root.Route("/etc");
        Prove(place, kind, command, outcome);
    }

    private void Prove(string place, string kind, string command, string outcome)
    {
        HostileRoot hostile = new(Root);
        hostile.Put(place, kind);
        if (outcome.Contains("overlayfs: ", System.StringComparison.Ordinal))
            WithKernelLog();
        hostile.Prove(command, outcome);
    }
}
