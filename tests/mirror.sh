# shellcheck shell=bash
# mirror: prints the Debian mirror that this machine installs from, for the roots that the tests make. MIRROR= in the
# environment overrides it. This asks apt itself, which reads every form of its sources and needs no package lists for
# that.
mirror() {
    local codename names uris found=${MIRROR-}
    if [ -z "$found" ]; then
        codename=$(. /etc/os-release && printf %s "${VERSION_CODENAME-}")
        uris=$(apt-get --print-uris update)
        # Sources name the release by its codename, or by its present role, which other distributions' releases have
        # too.
        for names in "${codename:-stable}" "(oldold|old)?stable|testing|unstable|sid"; do
            found=$(sed -nE "s,^'(.*)/dists/($names)/InRelease'.*,\1,p" <<<"$uris" | awk '!n++')
            [ -z "$found" ] || break
        done
    fi
    if [ -z "$found" ]; then
        echo "apt's sources have no Debian mirror for '${codename-}'. Set MIRROR= to the address of one." >&2
        return 1
    fi
    printf '%s\n' "$found"
}
