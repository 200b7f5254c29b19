# SPDX-License-Identifier: MIT
# What an operation makes, from three files: lines "name number" of the system
# calls, the spans that were measured (spans.h), and what `perf script` prints
# of a recording of profile.sh's.
#
#   who    who made it: floor, contract, libsp
#   spd    the process ID of libsp's supervisor
#   scale  what the spans count for one operation
#
# Prints lines "who role kind name value" with tabs between, value being of one
# operation: kind is count, call (of the system), ran (microseconds), and of
# samples mode (user, kernel) and path.

# Who a process is follows from who forked it.
function child_role(parent)
{
    if (parent == "client")
        return who == "floor" ? "child" : who == "contract" ? "spd" : "client"
    if (parent == "spd" && who == "contract")
        return "template"
    return parent == "child" ? "child" : "session"
}

function forked(child, parent)
{
    if (child == parent || child in root) # a thread, or perf's own
        return
    delete role[child] # of one that had this ID before
    delete by[child]
    if (parent in role) {
        by[child] = role[parent]
        role[child] = child_role(role[parent])
    }
    named(child, name_of[parent])
}

function named(pid, name)
{
    name_of[pid] = name
    if (by[pid] == "spd" && role[pid] == "session" && name ~ /^spt:/)
        role[pid] = "template"
}

function pair_in(text, which,    part)
{
    match(text, which == 1 ? "\\([0-9]+" : ":\\([0-9]+")
    part = substr(text, RSTART, RLENGTH)
    gsub(/[^0-9]/, "", part)
    return part + 0
}

function task_event(text,    name, pid)
{
    if (text ~ /RECORD_FORK/)
        forked(pair_in(text, 1), pair_in(text, 2))
    else if (text ~ /RECORD_COMM/) {
        name = text
        sub(/.*RECORD_COMM[^:]*: /, "", name)
        pid = name
        sub(/:[0-9]+\/[0-9]+ *$/, "", name)
        sub(/.*:/, "", pid)
        named(pid + 0, name)
    }
}

# Whether a time, which never goes back, is in a span.
function in_span(ns)
{
    for (; at < spans && end[at] < ns; at++)
        passed += end[at] - begin[at]
    return at < spans && begin[at] <= ns
}

# How much of the time until now is in spans.
function spanned(ns)
{
    return passed + (in_span(ns) ? ns - begin[at] : 0)
}

function count(kind, name, n)
{
    total[kind, name, mine] += n
    if (!((kind, name) in seen)) {
        seen[kind, name] = 1
        kinds[++known] = kind
        names[known] = name
    }
}

# ---- where the time goes ----

# What a stack is about is said by the first frame, from the inside, that has a
# label here or matches `own`, and otherwise by the system call.
BEGIN {
    label["try_to_wake_up"] = "wake-up of another process"
    label["__wake_up_common"] = label["try_to_wake_up"]
    label["sock_def_readable"] = label["try_to_wake_up"]
    label["ep_poll_callback"] = label["try_to_wake_up"]
    label["wake_up_new_task"] = "clone: wake_up_new_task"
    label["__schedule"] = "switch to another process"
    label["dup_mmap"] = "clone: dup_mmap"
    label["copy_process"] = "clone: the rest"
    label["ret_from_fork_asm"] = "clone: ret_from_fork"
    label["exit_mmap"] = "exit: exit_mmap"
    label["do_exit"] = "exit: the rest"
    label["release_task"] = "waitid: release_task"
    label["exc_page_fault"] = "page faults"
    label["asm_exc_page_fault"] = label["exc_page_fault"]
    label["handle_softirqs"] = "interrupts"
    label["asm_sysvec_apic_timer_interrupt"] = "interrupts"
    label["arch_do_signal_or_restart"] = "signal: delivery"
    label["do_syscall_64"] = "entering and leaving the kernel"
    label["entry_SYSCALL_64_after_hwframe"] = label["do_syscall_64"]
    label["entry_SYSCALL_64"] = label["do_syscall_64"]
    own = "^(unix_stream_(sendmsg|read_generic|connect)|unix_dgram_sendmsg|" \
          "__unix_dgram_recvmsg|unix_(bind|create|accept|release|listen)|" \
          "do_unlinkat|landlock_[a-z_]*|__secure_computing)$"
}

function about(    i)
{
    if (frames == 0)
        return "?"
    if (address[1] !~ /^ffff/)
        return "user mode"
    for (i = 1; i <= frames; i++) {
        if (frame[i] in label)
            return label[frame[i]]
        if (frame[i] ~ own)
            return frame[i]
        if (frame[i] ~ /^__(x64|arm64)_sys_/) {
            sub(/^__(x64|arm64)_sys_/, "", frame[i])
            return frame[i] "()"
        }
    }
    return frame[frames]
}

function observed(    i)
{
    for (i = 1; i <= frames; i++)
        if (frame[i] ~ /^_*perf_/)
            return 1
    return 0
}

# At the end of a stack.
function looked()
{
    if (looking && !observed()) {
        mine = looking
        count("path", about(), 1)
        count("mode", frames && address[1] ~ /^ffff/ ? "kernel" : "user", 1)
    }
    looking = ""
    frames = 0
}

# ---- events ----

# A process gives up a CPU, which it had since the last one did.
function switched(pid, cpu, ns, text,    now)
{
    now = spanned(ns)
    if (pid in role) {
        mine = role[pid]
        if (cpu in since)
            count("ran", "us", (now - since[cpu]) / 1000)
        if (in_span(ns) && text ~ /prev_state=R/)
            count("count", "preempted", 1)
        else if (in_span(ns) && text !~ /prev_state=[XZ]/)
            count("count", "waits", 1)
    }
    since[cpu] = now
}

function event(text)
{
    if (text ~ /^ *cpu-clock/)
        looking = mine
    else if (text ~ /^ *page-faults/)
        count("count", "page faults", 1)
    else if (match(text, /NR -?[0-9]+/)) {
        text = substr(text, RSTART + 3, RLENGTH - 3)
        count("call", text in call_name ? call_name[text] : "NR " text, 1)
        count("count", "system calls", 1)
    }
}

BEGIN { spans = at = 0 }
FNR == 1 { file++ }
file == 1 {
    call_name[$2] = $1
    next
}
file == 2 && FNR == 1 {
    role[$1 + 0] = "client"
    if (who == "libsp")
        role[spd + 0] = "spd"
    for (pid in role)
        root[pid] = 1
    next
}
file == 2 {
    begin[spans] = $1
    end[spans] = $2
    spans++
    operations += $3 / scale
    next
}
/PERF_RECORD/ {
    task_event($0)
    next
}
/^[ \t]*$/ {
    looked()
    next
}
match($0, / [0-9]+ +\[[0-9]+\] +[0-9]+\.[0-9]+: /) {
    looked()
    split(substr($0, RSTART, RLENGTH), field, " ") # process, CPU, time
    text = substr($0, RSTART + RLENGTH)
    if (text ~ /sched_switch/)
        switched(field[1], field[2], field[3] * 1e9, text)
    else if (field[1] in role && in_span(field[3] * 1e9)) {
        mine = role[field[1]]
        event(text)
    }
    next
}
looking {
    address[++frames] = $1
    frame[frames] = $2
}
END {
    looked()
    for (i = 1; i <= known && operations > 0; i++)
        for (key in total) {
            split(key, part, SUBSEP)
            if (part[1] == kinds[i] && part[2] == names[i])
                printf "%s\t%s\t%s\t%s\t%.4f\n", who, part[3], part[1], part[2],
                       total[key] / operations
        }
}
