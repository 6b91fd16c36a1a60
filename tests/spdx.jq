# Whether a bill of materials has the shape of SPDX 2.3's schema, and is consistent.
def id: test("^SPDXRef-[A-Za-z0-9.-]+$");
def text: type == "string" and length > 0;
([.SPDXID] + [.packages[].SPDXID]) as $ids |
.spdxVersion == "SPDX-2.3" and .dataLicense == "CC0-1.0" and .SPDXID == "SPDXRef-DOCUMENT" and (.name | text)
and (.documentNamespace | test("^[a-z]+:[^#]+$"))
and (.creationInfo.created | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"))
and (.creationInfo.creators | length > 0 and all(test("^(Person|Organization|Tool): ")))
and ($ids | all(id) and (unique | length) == length)
and (.packages | length > 1 and all(
    (.name | text) and (.versionInfo | text and . != "null") and (.downloadLocation | text) and .filesAnalyzed == false
    and (.licenseConcluded | text) and (.licenseDeclared | text) and (.copyrightText | text)
    and all(.externalRefs[]?; .referenceCategory == "PACKAGE-MANAGER" and .referenceType == "purl"
        and (.referenceLocator | test("^pkg:[a-z]+/.+@[^@]+$")))
    and all(.checksums[]?; .algorithm == "SHA256" and (.checksumValue | test("^[0-9a-f]{64}$")))))
and all(.relationships[];
    (.spdxElementId as $from | $ids | index($from)) and (.relatedSpdxElement as $to | $ids | index($to))
    and (.relationshipType | IN("DESCRIBES", "STATIC_LINK")))
and ((.packages[1:] | map(.SPDXID)) - (.relationships | map(.relatedSpdxElement)) == [])
