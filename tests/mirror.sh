# shellcheck shell=bash
# mirror: prints the Debian mirror that this machine installs from, for the roots that the tests make. MIRROR= in the environment is
# stronger. apt itself is asked, which reads every form of its
# sources; it needs no package lists for that.
mirror() {
    local codename found=${MIRROR-}
    if [ -z "$found" ]; then
        codename=$(. /etc/os-release && printf %s "${VERSION_CODENAME-}")
        found=$(apt-get --print-uris update | sed -n "s,^'\(.*\)/dists/$codename/InRelease'.*,\1,p" | awk "!n++")
    fi
    if [ -z "$found" ]; then
        echo "apt's sources have no Debian mirror for '$codename'. Set MIRROR= to the address of one, as in apt's sources." >&2
        return 1
    fi
    printf '%s\n' "$found"
}
