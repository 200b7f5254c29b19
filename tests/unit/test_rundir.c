/* SPDX-License-Identifier: MIT */
/* base/rundir: where the runtime directory is and when it is trusted. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/rundir.h"
#include "support/leftovers.h"

/* A private directory for each test, and one in it to be looked at. */
static char base[LEFTOVERS_DIRECTORY_SIZE];
static char target[48];

static void make_base(void)
{
    leftovers_directory(base);
    snprintf(target, sizeof target, "%s/run", base);
    unsetenv("SP_RUNTIME_DIR");
    unsetenv("XDG_RUNTIME_DIR");
}

static void remove_base(void)
{
    leftovers_remove(base);
}

TestSuite(rundir, .init = make_base, .fini = remove_base);

/* ---- resolve ---- */

static void assert_resolves(const char *given, enum rundir_error wanted,
                            const char *path)
{
    char out[RUNDIR_MAX + 1] = "";

    cr_expect_eq(rundir_resolve(given, out), wanted, "%s",
                 given ? given : "(default)");
    cr_expect_str_eq(out, path);
}

Test(rundir, what_is_given_comes_first)
{
    setenv("SP_RUNTIME_DIR", "/from/env", 1);
    assert_resolves("/given", RUNDIR_OK, "/given");
}

Test(rundir, the_environment_comes_second)
{
    setenv("SP_RUNTIME_DIR", "/from/env", 1);
    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    assert_resolves(NULL, RUNDIR_OK, "/from/env");
}

Test(rundir, an_empty_variable_is_none)
{
    setenv("SP_RUNTIME_DIR", "", 1);
    setenv("XDG_RUNTIME_DIR", "", 1);
    if (geteuid() != 0)
        cr_skip_test("the default of root is known");
    assert_resolves(NULL, RUNDIR_OK, "/run/libsp");
}

Test(rundir, the_default_depends_on_the_user)
{
    char own[RUNDIR_MAX + 1];

    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    if (geteuid() == 0) {
        assert_resolves(NULL, RUNDIR_OK, "/run/libsp");
        cr_assert_eq(seteuid(12345), 0);
    }
    assert_resolves(NULL, RUNDIR_OK, "/run/user/7/libsp");
    unsetenv("XDG_RUNTIME_DIR");
    snprintf(own, sizeof own, "/tmp/libsp-%u", (unsigned)geteuid());
    assert_resolves(NULL, RUNDIR_OK, own);
    if (getuid() == 0)
        cr_assert_eq(seteuid(0), 0);
}

Test(rundir, a_relative_path_is_refused)
{
    assert_resolves("run", RUNDIR_NOT_ABSOLUTE, "run");
    assert_resolves("./run", RUNDIR_NOT_ABSOLUTE, "./run");
    assert_resolves("", RUNDIR_NOT_ABSOLUTE, "");
    setenv("SP_RUNTIME_DIR", "run", 1);
    assert_resolves(NULL, RUNDIR_NOT_ABSOLUTE, "run");
}

Test(rundir, a_path_of_33_bytes_is_taken_and_one_more_is_not)
{
    static const char path[] = "/3456789012345678901234567890123";
    char longer[64];

    snprintf(longer, sizeof longer, "%s3", path);
    cr_assert_eq(strlen(longer), 33);
    assert_resolves(longer, RUNDIR_OK, longer);
    snprintf(longer, sizeof longer, "%s34", path);
    assert_resolves(longer, RUNDIR_TOO_LONG,
                    "/34567890123456789012345678901233");
}

Test(rundir, slashes_at_the_end_do_not_count)
{
    assert_resolves("/run/libsp///", RUNDIR_OK, "/run/libsp");
    assert_resolves("/", RUNDIR_OK, "/");
}

/* ---- open ---- */

