/* SPDX-License-Identifier: MIT */
/* What a hostile module or program tries.  Each attempt returns 0 if it
 * succeeded, else an errno; some end the process if they are kept from it. */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stdbool.h>
#include <stddef.h>

/* X(name, in the constructor, too) */
#define ATTEMPT_TABLE(X)                                                       \
    /* hostile_files.c */                                                      \
    X(open_passwd, 1)                                                          \
    X(open_own_memory, 1)                                                      \
    X(open_environment_of_spd, 1)                                              \
    X(open_tree, 1)                                                            \
    X(open_library, 1)                                                         \
    X(open_path_only, 0)                                                       \
    X(create_in_tmp, 1)                                                        \
    X(stat_passwd, 0)                                                          \
    X(unlink, 0)                                                               \
    X(symlink, 1)                                                              \
    X(hard_link, 1)                                                            \
    X(fifo, 1)                                                                 \
    X(memory_file, 1)                                                          \
    X(execute_descriptor, 1)                                                   \
    X(ioctl_push_input, 1)                                                     \
    X(ioctl_push_input_high_bits, 1)                                           \
    X(ioctl_linux_console, 1)                                                  \
    X(environment, 1)                                                          \
    /* hostile_descriptors.c */                                                \
    X(descriptors, 0)                                                          \
    X(descriptor_bomb, 0)                                                      \
    X(write_elsewhere, 0)                                                      \
    X(make_all_nonblocking, 0)                                                 \
    X(unmarked, 0)                                                             \
    X(pass_descriptors, 0)                                                     \
    X(take_descriptors, 0)                                                     \
    /* hostile_network.c */                                                    \
    X(socket_inet, 1)                                                          \
    X(socket_inet6, 1)                                                         \
    X(socket_netlink, 1)                                                       \
    X(socket_packet, 1)                                                        \
    X(socket_vsock, 1)                                                         \
    X(socket_unix, 1)                                                          \
    X(socket_pair, 1)                                                          \
    X(connect, 0)                                                              \
    X(datagram_to, 0)                                                          \
    /* hostile_processes.c */                                                  \
    X(execute_shell, 1)                                                        \
    X(execute_set_uid, 0)                                                      \
    X(fork, 1)                                                                 \
    X(vfork, 1)                                                                \
    X(clone_parent, 0)                                                         \
    X(clone3, 1)                                                               \
    X(kill_parent, 1)                                                          \
    X(kill_all, 1)                                                             \
    X(kill_group, 1)                                                           \
    X(signal_process, 0)                                                       \
    X(signal_thread, 0)                                                        \
    X(signal_another_thread, 0)                                                \
    X(queue_signal, 0)                                                         \
    X(signal_by_pidfd, 0)                                                      \
    X(pidfd, 1)                                                                \
    X(trace, 0)                                                                \
    X(read_memory, 0)                                                          \
    X(take_descriptor, 0)                                                      \
    X(become_root, 1)                                                          \
    X(regain_capabilities, 1)                                                  \
    X(raise_limits, 1)                                                         \
    X(become_dumpable, 0)                                                      \
    X(regain_privileges, 0)                                                    \
    X(outlive_spd, 0)                                                          \
    X(own_filter, 0)                                                           \
    /* hostile_kernel.c */                                                     \
    X(map_code, 1)                                                             \
    X(write_then_run, 1)                                                       \
    X(map_file_to_run, 0)                                                      \
    X(bpf, 0)                                                                  \
    X(perf, 0)                                                                 \
    X(userfault, 0)                                                            \
    X(keys, 0)                                                                 \
    X(mount, 0)                                                                \
    X(unshare, 0)                                                              \
    X(io_uring, 0)                                                             \
    X(handle, 0)                                                               \
    X(other_architecture, 0)                                                   \
    X(x32, 0)                                                                  \
    X(unknown_call, 1)                                                         \
    /* hostile_bombs.c */                                                      \
    X(memory_bomb, 0)                                                          \
    X(heap_bomb, 0)                                                            \
    X(stack_bomb, 0)                                                           \
    X(lock_memory, 1)                                                          \
    X(timer_bomb, 0)                                                           \
    X(signal_bomb, 0)                                                          \
    X(threads, 0)                                                              \
    X(busy, 0)                                                                 \
    /* hostile_not.c: what honest modules do */                                \
    X(answer, 0)                                                               \
    X(ordinary_work, 1)                                                        \
    X(failing_assert, 0)                                                       \
    X(start_thread, 0)                                                         \
    X(abort, 0)

#define ATTEMPT_DECLARE_(name, at_load)                                        \
    int attempt_##name(const char *argument);
ATTEMPT_TABLE(ATTEMPT_DECLARE_)
#undef ATTEMPT_DECLARE_

struct attempt {
    const char *name;
    int (*run)(const char *argument);
    bool at_load;
};
/* All of them, in the order of the table. */
extern const struct attempt attempts[];
extern const size_t attempt_count;

/* The one that a request names; *out_argument is what stands behind the name,
 * both in the request itself, which is cut between them.  NULL: there is none
 * of this name. */
const struct attempt *attempt_find(char *request, const char **out_argument);

/* "done", or the name of the error that kept it from that. */
const char *attempt_outcome(int error);

/* An attempt, and what a system call returned as its outcome. */
#define ATTEMPT(name) int attempt_##name(const char *argument)
#define OUTCOME(result) ((void)argument, (result) < 0 ? errno : 0)

#endif
