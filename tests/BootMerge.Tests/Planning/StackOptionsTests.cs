using System.Collections.Generic;
using BootMerge.Linux;
using BootMerge.Planning;
using Xunit;

namespace BootMerge.Tests.Planning;

public sealed class StackOptionsTests
{
    [Theory]
    [InlineData("confext", true, null, false, "rdonly nosuid nodev noexec")]
    [InlineData("confext", false, null, false, "rdonly nosuid nodev")]
    [InlineData("confext", true, null, true, "nosuid nodev noexec noatime")]
    [InlineData("confext", false, null, true, "nosuid nodev noatime")]
    [InlineData("sysext", false, null, false, "rdonly nodev")]
    [InlineData("sysext", true, null, false, "rdonly nodev noexec")]
    [InlineData("sysext", false, null, true, "nodev noatime")]
    [InlineData("confext", true, "index=on", true, "nosuid nodev noexec")]
    [InlineData("confext", true, "index=on,noatime", true, "nosuid nodev noexec noatime")]
    [InlineData("confext", true, "x=noatime", true, "nosuid nodev noexec")]
    // What systemd-confext 262 makes of them, according to mountinfo. On a read-only stack, rw means nothing.
    [InlineData("confext", true, "noatime", false, "rdonly nosuid nodev noexec noatime")]
    [InlineData("confext", true, "relatime", true, "nosuid nodev noexec")]
    [InlineData("confext", true, "noatime,relatime", true, "nosuid nodev noexec noatime")]
    [InlineData("confext", true, "noatime,atime", true, "nosuid nodev noexec")]
    [InlineData("confext", true, "atime,noatime", true, "nosuid nodev noexec noatime")]
    [InlineData("confext", true, "noatime,strictatime", true, "nosuid nodev noexec strictatime")]
    [InlineData("confext", true, "strictatime,nostrictatime", true, "nosuid nodev noexec")]
    [InlineData("confext", true, "nodiratime,index=on", true, "nosuid nodev noexec nodiratime")]
    [InlineData("confext", true, "exec,suid,dev", true, "")]
    [InlineData("confext", true, "exec,noexec", true, "nosuid nodev noexec")]
    [InlineData("sysext", false, "nosuid,noexec,ro", true, "rdonly nosuid nodev noexec")]
    [InlineData("confext", true, "ro,rw", true, "nosuid nodev noexec")]
    [InlineData("confext", true, "rw", false, "rdonly nosuid nodev noexec")]
    [InlineData("confext", true, "sync,x-foo=noatime,NOATIME", true, "nosuid nodev noexec")]
    public void Class_settings_and_mutability_choose_the_attributes(string extensionClass, bool noExec, string? options,
        bool isMutable, string expected)
    {
        ExtensionClass chosen = extensionClass == "confext" ? ExtensionClass.Confext : ExtensionClass.Sysext;

        Assert.Equal(expected,
            Names(StackOptions.Attributes(Facts.Settings(chosen, "no", noExec, overlayOptions: options), isMutable)));
    }

    [Theory]
    [InlineData(null, "yes", "redirect_dir=on metacopy=off index=off")]
    [InlineData(null, "no", "redirect_dir=on metacopy=off index=off")]
    [InlineData("index=on,userxattr", "no", "index=on userxattr")]
    [InlineData("index=on,userxattr", "import", "index=on userxattr")]
    [InlineData("index=on,userxattr", "auto", "index=on userxattr")]
    [InlineData("index=on,userxattr", "ephemeral", "index=on userxattr")]
    [InlineData("index=on,userxattr", "ephemeral-import", "index=on userxattr")]
    [InlineData("redirect_dir=nofollow,noatime", "yes", "redirect_dir=nofollow")]
    [InlineData(",index=on,,", "yes", "index=on")]
    [InlineData("relatime,nosuid,index=on,exec,silent,x-systemd.automount", "yes", "index=on")]
    [InlineData("sync,index=on,sync,dirsync", "yes", "index=on sync dirsync")]
    [InlineData("sync,async,lazytime,nolazytime,mand,nomand", "yes", "")]
    [InlineData("async,sync", "yes", "sync")]
    [InlineData("ro,index=on", "yes", "index=on ro")]
    [InlineData("ro,rw", "yes", "")]
    [InlineData("noatime=1,bind,defaults", "yes", "noatime=1 bind defaults")]
    [InlineData("a=b=c", "yes", "a=b=c")]
    [InlineData("a=", "yes", "a=")]
    public void Configured_options_replace_the_defaults_in_every_mode(string? configured, string mode,
        string expected) =>
        Assert.Equal(expected, string.Join(' ', StackOptions.Of(Facts.Settings(mode, overlayOptions: configured))));

    private static string Names(uint attributes)
    {
        List<string> names = [];
        foreach ((uint bit, string name) in new[]
        {
            (Sys.MOUNT_ATTR_RDONLY, "rdonly"),
            (Sys.MOUNT_ATTR_NOSUID, "nosuid"),
            (Sys.MOUNT_ATTR_NODEV, "nodev"),
            (Sys.MOUNT_ATTR_NOEXEC, "noexec"),
            (Sys.MOUNT_ATTR_NOATIME, "noatime"),
            (Sys.MOUNT_ATTR_STRICTATIME, "strictatime"),
            (Sys.MOUNT_ATTR_NODIRATIME, "nodiratime"),
        })
        {
            if ((attributes & bit) != 0)
                names.Add(name);
            attributes &= ~bit;
        }

        Assert.Equal(0u, attributes);
        return string.Join(' ', names);
    }
}
