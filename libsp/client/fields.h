/* SPDX-License-Identifier: MIT */
/* client/fields.h - the keys of an object that spd answered with.  A key that
 * is not there leaves *out as it is (an older spd does not know it); one that
 * is there must make sense, else false. */
#ifndef CLIENT_FIELDS_H
#define CLIENT_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A string, borrowed from the object. */
bool field_text(const json_t *object, const char *key, const char **out);

/* A whole number within limits. */
bool field_number(const json_t *object, const char *key, long long low,
                  long long high, long long *out);

bool field_flag(const json_t *object, const char *key, bool *out);

/* An array, borrowed from the object, which must be there and of no more than
 * CONTROL_ITEMS_MAX items. */
bool field_list(const json_t *object, const char *key, const json_t **out_array,
                size_t *out_count);

/* Whether the object has all these keys; the list ends with NULL. */
bool fields_present(const json_t *object, const char *const *keys);

#endif
