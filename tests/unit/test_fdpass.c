/* SPDX-License-Identifier: MIT */
/* base/fdpass: records with descriptors, and records with a stamp. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdpass.h"
#include "support/leftovers.h"

/* Each test has a pair of sockets and must close all else. */
static int pair[2];
static struct leftovers *leftovers;

static void open_pair(void)
{
    leftovers = leftovers_note();
    cr_assert_eq(
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
}

static void close_pair(void)
{
    for (int i = 0; i < 2; i++)
        if (pair[i] >= 0)
            close(pair[i]);
    leftovers_check(leftovers);
}

TestSuite(fdpass, .init = open_pair, .fini = close_pair);

static void close_end(int i)
{
    close(pair[i]);
    pair[i] = -1;
}

static void stamp_end(int i)
{
    int on = 1;

    cr_assert_eq(setsockopt(pair[i], SOL_SOCKET, SO_PASSCRED, &on, sizeof on),
                 0);
}

static void send_fds(size_t count)
{
    int fds[FDPASS_MAX];

    for (size_t i = 0; i < count; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    cr_assert_eq(fdpass_send(pair[0], "abc", 3, fds, count), 0);
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
}

/* ---- descriptors ---- */

Test(fdpass, a_record_and_its_descriptors_arrive_in_order)
{
    int sent[3], got[3];
    char record[16];

    for (int i = 0; i < 3; i++) {
        sent[i] = open(i == 1 ? "/dev/zero" : "/dev/null",
                       O_RDONLY | O_CLOEXEC);
        cr_assert_geq(sent[i], 0);
    }
    cr_assert_eq(fdpass_send(pair[0], "record", 6, sent, 3), 0);
    cr_assert_eq(fdpass_recv(pair[1], record, sizeof record, got, 3), 6);
    cr_expect_arr_eq(record, "record", 6);
    for (int i = 0; i < 3; i++) {
        struct stat want, have;

        fstat(sent[i], &want);
        fstat(got[i], &have);
        cr_expect_eq(have.st_rdev, want.st_rdev);
        cr_expect(fcntl(got[i], F_GETFD) & FD_CLOEXEC);
        close(sent[i]);
        close(got[i]);
    }
}

Test(fdpass, every_number_of_descriptors_up_to_the_most_arrives)
{
    for (size_t count = 0; count <= FDPASS_MAX; count++) {
        int got[FDPASS_MAX];
        char record[8];

        send_fds(count);
        cr_assert_eq(fdpass_recv(pair[1], record, sizeof record, got, count),
                     3);
        for (size_t i = 0; i < count; i++)
            close(got[i]);
    }
}

Test(fdpass, another_number_of_descriptors_is_refused_and_closed)
{
    for (size_t sent = 1; sent <= FDPASS_MAX; sent++)
        for (size_t wanted = 0; wanted <= FDPASS_MAX; wanted++) {
            int got[FDPASS_MAX];
            char record[8];

            if (sent == wanted)
                continue;
            send_fds(sent);
            cr_assert_eq(
                fdpass_recv(pair[1], record, sizeof record, got, wanted), -1);
            cr_assert_eq(errno, EPROTO);
        }
}

Test(fdpass, a_record_without_descriptors_says_so)
{
    int got[FDPASS_MAX] = {7};
    char record[8];

    send_fds(0);
    cr_expect_eq(fdpass_recv(pair[1], record, sizeof record, got, 3), 3);
    cr_expect_eq(got[0], -1);
}

Test(fdpass, a_record_that_does_not_fit_is_refused_and_its_descriptors_closed)
{
    int got[1];
    char record[2];

    send_fds(1);
    cr_assert_eq(fdpass_recv(pair[1], record, sizeof record, got, 1), -1);
    cr_assert_eq(errno, EPROTO);
}

/* More than there is room for: made by hand, fdpass_send() does not. */
Test(fdpass, more_descriptors_than_there_is_room_for_are_refused_and_closed)
{
    enum { COUNT = 2 * FDPASS_MAX };
    union {
        char bytes[CMSG_SPACE(COUNT * sizeof(int))];
        struct cmsghdr align;
    } room = {0};
    struct iovec iov = {.iov_base = "abc", .iov_len = 3};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = room.bytes,
                         .msg_controllen = sizeof room.bytes};
    int fds[COUNT], got[1];
    char record[8];

    for (int i = 0; i < COUNT; i++)
        fds[i] = STDIN_FILENO;
    room.align.cmsg_level = SOL_SOCKET;
    room.align.cmsg_type = SCM_RIGHTS;
    room.align.cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(&room.align), fds, sizeof fds);
    cr_assert_eq(sendmsg(pair[0], &msg, 0), 3);
    cr_assert_eq(fdpass_recv(pair[1], record, sizeof record, got, 1), -1);
    cr_assert_eq(errno, EPROTO);
}

