# shellcheck shell=bash
# Sourced by build.sh: whatever it starts that runs for minutes ends with it.

# in_session COMMAND...: runs it and returns its status. An interrupt, TERM or HUP ends everything that it has started.
# A shell's background programs ignore an interrupt, and timeout(1) puts what it runs into its own process group, but
# the session is the same.
in_session() {
    local status=0
    setsid "$@" <&0 &
    session=$!
    trap 'end_session; exit 130' INT
    trap 'end_session; exit 143' TERM
    trap 'end_session; exit 129' HUP
    wait "$session" || status=$?
    trap - INT TERM HUP
    return "$status"
}

end_session() {
    local signal members tries
    trap '' INT TERM HUP
    for signal in TERM KILL; do
        for ((tries = 0; tries < 100; tries++)); do
            mapfile -t members < <(session_members)
            [ ${#members[@]} -gt 0 ] || return 0
            # Not at each try: a program has some seconds to clean up.
            [ $((tries % 50)) != 0 ] || kill -"$signal" "${members[@]}" 2>/dev/null || true
            sleep 0.1
        done
    done
}

# The session's processes that still run, one number a line.
session_members() {
    local stat line fields
    for stat in /proc/[0-9]*/stat; do
        { read -r line <"$stat"; } 2>/dev/null || continue
        read -ra fields <<<"${line##*) }" # state, parent, process group, session
        [ "${fields[3]}" != "$session" ] || [ "${fields[0]}" = Z ] || echo "${line%% *}"
    done
}