static void assert_opens(const char *path, enum rundir_error wanted)
{
    int fd = -1;
    uid_t owner = (uid_t)-2;
    enum rundir_error error = rundir_open(path, &fd, &owner);

    cr_expect_eq(error, wanted);
    if (error != RUNDIR_OK) {
        cr_expect_eq(fd, -1);
        cr_expect_eq(owner, (uid_t)-2);
        return;
    }
    cr_expect_eq(owner, geteuid());
    cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

Test(rundir, a_directory_of_ones_own_is_opened)
{
    cr_assert_eq(mkdir(target, 0700), 0);
    assert_opens(target, RUNDIR_OK);
}

Test(rundir, a_missing_directory_is_told_from_a_wrong_one)
{
    assert_opens(target, RUNDIR_MISSING);
}

Test(rundir, a_symbolic_link_is_refused)
{
    char dir[64];

    snprintf(dir, sizeof dir, "%s/real", base);
    cr_assert_eq(mkdir(dir, 0700), 0);
    cr_assert_eq(symlink(dir, target), 0);
    assert_opens(target, RUNDIR_SYMLINK);
    cr_assert_eq(unlink(target), 0);
    cr_assert_eq(symlink("nowhere", target), 0);
    assert_opens(target, RUNDIR_SYMLINK);
}

Test(rundir, a_file_is_refused)
{
    int fd = open(target, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    cr_assert_geq(fd, 0);
    close(fd);
    assert_opens(target, RUNDIR_SYMLINK);
}

Test(rundir, exactly_modes_that_keep_others_out_are_trusted)
{
    cr_assert_eq(mkdir(target, 0700), 0);
    for (mode_t mode = 0700; mode <= 0777; mode++) {
        cr_assert_eq(chmod(target, mode), 0);
        assert_opens(target, mode == 0700 || mode == 0710 ? RUNDIR_OK
                                                          : RUNDIR_OPEN_MODE);
    }
}

Test(rundir, a_directory_of_somebody_else_is_refused)
{
    if (geteuid() != 0)
        cr_skip_test("only root can give a directory away");
    cr_assert_eq(mkdir(target, 0700), 0);
    cr_assert_eq(chown(target, 12345, 12345), 0);
    assert_opens(target, RUNDIR_WRONG_OWNER);
}

Test(rundir, a_directory_of_root_is_trusted_by_everybody)
{
    int fd;
    uid_t owner;

    if (geteuid() != 0)
        cr_skip_test("only root can make one");
    cr_assert_eq(chmod(base, 0711), 0);
    cr_assert_eq(mkdir(target, 0710), 0);
    cr_assert_eq(seteuid(12345), 0);
    cr_expect_eq(rundir_open(target, &fd, &owner), RUNDIR_OK);
    cr_expect_eq(owner, 0);
    close(fd);
    cr_assert_eq(seteuid(0), 0);
}

/* ---- texts and paths ---- */

Test(rundir, every_error_is_explained_with_the_path_in_one_line)
{
    for (int error = RUNDIR_OK; error <= RUNDIR_SYSTEM; error++) {
        char text[512];

        rundir_explain((enum rundir_error)error, "/run/x", text, sizeof text);
        cr_expect_not_null(strstr(text, "/run/x"), "%s", text);
        cr_expect_null(strchr(text, '\n'));
    }
}

Test(rundir, an_explanation_names_the_culprit)
{
    char text[512];

    cr_assert_eq(mkdir(target, 0700), 0);
    cr_assert_eq(chmod(target, 0755), 0);
    rundir_explain(RUNDIR_OPEN_MODE, target, text, sizeof text);
    cr_expect_not_null(strstr(text, "0755"), "%s", text);
    if (geteuid() != 0)
        return;
    cr_assert_eq(chown(target, 12345, 0), 0);
    rundir_explain(RUNDIR_WRONG_OWNER, target, text, sizeof text);
    cr_expect_not_null(strstr(text, "12345"), "%s", text);
}

Test(rundir, the_longest_session_path_fits_a_socket_address)
{
    char dir[RUNDIR_MAX + 1], id[SP_ID_MAX + 1], path[RUNDIR_PATH_SIZE];

    memset(dir, 'd', RUNDIR_MAX);
    dir[0] = '/';
    dir[RUNDIR_MAX] = '\0';
    memset(id, 'i', SP_ID_MAX);
    id[SP_ID_MAX] = '\0';
    rundir_session_path(dir, id, path);
    cr_expect_eq(strlen(path), RUNDIR_MAX + strlen("/sessions/") + SP_ID_MAX);
    cr_expect_lt(strlen(path), sizeof(((struct sockaddr_un *)0)->sun_path));
    cr_expect_str_eq(path + strlen(path) - SP_ID_MAX, id);
}

Test(rundir, paths_are_those_of_the_protocol)
{
    char path[RUNDIR_PATH_SIZE];

    rundir_session_path("/run/libsp", "alice", path);
    cr_expect_str_eq(path, "/run/libsp/sessions/alice");
    rundir_control_path("/run/libsp", path);
    cr_expect_str_eq(path, "/run/libsp/control");
}
