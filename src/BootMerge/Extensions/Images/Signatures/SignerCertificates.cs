using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;

namespace BootMerge.Extensions.Images;

/// <summary>What verity.d of a root has: files that may hold the certificates of signers.</summary>
internal sealed class SignerCertificates
{
    public const string Suffix = ".crt";

    private const string Directory = "verity.d";

    private SignerCertificates(List<SourceFile> files, string hint)
    {
        Files = files;
        Hint = hint;
    }

    /// <summary>Of two of one name the stronger; those that cannot be read are left out.</summary>
    public List<SourceFile> Files { get; }

    /// <summary>Why one that somebody put there may not be among them, to stand behind a reason; or empty.</summary>
    public string Hint { get; }

    public static SignerCertificates Read(Root root)
    {
        List<string> problems = [];
        List<SourceFile> files = ConfigurationReader.ReadDropIns(root, Directory, Suffix, problems);
        if (problems.Count > 0)
            return new SignerCertificates(files, "; " + problems[0]);
        foreach (string suffix in new[] { ".pem", ".cer" })
            if (ConfigurationReader.ReadDropIns(root, Directory, suffix, problems) is [SourceFile misnamed, ..])
                return new SignerCertificates(files,
                    "; " + misnamed.Path + " is ignored: its name must end in " + Suffix);
        return new SignerCertificates(files, "");
    }
}
