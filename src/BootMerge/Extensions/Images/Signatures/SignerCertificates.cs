using System.Collections.Generic;
using BootMerge.Configuration;
using BootMerge.Linux;

namespace BootMerge.Extensions.Images;

/// <summary>The content of a root's verity.d: files that may hold signers' certificates.</summary>
internal sealed class SignerCertificates
{
    public const string Suffix = ".crt";

    private const string Directory = "verity.d";

    private SignerCertificates(List<SourceFile> files, string hint)
    {
        Files = files;
        Hint = hint;
    }

    /// <summary>Of two with one name, the stronger; files that cannot be read are left out.</summary>
    public List<SourceFile> Files { get; }

    /// <summary>
    /// Why a certificate that somebody put there may be missing here, to be appended to a reason; or empty.
    /// </summary>
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
