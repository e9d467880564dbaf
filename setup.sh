#!/bin/sh
# Installs facedrive and what it needs into .venv; Debian and Ubuntu packages too where it may.
# Usage: setup.sh REQUIREMENT [DEBIAN-PACKAGE ...] [-- COMMAND:DEBIAN-PACKAGE ...]
# What stands after -- is installed where it may be, and done without where it may not.
set -eu

requirement=$1
shift

packages=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    packages="$packages $1"
    shift
done
wished=
for pair in "$@"; do
    [ "$pair" = -- ] || command -v "${pair%%:*}" >/dev/null 2>&1 || wished="$wished ${pair#*:}"
done

python=
for name in python3.13 python3.12 python3.11 python3; do
    if command -v "$name" >/dev/null 2>&1 &&
        "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
    then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo "setup.sh: facedrive needs Python 3.11, 3.12 or 3.13; install one and run this again." >&2
    exit 1
fi

# What is missing, by the file that shows it: OpenCV needs GL and glib, pyrender EGL and X.
missing=
need() { # package, library file
    { ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | grep -q "$2" || missing="$missing $1"
}
if [ "$(uname)" = Linux ]; then
    need libgl1 'libGL\.so\.1'
    need libglib2.0-0 'libgthread-2\.0\.so\.0'
    need libegl1 'libEGL\.so\.1'
    need libgles2 'libGLESv2\.so\.2'
    need libxrender1 'libXrender\.so\.1'
    ls /usr/lib/*/dri/swrast_dri.so /usr/lib/*/dri/libdril_dri.so /usr/lib64/dri/swrast_dri.so \
        2>/dev/null | grep -q . || missing="$missing libgl1-mesa-dri"
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing $python-venv"
    for package in $packages; do
        dpkg -s "$package" >/dev/null 2>&1 || missing="$missing $package"
    done
fi

if [ -n "$missing" ]; then
    install="apt-get update && apt-get install -y --no-install-recommends$missing"
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "setup.sh: install these first (Debian's names), then run this again:$missing" >&2
        exit 1
    elif [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive sh -c "$install"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo DEBIAN_FRONTEND=noninteractive sh -c "$install"
    else
        echo "setup.sh: run this as root, then run make again:" >&2
        echo "    $install" >&2
        exit 1
    fi
fi

if [ -n "$wished" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    for package in $wished; do
        { apt-get install -y --no-install-recommends "$package" >/dev/null 2>&1 ||
            { apt-get update && apt-get install -y --no-install-recommends "$package"; } \
                >/dev/null 2>&1; } || echo "setup.sh: no $package; tests that need it are skipped" >&2
    done
elif [ -n "$wished" ]; then
    echo "setup.sh: not installed, tests that need them are skipped:$wished" >&2
fi

[ -x .venv/bin/python ] || "$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check uv
.venv/bin/python -m uv pip install --quiet --python .venv/bin/python --editable "$requirement"
