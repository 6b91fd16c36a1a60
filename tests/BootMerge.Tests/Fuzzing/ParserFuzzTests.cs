using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using BootMerge.CommandLine;
using BootMerge.Configuration;
using BootMerge.Extensions;
using BootMerge.Extensions.Images;
using BootMerge.Json;
using BootMerge.Linux;
using BootMerge.Markers;
using BootMerge.Planning;
using BootMerge.Tests.Extensions.Images;
using BootMerge.Tests.Extensions.Images.Signatures;
using CsCheck;
using Xunit;

namespace BootMerge.Tests.Fuzzing;

/// <summary>
/// Gives damaged input to every parser of what comes from files, the kernel and people. A parser throws only what it
/// documents, finishes in time, and what it accepts keeps its promises. Each fault found has a test of its own among
/// the parser's other tests.
/// </summary>
public sealed class ParserFuzzTests
{
    private static readonly string[] Releases =
    [
        "ID=flatcar\nVERSION_ID=4000.1.0\n",
        "NAME=\"Flatcar Container Linux\"\nID=flatcar\nID_LIKE='coreos "
            + "fedora'\nVERSION_ID=\"4000.1.0\"\nARCHITECTURE=x86-64\n# comment\n; another\n",
        "ID=_any\nCONFEXT_SCOPE=\"system initrd\"\nCONFEXT_LEVEL=1.0\nSYSEXT_LEVEL=2\n",
        "ID=a\\\nb\nVERSION_ID=\"x\\\"y\\$z\\`\\\\\"'q'r\nEXTENSION_RELOAD_MANAGER=1\nEXTENSION_RESTART_UNITS=\"a.service b@c.service\"\nEXTENSION_RELOAD_OR_RESTART_UNITS=c.socket\n",
    ];

    [Fact]
    public void Release_files()
    {
        HostRelease host = new()
        {
            Release = KeyValueFile.Parse(
            "ID=flatcar\nID_LIKE=\"coreos fedora\"\nVERSION_ID=4000.1.0\nCONFEXT_LEVEL=1.0\n"u8),
            Scope = "system",
            Architecture = "x86-64"
        };
        string[] keys = ["ID", "VERSION_ID", "NAME", "CONFEXT_SCOPE", "EXTENSION_RESTART_UNITS"];
        Fuzz.Run("release files", Mutations.Of(Releases), text =>
        {
            ReleaseFile file = KeyValueFile.Parse(text);
            Assert.True(file.Problem is null || file.IsEmpty && IsOneLine(file.Problem));
            foreach (string key in keys)
            {
                if (file[key] is not string value)
                    continue;
                string quoted = value.Replace("\\", "\\\\", StringComparison.Ordinal)
                    .Replace("\"", "\\\"", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal)
                    .Replace("`", "\\`", StringComparison.Ordinal);
                Assert.Equal(value, KeyValueFile.Parse(PathText.Encode($"{key}=\"{quoted}\"\n"))[key]);
            }

            if (file.Problem is not null)
                return;
            foreach (ExtensionClass cls in new[] { ExtensionClass.Confext, ExtensionClass.Sysext })
            {
                Verdict verdict = Compatibility.Judge(file, host, cls);
                Assert.True(verdict.Accepted || verdict.Reason.Length > 0 && IsOneLine(verdict.Reason));
            }

            ManagerRequests requests = new();
            requests.Add(file, "fuzz");
            foreach (string unit in requests.Restart)
                Assert.True(UnitName.IsValid(unit) && !requests.ReloadOrRestart.Contains(unit));
            Assert.All(requests.Warnings, warning => Assert.True(IsOneLine(warning)));
        });
    }