Test(fdpass, descriptors_that_this_process_may_not_have_are_emfile_and_closed)
{
    struct rlimit before, low;
    int got[FDPASS_MAX];
    char record[3];

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    send_fds(3);
    low.rlim_cur = (rlim_t)(pair[0] > pair[1] ? pair[0] : pair[1]) + 2;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    errno = 0;
    cr_expect_eq(fdpass_recv(pair[1], record, sizeof record, got, 3), -1);
    cr_expect_eq(errno, EMFILE);
    cr_expect_arr_eq(record, "abc", 3);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
}

Test(fdpass, end_of_file_is_0)
{
    int got[1];
    char record[8];

    close_end(0);
    cr_assert_eq(fdpass_recv(pair[1], record, sizeof record, got, 1), 0);
}

Test(fdpass, sending_to_nobody_is_an_error_and_no_signal)
{
    int fd = STDIN_FILENO;

    close_end(1);
    cr_assert_eq(fdpass_send(pair[0], "abc", 3, &fd, 1), -1);
    cr_assert_eq(errno, EPIPE);
}

Test(fdpass, sending_a_closed_descriptor_is_an_error)
{
    int fd = dup(STDIN_FILENO);

    close(fd);
    cr_assert_eq(fdpass_send(pair[0], "abc", 3, &fd, 1), -1);
    cr_assert_eq(errno, EBADF);
}

/* ---- stamps ---- */

Test(fdpass, the_stamp_is_the_pid_of_the_sender)
{
    char record[8];
    pid_t pid = -1, child;

    stamp_end(1);
    child = fork();
    if (child == 0)
        _exit(send(pair[0], "hello", 5, 0) == 5 ? 0 : 1);
    cr_assert_gt(child, 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    cr_assert_eq(fdpass_recv_stamped(pair[1], record, sizeof record, &pid), 5);
    cr_expect_eq(pid, child);
    cr_expect_arr_eq(record, "hello", 5);
}

/* What was sent before the option was set has no sender. */
Test(fdpass, without_the_option_nobody_is_the_sender)
{
    char record[8];
    pid_t pid = -1;

    cr_assert_eq(send(pair[0], "x", 1, 0), 1);
    cr_assert_eq(fdpass_recv_stamped(pair[1], record, sizeof record, &pid), 1);
    cr_expect_eq(pid, 0);
}

Test(fdpass, a_stamped_receiver_takes_no_descriptors)
{
    char record[8];
    pid_t pid = -1;

    stamp_end(1);
    for (size_t count = 1; count <= FDPASS_MAX; count++) {
        send_fds(count);
        cr_expect_eq(
            fdpass_recv_stamped(pair[1], record, sizeof record, &pid), -1);
        cr_expect_eq(errno, EPROTO);
        cr_expect_eq(pid, getpid(), "who it was is still to be known");
        pid = -1;
    }
}

Test(fdpass, a_stamped_record_that_does_not_fit_is_refused)
{
    char record[2];
    pid_t pid = -1;

    stamp_end(1);
    cr_assert_eq(send(pair[0], "abc", 3, 0), 3);
    cr_assert_eq(fdpass_recv_stamped(pair[1], record, sizeof record, &pid), -1);
    cr_assert_eq(errno, EPROTO);
    cr_expect_eq(pid, getpid());
}

Test(fdpass, a_stamped_receiver_does_not_block)
{
    char record[8];
    pid_t pid;

    stamp_end(1);
    cr_assert_eq(fdpass_recv_stamped(pair[1], record, sizeof record, &pid), -1);
    cr_assert_eq(errno, EAGAIN);
}

Test(fdpass, a_stamped_end_of_file_is_0)
{
    char record[8];
    pid_t pid;

    stamp_end(1);
    close_end(0);
    cr_assert_eq(fdpass_recv_stamped(pair[1], record, sizeof record, &pid), 0);
}
