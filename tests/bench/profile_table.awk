# SPDX-License-Identifier: MIT
# The tables of a profile, 80 columns, from the lines of profile.awk.
#
#   title  what is profiled
#   long   1: each system call, and more paths

function add_role(who, role, title, width)
{
    column_who[++columns] = who
    column_role[columns] = role
    column_title[columns] = title
    column_width[columns] = width
}

BEGIN {
    FS = "\t"
    add_role("libsp", "client", "client", 7)
    add_role("libsp", "spd", "spd", 5)
    add_role("libsp", "template", "tmpl", 5)
    add_role("libsp", "session", "sess", 5)
    add_role("contract", "client", "client", 7)
    add_role("contract", "spd", "spd", 5)
    add_role("contract", "template", "tmpl", 5)
    add_role("contract", "session", "sess", 5)
    add_role("floor", "client", "client", 7)
    add_role("floor", "child", "child", 6)
}

{
    value[$3, $4, $1, $2] += $5
    all[$3, $4, $1] += $5
    all[$3, "", $1] += $5
    value[$3, "", $1, $2] += $5
    there[$1] = 1
    if (!(($3, $4) in seen)) {
        seen[$3, $4] = 1
        name[$3, ++names[$3]] = $4
    }
}

function number(v)
{
    if (v < 0.005)
        return "."
    if (v < 0.095)
        return substr(sprintf("%.2f", v), 2) # .02
    return sprintf(v < 100 ? "%.1f" : "%.0f", v)
}

function print_head(what,    c)
{
    printf "\n%-23s%-24s%-22s%s\n", "", "  libsp",
           there["contract"] ? "contract" : "", there["floor"] ? "floor" : ""
    printf "%-23s", what
    for (c = 1; c <= columns; c++)
        printf "%" column_width[c] "s",
               there[column_who[c]] ? column_title[c] : ""
    print ""
}

function print_cell(c, v)
{
    printf "%" column_width[c] "s", there[column_who[c]] ? number(v) : ""
}

function print_counts(kind, key, what,    c)
{
    printf "%-23.23s", what
    for (c = 1; c <= columns; c++)
        print_cell(c, value[kind, key, column_who[c], column_role[c]])
    print ""
}

# Of the time that it ran, by how often it was seen so.
function in_user_mode(who, role,    seen)
{
    seen = value["mode", "", who, role]
    if (seen == 0)
        return 0
    return value["ran", "us", who, role] * value["mode", "user", who, role] \
           / seen
}

function print_user(    c)
{
    printf "%-23s", "... of it in user mode"
    for (c = 1; c <= columns; c++)
        print_cell(c, in_user_mode(column_who[c], column_role[c]))
    print ""
}

# The next of a kind in falling order, "" at the end: by what libsp has of it,
# then by what the others have.
function weight(kind, key)
{
    return all[kind, key, "libsp"] + all[kind, key, "contract"] / 1e3 + \
           all[kind, key, "floor"] / 1e3
}

function next_of(kind,    i, best, key)
{
    best = ""
    for (i = 1; i <= names[kind]; i++) {
        key = name[kind, i]
        if (!((kind, key) in done) &&
            (best == "" || weight(kind, key) > weight(kind, best)))
            best = key
    }
    done[kind, best] = 1
    return best
}

# In percent, of all paths.
function share(key, who)
{
    return all["path", "", who] > 0 ? \
           100 * all["path", key, who] / all["path", "", who] : 0
}

function print_share(key, who)
{
    if (there[who])
        printf "%9s%4.0f%%", number(all["ran", "us", who] * share(key, who) / \
                                    100), share(key, who)
}

function print_paths(    key, left)
{
    printf "\n%-36s%14s%14s%14s\n", "CPU time by kernel path, us", "libsp",
           there["contract"] ? "contract" : "", there["floor"] ? "floor" : ""
    for (left = long ? 24 : 8; left > 0; left--) {
        key = next_of("path")
        if (key == "" || share(key, "libsp") < 1 && share(key, "contract") < 3)
            break
        printf "%-36.36s", key
        print_share(key, "libsp")
        print_share(key, "contract")
        print_share(key, "floor")
        print ""
    }
}

END {
    printf "\n== %s\n", title
    print_head("a single operation")
    print_counts("count", "system calls", "system calls")
    print_counts("count", "waits", "waits (switches)")
    print_counts("count", "preempted", "preempted (switches)")
    print_counts("count", "page faults", "page faults")
    print_counts("ran", "us", "CPU time, us")
    print_user()
    if (long) {
        print_head("system calls")
        while ((key = next_of("call")) != "" && weight("call", key) >= 0.00001)
            print_counts("call", key, key)
    }
    print_paths()
}
