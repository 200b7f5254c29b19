#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Checks the manual pages of an installation: each function of the public
# headers has a page of section 3 that names it, declares it and tells what it
# does and what threads may do; each header has one; no page is of nothing; and
# roff finds no fault in any.
#
#   scripts/check-manual.sh PREFIX
set -euo pipefail
prefix=$(realpath -- "${1:?usage: scripts/check-manual.sh PREFIX}")
cd "$(dirname "$0")/.."
pages=$prefix/share/man
faults=0
expected=() # the pages that there are to be

fault()
{
    echo "check-manual.sh: $*" >&2
    faults=$((faults + 1))
}

# The file that has the text of a page: itself, or what it refers to.
text_of() # PAGE
{
    local file=$pages/man3/$1.3 other

    [ -f "$file" ] || return 1
    other=$(sed -n 's/^\.so //p' "$file")
    [ -z "$other" ] || file=$pages/$other
    [ -f "$file" ] && echo "$file"
}

check_page() # PAGE HEADER [WHAT IT DECLARES]
{
    local file names heading

    expected+=("$1.3")
    file=$(text_of "$1") || { fault "$1(3) is not installed"; return; }
    names=$(sed -n '/^\.SH NAME/{n;s/ \\- .*//p}' "$file")
    [[ ", $names," == *", $1,"* ]] || fault "$1(3) is a page of $names"
    grep -qF "#include <sp/$2>" "$file" || fault "$1(3) does not include $2"
    grep -qF "${3:-}" "$file" || fault "$1(3) does not declare it"
    for heading in DESCRIPTION 'THREAD SAFETY'; do
        grep -q "^\.SH $heading" "$file" || fault "$1(3) has no $heading"
    done
}

check_header() # HEADER
{
    local name function

    name=sp_${1%.h}
    check_page "$name" "$1"
    for function in $(bash scripts/public-functions.sh "$prefix/include" "$1")
    do
        check_page "$function" "$1" "$function("
    done
}

# What a page refers to is there.
check_references()
{
    local name

    for name in $(grep -ohE '\\fB[a-z_0-9]+\\fR\(3\)' "$pages"/man3/*.3 |
        sed -E 's/^\\fB//; s/\\fR.*//' | sort -u); do
        text_of "$name" >/dev/null || fault "$name(3) is referred to only"
    done
}

check_nothing_else()
{
    local other

    other=$(comm -13 <(printf '%s\n' "${expected[@]}" | sort -u) \
        <(find "$pages/man3" -type f -printf '%f\n' | sort))
    [ -z "$other" ] || fault "pages of nothing:" $other
}

# Fails on what a formatter says of any page; a link is read with its target.
# The pages are of a version, not of a day, and have no date.
check_roff()
{
    local said files

    mapfile -t files < <(grep -L '^\.so ' "$pages"/man[1358]/*)
    if command -v groff >/dev/null; then
        said=$(groff -ww -man -Tutf8 -z "${files[@]}" 2>&1 || true)
        [ -z "$said" ] || fault "groff: $said"
    else
        echo "manual: skipped: not read by groff, which is not here"
    fi
    if command -v mandoc >/dev/null; then
        said=$(mandoc -T lint -W warning "${files[@]}" 2>&1 |
            grep -vF 'missing date, using "": TH' || true)
        [ -z "$said" ] || fault "mandoc: $said"
    else
        echo "manual: skipped: not read by mandoc, which is not here"
    fi
}

for header in "$prefix"/include/sp/*.h; do
    check_header "${header##*/}"
done
check_references
check_nothing_else
check_roff
[ "$faults" -eq 0 ] || exit 1
echo "manual: a page of section 3 for each function and header"
