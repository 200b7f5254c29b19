/* SPDX-License-Identifier: MIT */
/* The key file.  Who can read a key can be every visitor, and who can write it
 * can, too: so a file that others than its owner can reach is refused, however
 * good what is in it.  What keys are used for is seal.c's.  Called by
 * options.c and plug.c. */
#define _GNU_SOURCE
#include "keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#define HEX_DIGITS "0123456789abcdefABCDEF"

/* ---- what is in it ------------------------------------------------------ */

/* One line without its end. */
static bool parse_line(const char *line, size_t size, struct key *out_key)
{
    char digits[2 * KEY_MAX + 1];
    bool parsed;

    if (size < 2 * KEY_MIN || size > 2 * KEY_MAX || size % 2 != 0 ||
        strspn(line, HEX_DIGITS) < size)
        return false;
    memcpy(digits, line, size);
    digits[size] = '\0';
    parsed = OPENSSL_hexstr2buf_ex(out_key->bytes, sizeof out_key->bytes,
                                   &out_key->size, digits, '\0') == 1;
    OPENSSL_cleanse(digits, sizeof digits);
    return parsed;
}

bool keys_parse(const char *text, size_t size, struct keys *out_keys)
{
    struct keys keys = {0};
    const char *end = text + size;
    bool parsed = size > 0;

    while (parsed && text < end) {
        const char *line_end = memchr(text, '\n', (size_t)(end - text));

        if (!line_end)
            line_end = end;
        parsed = keys.count < KEYS_MAX &&
                 parse_line(text, (size_t)(line_end - text),
                            &keys.key[keys.count++]);
        text = line_end + 1;
    }
    if (parsed)
        *out_keys = keys;
    keys_erase(&keys);
    return parsed;
}

/* ---- the file ----------------------------------------------------------- */

/* Why nobody is to rely on it; NULL: they may. */
static const char *distrust(const struct stat *file)
{
    if (!S_ISREG(file->st_mode))
        return "it is not a regular file";
    if (file->st_uid != geteuid() && file->st_uid != 0)
        return "it belongs to neither root nor this user";
    if (file->st_mode & (S_IRWXG | S_IRWXO))
        return "others may use it (chmod 600)";
    return NULL;
}

/* Reads what there is, up to size bytes; -1: errno says why not. */
static ssize_t read_all(int fd, char *out, size_t size)
{
    size_t used = 0;
    ssize_t got = 1;

    while (got > 0 && used < size) {
        got = read(fd, out + used, size - used);
        if (got > 0)
            used += (size_t)got;
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
    return got < 0 ? -1 : (ssize_t)used;
}

static enum sp_error read_file(int fd, struct keys *out_keys,
                               const char **out_why)
{
    char text[KEYS_TEXT_MAX + 2]; /* one byte more than there may be, a NUL */
    enum sp_error error = SP_OK;
    struct stat file;
    ssize_t size;

    *out_why = NULL;
    if (fstat(fd, &file) < 0)
        return SP_ESYSTEM;
    *out_why = distrust(&file);
    if (*out_why)
        return SP_EPERM;
    size = read_all(fd, text, sizeof text - 1);
    if (size < 0)
        return SP_ESYSTEM;
    text[size] = '\0';
    if (!keys_parse(text, (size_t)size, out_keys)) {
        *out_why = "it is to hold one or two lines of 64 to 128 hexadecimal "
                   "digits each, and nothing else";
        error = SP_EINVAL;
    }
    OPENSSL_cleanse(text, sizeof text);
    return error;
}

enum sp_error keys_read(const char *path, struct keys *out_keys, char *out_text,
                        size_t text_size)
{
    /* O_NONBLOCK: a FIFO would have it wait */
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
                            O_CLOEXEC);
    enum sp_error error = SP_ESYSTEM;
    const char *why = NULL;

    if (fd >= 0)
        error = read_file(fd, out_keys, &why);
    else if (errno == ELOOP)
        error = SP_EPERM;
    if (error != SP_OK)
        snprintf(out_text, text_size, "%s: %s", path,
                 why ? why : strerror(errno));
    if (fd >= 0)
        close(fd);
    return error;
}

bool keys_make(struct keys *out_keys)
{
    struct keys keys = {.count = 1, .key[0].size = KEY_MIN};
    bool made = RAND_priv_bytes(keys.key[0].bytes, KEY_MIN) == 1;

    if (made)
        *out_keys = keys;
    keys_erase(&keys);
    return made;
}

void keys_erase(struct keys *keys)
{
    OPENSSL_cleanse(keys, sizeof *keys);
}
