#!/bin/bash
# sbom.sh VERSION ARCHITECTURE PROGRAM: an SPDX 2.3 document (JSON) that lists the program's parts. Versions are those
# that the build used: NuGet's list of the project's packages, and Debian's versions of musl and libgcc.
set -euo pipefail
version=$1 architecture=$2 program=$3
assets=$(dirname "$0")/../src/BootMerge/obj/project.assets.json
: "${SOURCE_DATE_EPOCH:?}"

# nuget NAME: the version that the build used.
nuget() {
    jq -er --arg name "$1" '
        [(.libraries | keys[]), (.project.frameworks[].downloadDependencies // [] | .[]
            | .name + "/" + (.version | ltrimstr("[") | split(",")[0]))]
        | map(select(startswith($name + "/")) | split("/")[1]) | first' "$assets"
}
# debian PACKAGE: its version on the building machine.
debian() { dpkg-query --showformat='${Version}\n' --show "$1" | head -n 1; }

toolkit=$(nuget CommunityToolkit.HighPerformance)
case $architecture in
amd64) rid=linux-x64 musl=musl-dev libgcc=libgcc-$(gcc -dumpversion)-dev ;;
arm64) rid=linux-arm64 musl=musl-dev:arm64 libgcc=libgcc-$(gcc -dumpversion)-dev-arm64-cross ;;
esac
runtime=$(nuget "runtime.$rid.Microsoft.DotNet.ILCompiler")
musl=$(debian "$musl")
libgcc=$(debian "$libgcc")
sum=$(sha256sum "$program" | cut -d' ' -f1)

jq -n --arg version "$version" --arg architecture "$architecture" --arg sum "$sum" --arg toolkit "$toolkit" \
    --arg runtime "$runtime" --arg rid "$rid" --arg musl "$musl" --arg libgcc "$libgcc" \
    --arg created "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" '
def package(id; name; version; licence; copyright; locator): {
    SPDXID: ("SPDXRef-Package-" + id), name: name, versionInfo: version, downloadLocation: "NOASSERTION",
    filesAnalyzed: false, licenseConcluded: licence, licenseDeclared: licence, copyrightText: copyright,
    supplier: "NOASSERTION",
    externalRefs: [{referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: locator}]
};
[
    package("dotnet-runtime"; "Microsoft.DotNet.ILCompiler"; $runtime; "MIT";
        "(c) .NET Foundation and Contributors"; "pkg:nuget/runtime.\($rid).Microsoft.DotNet.ILCompiler@\($runtime)"),
    package("libunwind"; "LLVM libunwind"; $runtime; "Apache-2.0 WITH LLVM-exception";
        "(c) the LLVM Project contributors"; "pkg:nuget/runtime.\($rid).Microsoft.DotNet.ILCompiler@\($runtime)"),
    package("toolkit"; "CommunityToolkit.HighPerformance"; $toolkit; "MIT";
        "(c) .NET Foundation and Contributors"; "pkg:nuget/CommunityToolkit.HighPerformance@\($toolkit)"),
    package("musl"; "musl"; $musl; "MIT"; "(c) 2005-2020 Rich Felker, et al.";
        "pkg:deb/debian/musl@\($musl | @uri)"),
    package("libgcc"; "libgcc"; $libgcc; "GPL-3.0-or-later WITH GCC-exception-3.1";
        "(c) Free Software Foundation, Inc."; "pkg:deb/debian/gcc@\($libgcc | @uri)")
] as $parts | {
    spdxVersion: "SPDX-2.3", dataLicense: "CC0-1.0", SPDXID: "SPDXRef-DOCUMENT",
    name: "bootmerge-\($version)-linux-\($architecture)",
    documentNamespace: "urn:spdx:bootmerge-\($version)-linux-\($architecture)-\($sum)",
    creationInfo: {created: $created, creators: ["Tool: bootmerge-packaging-sbom.sh"]},
    packages: ([{
        SPDXID: "SPDXRef-Package-bootmerge", name: "bootmerge", versionInfo: $version,
        packageFileName: "usr/sbin/bootmerge", downloadLocation: "NOASSERTION", filesAnalyzed: false,
        checksums: [{algorithm: "SHA256", checksumValue: $sum}], supplier: "NOASSERTION",
        licenseConcluded: "Apache-2.0", licenseDeclared: "Apache-2.0", copyrightText: "The BootMerge authors",
        primaryPackagePurpose: "APPLICATION"
    }] + $parts),
    relationships: ([{spdxElementId: "SPDXRef-DOCUMENT", relationshipType: "DESCRIBES",
        relatedSpdxElement: "SPDXRef-Package-bootmerge"}]
        + [$parts[] | {spdxElementId: "SPDXRef-Package-bootmerge", relationshipType: "STATIC_LINK",
            relatedSpdxElement: .SPDXID}])
}'