    [Fact]
    public void Configuration()
    {
        Gen<byte[]> files = Mutations.Of(
            "[BootMerge]\nNoExec=yes\nFallback=immutable\nRequireExtension=flatcar-default "
                + "flatcar-defaults\nRouteEtc=yes\nClass=all\nOverlayOptions=redirect_dir=on,metacopy=off\nPrune=yes\n",
            "# comment\n[ConfExt]\nMutable=auto\nImagePolicy=root=verity+signed:=absent\n[X-Other]\nKey=Value\n",
            "\uFEFF[SysExt]\r\nMutable=ephemeral-\\\r\nimport\r\n; comment\r\n",
            "[BootMerge]\nNoExec=\nFallback=perhaps\nOverlayOptions=a,b=c,\\\n,index=off\nClass=confext\n");
        Fuzz.Run("configuration", files, text =>
        {
            ConfigurationSources sources = new()
            {
                InitramfsFiles = [new SourceFile("/usr/lib/bootmerge.conf", text)],
                Files = [new SourceFile("/etc/bootmerge.conf", text)],
                KernelCommandLine = "bootmerge.fallback=fail"u8.ToArray(),
            };
            foreach (ExtensionClass cls in new[] { ExtensionClass.Confext, ExtensionClass.Sysext })
                sources.Classes.Add(new ClassSources(cls)
                {
                    Files =
                    [new SourceFile("/etc/" + cls.ConfigurationFile, text)]
                });
            try
            {
                Settings settings = SettingsResolver.Resolve(new Arguments { Verb = Verb.Boot }, sources);
                Assert.All(settings.Warnings, warning => Assert.True(IsOneLine(warning), warning));
                Assert.Equal(FallbackMode.Fail, settings.Fallback);
                Assert.All(settings.RequireExtension, name => Assert.True(ExtensionName.IsValid(name), name));
            }
            catch (InputException e)
            {
                Assert.True(IsOneLine(e.Message), e.Message);
            }
        });
    }

    [Fact]
    public void Kernel_command_lines()
    {
        Gen<byte[]> lines = Mutations.Of(
            "BOOT_IMAGE=/vmlinuz root=LABEL=ROOT ro quiet bootmerge.mutable=auto bootmerge.fallback=immutable "
                + "bootmerge.log=debug\n",
            "bootmerge=0 systemd.confext=0 systemd.sysext=no",
            "a=\"b c\" 'd e'=f \"bootmerge=0\" bootmerge.mutable=\"ephemeral-import\"");
        Fuzz.Run("kernel command lines", lines, text =>
        {
            foreach (string word in KernelCommandLine.Parse(text))
            {
                // Quoting a word does not change it.
                char quote = word.Contains('"') ? '\'' : '"';
                if (!word.Contains(quote))
                    Assert.Equal([word], KernelCommandLine.Parse(Encoding.UTF8.GetBytes(quote + word + quote)));
            }

            WarningLog warnings = new();
            BootParameters.Parse(text, isBoot: true, warnings);
            Assert.All(warnings.Lines, line => Assert.True(IsOneLine(line), line));
        });
    }

    [Fact]
    public void Mountinfo()
    {
        Gen<byte[]> tables = Mutations.Of(
            "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n36 22 0:31 / /a\\040b/etc ro,nosuid master:1 "
                + "propagate_from:2 - overlay confext ro,lowerdir=/a:/b\n",
            "100 22 0:5 /sub\\134dir /mnt\\011x rw - tmpfs none rw\n101 100 0:6 / /mnt\\011x rw -  \n",
            "23 22 0:22 / /proc rw - proc proc rw\n");
        Fuzz.Run("mountinfo", tables, text =>
        {
            MountTable table = MountTable.Parse(text);
            Assert.True(table.Mounts.Count <= text.Length / 10 + 1);
            foreach (Mount mount in table.Mounts)
            {
                string line = $"{mount.Id} {mount.ParentId} {Escaped(mount.Device)} / {Escaped(mount.Path)} "
                    + $"{Escaped(mount.Options)} - {Escaped(mount.Type)} none {Escaped(mount.SuperOptions)}\n";
                Mount again = Assert.Single(MountTable.Parse(PathText.Encode(line)).Mounts);
                Assert.Equal((mount.Id, mount.ParentId, mount.Device, mount.Path, mount.Options, mount.Type,
                    mount.SuperOptions), (again.Id, again.ParentId, again.Device, again.Path, again.Options, again.Type,
                    again.SuperOptions));
                foreach (Mount child in table.ChildrenOf(mount.Id))
                    Assert.Equal(mount.Id, child.ParentId);
            }
        });
    }

