# What bin/up and bin/test need before there is a Python to run: Debian's packages, then .venv with ours.
# Sourced with $repository set. Ends the script with one clear line where something cannot be had.

# the interpreter that freeradius-python3 embeds, whatever python3 comes first in PATH
interpreter=/usr/bin/python3
policy=/usr/sbin/policy-rc.d
policy_mark='# temporary: made by Tollkeeper while it installs packages'

# not ours to obey: they would make .venv's Python another one, or its import time longer
unset PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE PIP_REQUIRE_VIRTUALENV PIP_USER PIP_TARGET PIP_PREFIX

refuse() {  # cause, hint
    printf '%s\nHINT: %s\n' "$1" "$2" >&2
    exit 1
}

say() {
    printf '%s\n' "$1"
}

# one installation at a time in this clone; the lock goes with the process that holds it
lock() {
    exec 9<"$repository"
    flock -n 9 || { say 'waiting for another installation in this folder'; flock 9; }
}

missing_packages() {
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
        awk 'BEGIN { for (i = 1; i < ARGC; i++) { wanted[i] = ARGV[i]; delete ARGV[i] } count = ARGC }
             $2 == "installed" { there[$1] = 1 }
             END { for (i = 1; i < count; i++) if (!(wanted[i] in there)) print wanted[i] }' "$@"
}

need_debian_packages() {
    command -v dpkg-query >/dev/null ||
        refuse 'this is not Debian: there is no dpkg-query' 'Install Tollkeeper on Debian 12 or newer.'
    missing=$(missing_packages "$@" | tr '\n' ' ')
    missing=${missing% }
    [ -n "$missing" ] || return 0
    [ "$(id -u)" -eq 0 ] ||
        refuse "packages are missing: $missing" "Run as root: apt-get install $missing"
    say "installing Debian packages: $missing"
    hold_services
    # shellcheck disable=SC2086  # words
    apt_get $missing || refuse "apt-get cannot install: $missing" 'Run apt-get by hand to see why.'
    release_services
}

# Lists that are missing or old, or a dpkg that was interrupted, make the first try fail: then refresh and try again.
apt_get() {
    export DEBIAN_FRONTEND=noninteractive
    set -- install -y -q --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
    quietly apt-get "$@" || {
        say 'refreshing the lists of packages'
        quietly dpkg --configure -a
        quietly apt-get update -q -o DPkg::Lock::Timeout=300
        loudly apt-get "$@"
    }
}

quietly() {
    if [ -t 1 ]; then "$@" </dev/null 9>&-; else "$@" </dev/null >/dev/null 2>&1 9>&-; fi
}

loudly() {
    "$@" </dev/null >&2 9>&-
}

# Debian starts a server as soon as it is installed, unless this script says 101 (invoke-rc.d(8))
hold_services() {
    if [ -e "$policy" ] && ! grep -qF "$policy_mark" "$policy"; then
        return 0
    fi
    trap release_services EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >"$policy"
    chmod 755 "$policy"
}

release_services() {
    if grep -qsF "$policy_mark" "$policy"; then rm -f "$policy"; fi
    trap - EXIT INT TERM HUP
}

# need_venv run, test or bench: .venv as setup.cfg and constraints.txt ask for. A stamp says that it is so, a mark
# that somebody began; a mark without an end is an interrupted run, whose .venv is thrown away.
need_venv() {
    venv=$repository/.venv
    mark=$venv/tollkeeper-unfinished
    wanted=$(stamp)
    if [ ! -e "$mark" ] && [ "$(cat "$venv/tollkeeper-$1" 2>/dev/null)" = "$wanted" ]; then
        return 0
    fi
    [ -w "$repository" ] || refuse "$repository is not writable, and its .venv is missing or out of date" \
        'Clone the repository into a folder of your own, or have its owner run bin/up once.'
    if [ -e "$mark" ] || ! same_interpreter; then
        say "making .venv with $interpreter"
        rm -rf "$venv"
        mkdir "$venv"
        : >"$mark"
        "$interpreter" -m venv "$venv" 9>&- || refuse 'venv failed' "Remove $venv and try again."
    fi
    : >"$mark"
    say 'installing Python packages'
    case $1 in run) what='.' ;; *) what=".[$1]" ;; esac
    (cd "$repository" && quietly_unless_it_fails "$venv/bin/python" -m pip install \
        --disable-pip-version-check -c constraints.txt -e "$what") ||
        refuse 'pip cannot install what setup.cfg asks for' 'Look at the lines above; then run this again.'
    printf '%s\n' "$wanted" >"$venv/tollkeeper-run"
    printf '%s\n' "$wanted" >"$venv/tollkeeper-$1"
    rm -f "$mark"
}

# On a terminal everything is seen as it comes; elsewhere only what led to a failure.
quietly_unless_it_fails() {
    if [ -t 1 ]; then "$@" </dev/null 9>&-; return; fi
    "$@" </dev/null >"$venv/pip.log" 2>&1 9>&- || { tail -n 20 "$venv/pip.log" >&2; return 1; }
}

stamp() {
    printf '%s\n' "$repository"
    interpreter_version "$interpreter"
    (cd "$repository" && cksum setup.cfg constraints.txt pyproject.toml)
}

interpreter_version() {
    "$1" -I -c 'import os, sys; print(os.path.realpath(sys._base_executable), sys.version.split()[0])' 2>/dev/null
}

# The scripts in .venv name the folder they were made for, so a moved clone needs a new one.
same_interpreter() {
    [ -x "$venv/bin/python" ] && "$venv/bin/python" -I -c 'import pip' 2>/dev/null &&
        [ "$(interpreter_version "$venv/bin/python")" = "$(interpreter_version "$interpreter")" ] &&
        head -n 1 "$venv/bin/pip" | grep -qF "$venv/bin/python"
}

# Import time is what a command line feels; sources that changed since are compiled again, the others only looked at.
compile_ours() {
    (cd "$repository" && "$venv/bin/python" -I -m compileall -q policies vault radiusd provisioning demo >/dev/null 2>&1) ||
        true  # a folder that is not ours to write: slower, that is all
}

unlock() {
    exec 9<&-
}
