/* SPDX-License-Identifier: MIT */
/* plug/keys.h - the keys that session IDs are signed with, and the file that
 * they are in. */
#ifndef PLUG_KEYS_H
#define PLUG_KEYS_H

#include <stddef.h>

#include <sp/evhttp.h>

/* bytes of one key: as many as an HMAC of SHA-256 has, and as it takes */
#define KEY_MIN 32
#define KEY_MAX 64
#define KEYS_MAX 2

struct key {
    unsigned char bytes[KEY_MAX];
    size_t size;
};

/* The first one signs, each verifies.  None: IDs are not signed. */
struct keys {
    struct key key[KEYS_MAX];
    size_t count;
};

/* The longest text of keys: two lines of hexadecimal digits. */
#define KEYS_TEXT_MAX (KEYS_MAX * (2 * KEY_MAX + 1))

/* Reads the text of a key file: size bytes with a NUL behind them that does not
 * count.  False: it is not such a text, and *out_keys is untouched. */
bool keys_parse(const char *text, size_t size, struct keys *out_keys);

/* Reads a key file: see sp_plug_options_set_key_file().  On an error out_text
 * says in one line what is wrong with it. */
enum sp_error keys_read(const char *path, struct keys *out_keys, char *out_text,
                        size_t text_size);

/* Makes one key from the kernel's random source.  False: there is none. */
bool keys_make(struct keys *out_keys);

/* Overwrites them, so that they are in no core file. */
void keys_erase(struct keys *keys);

#endif