    [Fact]
    public void Markers()
    {
        Gen<byte[]> files = Mutations.Of(".systemd-etc-workdir\n", "srv/a\\x20b/.systemd-usr-workdir.1\n",
            "var/\\303\\251\\a\\b\\f\\n\\r\\t\\v\\\\\\\"\\'/.systemd-opt-workdir", "alpha\nbeta\n\ngamma\n", "0:47\n");
        Fuzz.Run("markers", files, text =>
        {
            string decoded = PathText.Decode(text);
            Assert.Equal(text, PathText.Encode(decoded));
            List<string> names = Marker.ParseNames(decoded);
            Assert.Equal(names, Marker.ParseNames(Marker.NamesText(names)));
            Assert.True(!text.AsSpan().Contains((byte)0) ? CText.Unescape(CText.Escape(decoded)) == decoded : true);
            if (CText.Unescape(decoded) is not string path)
                return;
            Assert.Equal(path, CText.Unescape(CText.Escape(path)) ?? path);
            if (!Marker.IsSafeRelativePath(path))
                return;
            Assert.Equal("/" + path, PathName.Join("/", path));
            Assert.Equal("/a/b/" + path, PathName.Join("/a/b", path));
        });
    }

    [Fact]
    public void Origins()
    {
        Gen<byte[]> texts = Mutations.Of(
            """{"mutable":{"mode":"auto","mutableDirs":{"/etc":"/srv/changes"}},"extensions":{"alpha":{"path":"/var/lib/confexts/alpha","onMountId":18446744073709551615,"fileHandle":{"type":1,"handle":"00ff"},"crtime":0,"mtime":0}}}""",
            """{"mutable":{"mode":"no"},"mountOptions":"a=\"b\\c\u00e9\ud83d\udc80","extensions":{}}""",
            """ [ 1 , -0.5e+3 , true , false , null , [ [ ] ] , { "a" : { } } ] """);
        JsonValue other = JsonReader.TryParse("""{"mutable":{"mode":"no"}}"""u8)!;
        Fuzz.Run("origins", texts, text =>
        {
            JsonValue? value = JsonReader.TryParse(text);
            Origin.IsSame(other, PathText.Decode(text));
            if (value is null)
                return;
            string compact = value.ToCompactText();
            Assert.True(Origin.IsSame(value, compact));
            Assert.True(Origin.IsSame(value, value.ToPrettyText()));
            Assert.Equal(compact, JsonReader.TryParse(PathText.Encode(compact))!.ToCompactText());
            Assert.DoesNotContain('\n', compact);
        });
    }

    [Fact]
    public void Paths_of_routing_entries_and_hierarchies()
    {
        Gen<byte[]> texts = Mutations.Of("/etc", "../../srv/changes", "/usr:/opt/x/", "./a//b/../c", "/etc:/etc/sub",
            "/a.b:/var/lib/x:");
        Fuzz.Run("paths", texts, text =>
        {
            string path = PathText.Decode(text);
            Assert.Equal(text, PathText.Encode(path));
            string printable = PathText.Printable(path);
            Assert.True(IsOneLine(printable));
            Assert.Equal(printable, PathText.Printable(printable));

            string joined = PathName.Join("/var/lib/extensions.mutable", path);
            Assert.StartsWith("/", joined, StringComparison.Ordinal);
            Assert.True(joined is "/" || Marker.IsSafeRelativePath(joined[1..]) || path.Contains('\0'));
            Assert.Equal(joined, PathName.Join("/", joined));

            string work = WorkDirectory.Choose(joined, "/etc", [PathName.Parent(joined) + "/.systemd-etc-workdir"]);
            Assert.True(WorkDirectory.IsName(PathName.Last(work)));
            Assert.Equal(PathName.Parent(joined), PathName.Parent(work));

            try
            {
                foreach (string hierarchy in HierarchyList.Parse(path, "FUZZ"))
                {
                    Assert.Equal(hierarchy, PathName.Join("/", hierarchy));
                    Assert.DoesNotContain('/', HierarchyState.ShortName(hierarchy));
                    Assert.True(WorkDirectory.IsName(PathName.Last(WorkDirectory.Choose("/x/y", hierarchy, []))));
                }
            }
            catch (InputException e)
            {
                Assert.True(IsOneLine(e.Message), e.Message);
            }
        });
    }

