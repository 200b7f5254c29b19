/* SPDX-License-Identifier: MIT */
/* plug/keys: one or two keys, in a file that is nobody else's; anything else is
 * refused, and why is said. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plug/keys.h"
#include "support/leaks.h"
#include "support/unprivileged.h"

TestSuite(keys, .fini = leaks_check);

#define DIGITS_32 "0123456789abcdef0123456789ABCDEF"
#define KEY_A DIGITS_32 DIGITS_32 /* 32 bytes */
#define KEY_B DIGITS_32 "ffffffffffffffffffffffffffffffff"
#define KEY_LONGEST KEY_A KEY_B /* 64 bytes */

/* ---- the text ----------------------------------------------------------- */

static size_t count_of(const char *text)
{
    struct keys keys = {0};

    return keys_parse(text, strlen(text), &keys) ? keys.count : 0;
}

Test(keys, are_one_or_two_lines)
{
    struct keys keys;

    cr_expect_eq(count_of(KEY_A), 1);
    cr_expect_eq(count_of(KEY_A "\n"), 1);
    cr_expect_eq(count_of(KEY_A "\n" KEY_B), 2);
    cr_expect_eq(count_of(KEY_LONGEST "\n" KEY_LONGEST "\n"), 2);
    cr_assert(keys_parse(KEY_A "\n" KEY_B "\n", 130, &keys));
    cr_expect_eq(keys.key[0].size, 32);
    cr_expect_arr_eq(keys.key[0].bytes, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
    cr_expect_eq(keys.key[1].bytes[31], 0xff);
}

Test(keys, of_another_shape_are_refused_whole)
{
    static const char *const wrong[] = {
        "", "\n", KEY_A "\n\n", "\n" KEY_A, KEY_A "\r\n", " " KEY_A,
        KEY_A "\n" KEY_B "\n" KEY_A, KEY_A "\n" DIGITS_32, DIGITS_32 "\n",
        KEY_A "0", KEY_LONGEST "00", KEY_A "\n" KEY_A "g0", "# " KEY_A,
        DIGITS_32 ":" DIGITS_32, "0x" KEY_A,
    };
    struct keys keys = {.count = 7};

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect(!keys_parse(wrong[i], strlen(wrong[i]), &keys), "%zu: %s", i,
                  wrong[i]);
    cr_expect(!keys_parse(KEY_A "\0", 65, &keys), "a NUL");
    cr_expect_eq(keys.count, 7, "untouched");
}

Test(keys, that_are_made_are_all_different)
{
    struct keys one, other;

    cr_assert(keys_make(&one) && keys_make(&other));
    cr_expect_eq(one.count, 1);
    cr_expect_eq(one.key[0].size, KEY_MIN);
    cr_expect_arr_neq(one.key[0].bytes, other.key[0].bytes, KEY_MIN);
    keys_erase(&one);
    cr_expect_eq(one.count, 0);
    cr_expect_eq(one.key[0].bytes[0] | one.key[0].bytes[31], 0);
}

/* ---- the file ----------------------------------------------------------- */

static char dir[] = "/tmp/sp-keys-XXXXXX";
static char path[64], other[64];

static void make_dir(void)
{
    cr_assert(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/key", dir);
    snprintf(other, sizeof other, "%s/other", dir);
}

static void remove_dir(void)
{
    unlink(path);
    unlink(other);
    cr_expect_eq(rmdir(dir), 0);
    leaks_check();
}

TestSuite(key_file, .init = make_dir, .fini = remove_dir);

static void write_key(const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    cr_assert(fd >= 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    cr_assert_eq(fchmod(fd, mode), 0);
    close(fd);
}

static void expect(const char *file, enum sp_error expected, const char *why)
{
    char text[256] = "nothing was said";
    struct keys keys = {.count = 7};
    enum sp_error error = keys_read(file, &keys, text, sizeof text);

    cr_expect_eq(error, expected, "%s: %s", sp_error_name(error), text);
    cr_expect(strstr(text, why), "%s: not %s", text, why);
    cr_expect_eq(keys.count == 7, error != SP_OK);
}

Test(key_file, is_read_if_it_is_ours_alone)
{
    write_key(KEY_A "\n" KEY_B "\n", 0600);
    expect(path, SP_OK, "nothing was said");
    cr_assert_eq(chmod(path, 0400), 0);
    expect(path, SP_OK, "nothing was said");
}

Test(key_file, that_others_may_use_is_refused)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601};

    write_key(KEY_A "\n", 0600);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        cr_assert_eq(chmod(path, modes[i]), 0);
        expect(path, SP_EPERM, "others may use it");
    }
}

Test(key_file, of_somebody_else_is_refused)
{
    if (geteuid() != 0) {
        remove_dir(); /* who skips leaves without .fini */
        cr_skip_test("only root can give a file away");
    }
    write_key(KEY_A "\n", 0600);
    cr_assert_eq(chown(path, UNPRIVILEGED_ID, UNPRIVILEGED_ID), 0);
    expect(path, SP_EPERM, "belongs to neither");
}

Test(key_file, that_is_no_file_is_refused)
{
    write_key(KEY_A "\n", 0600);
    cr_assert_eq(symlink(path, other), 0);
    expect(other, SP_EPERM, "symbolic link");
    cr_assert_eq(unlink(other), 0);
    cr_assert_eq(mkfifo(other, 0600), 0);
    expect(other, SP_EPERM, "not a regular file");
    expect(dir, SP_EPERM, "not a regular file");
    cr_assert_eq(unlink(other), 0);
    expect(other, SP_ESYSTEM, "No such file");
}

Test(key_file, with_anything_else_in_it_is_refused)
{
    char *huge = malloc(100001);

    write_key("", 0600);
    expect(path, SP_EINVAL, "one or two lines");
    unlink(path);
    write_key(KEY_LONGEST "\n" KEY_LONGEST "\n\n", 0600);
    expect(path, SP_EINVAL, "one or two lines");
    unlink(path);
    memset(huge, 'a', 100000);
    huge[100000] = '\0';
    write_key(huge, 0600);
    expect(path, SP_EINVAL, "one or two lines");
    free(huge);
}