    [Fact]
    public void Superblocks()
    {
        (int Offset, string Bytes)[] signatures = [(0, "hsqs"), (0, "XFSB"), (0, "LUKS"), (510, "U\u00aa"),
            (446, "\0\0\0\0\u0083"), (1024, "\u00e2\u00e1\u00f5\u00e0"), (1024 + 0x38, "\u0053\u00ef"),
            (0x10000 + 64, "_BHRfS_M")];
        byte[][] sound = Array.ConvertAll(signatures, signature =>
        {
            byte[] start = new byte[signature.Bytes.Length];
            Encoding.Latin1.GetBytes(signature.Bytes, start);
            return (byte[])[(byte)(signature.Offset >> 8), (byte)(signature.Offset >> 16), (byte)signature.Offset,
                .. start];
        });
        // Up to three spots of the 64 KiB are mutated: each input says where, and with what.
        Gen<byte[]> spots = Gen.Select(Mutations.Of(sound), Mutations.Of(sound), Mutations.Of(sound),
            Gen.Int[0, Superblock.Length]).Select((a, b, c, length) =>
        {
            byte[] image = new byte[length];
            foreach (byte[] spot in new[] { a, b, c })
                for (int i = 3; i < spot.Length; i++)
                    if ((spot[0] << 8 | spot[1] << 16 | spot[2]) + i - 3 is int at && at < length)
                        image[at] = spot[i];
            return image;
        });
        Fuzz.Run("superblocks", spots, image =>
        {
            string? type = Superblock.Identify(image, "it", out string problem);
            Assert.True(type is null ? problem.Length > 0 : type is "squashfs" or "xfs" or "erofs" or "ext4"
                or "btrfs");
        });
    }

    [Fact]
    public void Partition_tables()
    {
        // The first header and two entries are mutated, in the sectors that they have in an image. The table is short
        // because checksums take time, and the sectors are few because large arrays do, too.
        const int Sectors = 14;
        const int Entries = 4;
        GptImage[] empty = [new(512, Sectors, Entries), new(4096, Sectors, Entries)];
        Gen<byte[]> tables = Mutations.Of([.. empty.Select(one =>
        {
            int sector = one.Sector;
            GptImage image = one.Copy().With(GptImage.Root, 4, 8, label: "a_1")
                .With(GptImage.Root, 9, 10, GptPartition.ReadOnly, "a_2", index: 1);
            return (byte[])[(byte)(sector / 512), .. image.Header(1)[..92], .. image.Entry(1, 0), .. image.Entry(1, 1)];
        })]);
        Fuzz.Run("partition tables", tables, text =>
        {
            const int Entry = 1 + 92;
            GptImage image = empty[text.Length > 0 && text[0] % 2 == 0 ? 1 : 0].Copy();
            int sector = image.Sector;
            Copy(text, 1, image.Header(1)[..92]);
            Copy(text, Entry, image.Bytes.AsSpan(2 * sector, Entries * 128));
            // Half of them get correct checksums, or nothing would ever get past those.
            if (text.Length % 2 == 0)
                image.Seal(1);
            ulong size = (ulong)image.Bytes.Length;
            List<GptPartition> partitions = image.Read(out string problem) ?? [];
            foreach (GptPartition partition in partitions)
            {
                Assert.Equal("", problem);
                Assert.True(partition.Size >= 512 && partition.Offset >= 1024 && partition.Offset < size
                    && partition.Size <= size - partition.Offset && partition.Label.Length <= 36);
            }

            PartitionChoice choice = new(partitions, ImagePolicy.BuiltIn(ExtensionClass.Sysext, "/x"),
                MachineArchitecture.X8664);
            Assert.True(choice.Root is not null || choice.Usr is not null || choice.Problem is not null);
        });

        static void Copy(byte[] text, int at, Span<byte> to)
        {
            if (text.Length > at)
                text.AsSpan(at, Math.Min(to.Length, text.Length - at)).CopyTo(to);
        }
    }

    [Fact]
    public void Elements_of_DER()
    {
        Gen<byte[]> texts = Mutations.Of([[0x30, 6, 0x04, 1, 0xFF, 0x02, 1, 7], [0x04, 0x81, 2, 1, 2, 0x04, 0],
            [0x30, 0x83, 0, 0, 7, 0x30, 0x80, 0x04, 1, 1, 0, 0], [0xA0, 0x84, 0, 0, 0, 1, 7],
            SignatureSamples.Get("ec256-sha256")]);
        Fuzz.Run("elements of DER", texts, text =>
        {
            DerReader reader = new(text);
            int length = 0;
            while (!reader.IsAtEnd)
            {
                DerReader same = reader;
                byte tag = reader.Next;
                ReadOnlySpan<byte> whole = reader.TakeWhole(tag);
                ReadOnlySpan<byte> content = same.Take(tag);
                Assert.True(whole.EndsWith(content));
                Assert.Equal((reader.IsBroken, reader.IsAtEnd), (same.IsBroken, same.IsAtEnd));
                Assert.Equal(reader.IsBroken, whole.IsEmpty);
                Assert.True(whole.IsEmpty || whole[0] == tag && whole.Length - content.Length is >= 2 and <= 5);
                Assert.True(text.AsSpan(length).StartsWith(whole));
                length += whole.Length;
            }

            Assert.Equal(length == text.Length, reader.IsWhole);
        });
    }

    [Fact]
    public void Hash_tree_superblocks() =>
        Fuzz.Run("hash-trees", Mutations.Of([VeritySuperblockTests.Make()]), text =>
        {
            VeritySuperblock? read = VeritySuperblock.Parse(text, 64 << 10, 16 << 10, out string problem);
            Assert.Equal(read is null, problem.Length > 0);
            Assert.True(IsOneLine(problem));
            Assert.True(read is null || read.DataSize is > 0 and <= 64 << 10 && read.HashBlock is > 0 and < 16 << 10);
            // Whatever the superblock holds, the kernel's table has the right number of words.
            string? table = read?.Parameters("7:0", "7:0", 64 << 10, "abcd", null);
            Assert.True(table is null || table.Split(' ').Length == 10 && Ascii.IsValid(table) && IsOneLine(table));
        });

    [Fact]
    public void Signatures()
    {
        Gen<byte[]> texts = Mutations.Of(Array.ConvertAll(new[] { "ec256-sha256", "ec256-sha384-attributes", "stranger",
            "ec384-sha512-attributes", "two", "key-identifier", "pss", "attached" }, SignatureSamples.Get));
        byte[] rootHash = Encoding.ASCII.GetBytes(SignatureSamples.RootHash);
        Fuzz.Run("signatures", texts, text =>
        {
            Assert.True(SignatureCheck.SignerOf(text) is not string name || IsOneLine(name));
            bool isRead = SignedData.TryRead(text, out SignedData data);
            Assert.True(!isRead || data.HasSigner);
            while (data.HasSigner && data.TryTakeSigner(out Signer signer))
            {
                Assert.True(IsOneLine(signer.Name));
                Assert.True(text.AsSpan().IndexOf(signer.Issuer) >= 0 && text.AsSpan().IndexOf(signer.Signature) >= 0);
                if (!signer.IsSupported(out int bits, out _, out ReadOnlySpan<byte> unsupported))
                    Assert.True(IsOneLine(DistinguishedName.DescribeIdentifier(unsupported)));
                else if (signer.TryDigest(rootHash, bits) is byte[] digest)
                    Assert.Equal(bits / 8, digest.Length);
            }
        });
    }

    [Fact]
    public void Certificates()
    {
        byte[] der = SignatureSamples.Get("ec256.crt");
        Gen<byte[]> texts = Mutations.Of([der, SignatureSamples.Get("ec384.crt"),
            Encoding.ASCII.GetBytes(Convert.ToBase64String(der, Base64FormattingOptions.InsertLineBreaks)),
                "AQ=="u8.ToArray(),
            Encoding.ASCII.GetBytes("CN = x\n" + SignatureSamples.Pem("ec256") + SignatureSamples.Pem("ec384"))]);
        Fuzz.Run("certificates", texts, text =>
        {
            Assert.True(!Certificate.TryRead(text, out Certificate certificate) || !certificate.IsOf(default));
            if (Certificate.FirstOf(text) is byte[] decoded)
                Certificate.TryRead(decoded, out _);
            // What it decodes, .NET decodes to the same bytes.
            byte[] room = new byte[text.Length];
            if (Certificate.DecodeBase64(text) is byte[] read)
            {
                Assert.True(Convert.TryFromBase64String(Encoding.Latin1.GetString(text), room, out int length));
                Assert.Equal(room[..length], read);
            }
        });
    }

    [Fact]
    public void Signature_partitions()
    {
        Gen<byte[]> texts = Mutations.Of(
            "{\"rootHash\":\"" + SignatureSamples.RootHash + "\",\"certificateFingerprint\":\"00ff\",\"signature\":\""
                + Convert.ToBase64String(SignatureSamples.Get("ec256-sha256")) + "\"}\0\0\0\0",
            """{ "signature" : "AQID\nBA==" , "rootHash" : "0011 2233 4455 6677 8899 AABB CCDD EEFF" }""" + "\n\0",
            """{"rootHash":"00112233445566778899aabbccddeeff","signature":["AQID"],"signature":"\u0041QID"}""");
        Fuzz.Run("signature partitions", texts, text =>
        {
            if (SignaturePartition.Parse(text) is not SignaturePartition partition)
                return;
            Assert.True(partition.Signature.Length > 0 && partition.RootHash.Length >= 32);
            Assert.Equal(partition.RootHash, Convert.ToHexStringLower(Convert.FromHexString(partition.RootHash)));
            byte[] again = Encoding.ASCII.GetBytes("{\"rootHash\":\"" + partition.RootHash + "\",\"signature\":\""
                + Convert.ToBase64String(partition.Signature) + "\"}\0");
            Assert.Equal((partition.RootHash, Convert.ToHexString(partition.Signature)),
                (SignaturePartition.Parse(again)!.RootHash,
                    Convert.ToHexString(SignaturePartition.Parse(again)!.Signature)));
        });
    }

    [Fact]
    public void Image_policies()
    {
        Gen<byte[]> texts = Mutations.Of("root=verity+signed+encrypted+unprotected+absent:usr=absent", "*", "~", "-",
            "=open", "root=unprotected+read-only-on+squashfs+erofs : var = growfs-off + ext4 :=-",
            "root-verity-sig=unused:swap=encryptedwithintegrity");
        Fuzz.Run("image policies", texts, text =>
        {
            string policy = PathText.Decode(text);
            ImagePolicy? parsed = ImagePolicy.Parse(policy, out string? problem);
            Assert.True(problem is null ? parsed is not null : IsOneLine(problem));
            foreach (string fileSystem in new[] { "squashfs", "erofs", "ext4", "btrfs", "xfs" })
                Assert.True(parsed?.ReasonToRefuse(fileSystem) is not string reason || IsOneLine(reason));
        });
    }

    [Fact]
    public void Names_of_entries()
    {
        Gen<byte[]> names = Mutations.Of("alpha", "alpha.raw", "alpha.confext.raw", "alpha.sysext", "alpha.v",
            "alpha.raw.v", "alpha.confext.raw.v", ".#alpha", ".sysupdate.alpha", "..", "a.service", "b@c.service");
        Fuzz.Run("names of entries", names, text =>
        {
            string entry = PathText.Decode(text);
            foreach (ExtensionClass cls in new[] { ExtensionClass.Confext, ExtensionClass.Sysext })
            {
                foreach (ExtensionKind kind in Enum.GetValues<ExtensionKind>())
                    IsSound(EntryName.TryParse(entry, kind, cls, out string problem), problem);
                string? versioned = EntryName.TryParseVersioned(entry, cls, out string suffix, out string why);
                IsSound(versioned, why);
                Assert.True(versioned is null || entry.StartsWith(versioned + suffix, StringComparison.Ordinal));
                Assert.Equal(0, EntryName.Compare(entry, entry, cls));
                Assert.True(Math.Sign(EntryName.Compare(entry, "alpha.raw",
                    cls)) == -Math.Sign(EntryName.Compare("alpha.raw", entry, cls)));
            }

            if (UnitName.IsValid(entry))
                Assert.True(entry.Length <= 255 && entry.IndexOfAny([' ', '/', '\0', '\n']) < 0);
        });

        static void IsSound(string? name, string problem)
        {
            Assert.Equal(name is null, problem.Length > 0);
            if (name is null)
                return;
            Assert.True(ExtensionName.IsValid(name) && name is not ("" or "." or "..")
                && name.IndexOfAny(['\n', '\0', '\u007f']) < 0);
            Assert.Equal([name], Marker.ParseNames(Marker.NamesText([name])));
        }
    }

    [Fact]
    public void Names_of_versions()
    {
        Gen<byte[]> names = Mutations.Of("a_1.2.3", "a_1.2~rc1_x86-64+3-1.raw", "a_1.2^p_arm64.raw", "a_7+0-5",
            "a_1_riscv64", "a_10+007-08.raw", "a_1.10+4294967295-4294967296");
        Fuzz.Run("names of versions", names, text =>
        {
            string entry = PathText.Decode(text);
            VersionedName sound = VersionedName.TryParse("a_1.2~rc1_x86-64+3-1", "a", "", MachineArchitecture.X8664,
                out _)!;
            foreach (string suffix in new[] { "", ".raw" })
            {
                VersionedName? name = VersionedName.TryParse(entry, "a", suffix, MachineArchitecture.X8664,
                    out string problem);
                Assert.Equal(name is null, problem.Length > 0);
                if (name is null)
                    continue;
                Assert.Equal(0, name.CompareWith(name));
                Assert.Equal(Math.Sign(name.CompareWith(sound)), -Math.Sign(sound.CompareWith(name)));
            }

            Assert.Equal(0, VersionOrder.Compare(entry, entry));
            foreach (string other in new[] { "a_1.2.3", "a_1.2~rc1", "", "é" })
                Assert.Equal(Math.Sign(VersionOrder.Compare(entry, other)),
                    -Math.Sign(VersionOrder.Compare(other, entry)));
        });
    }

    [Fact]
    public void Command_lines_and_records_of_the_kernel_log()
    {
        Gen<byte[]> words = Mutations.Of("merge\0--root=/sysroot\0--mutable=auto",
            "status\0--json=pretty\0--verbose\0-q", "list\0a\0b", "--image-policy=root=open\0plan",
            "boot\0--fallback=immutable\0--class=all", "6,339,5140900,-;overlayfs: missing 'workdir'\n SUBSYSTEM=x\n");
        Fuzz.Run("command lines", words, text =>
        {
            string[] arguments = PathText.Decode(text).Split('\0');
            foreach (string program in new[] { "bootmerge", "/usr/bin/systemd-confext", "systemd-sysext" })
            {
                try
                {
                    if (CommandLineParser.Parse(program, arguments) is ParseResult.UsageError usage)
                        Assert.True(IsOneLine(usage.Message), usage.Message);
                }
                catch (InputException e)
                {
                    Assert.True(IsOneLine(e.Message), e.Message);
                }
            }

            Assert.True(KernelLog.Message(text)?.StartsWith("overlay", StringComparison.Ordinal) ?? true);
        });
    }

    private static bool IsOneLine(string text)
    {
        foreach (char c in text)
            if (c is < ' ' or (>= '\u007f' and < '\u00a0'))
                return false;
        return true;
    }

    /// <summary>Escapes a field as the kernel does.</summary>
    private static string Escaped(string field)
    {
        StringBuilder text = new();
        foreach (char c in field)
            text.Append(c is ' ' or '\t' or '\n' or '\\' or '#'
                ? "\\" + Convert.ToString(c, 8).PadLeft(3, '0') : c.ToString());
        return text.ToString();
    }
}
