/* SPDX-License-Identifier: MIT */
/* A start or a stop, as libsp writes it, without jansson.  Called by
 * control.c. */
#define _GNU_SOURCE
#include "control_plain.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "control_scan.h"

static_assert(CONTROL_MODULE_MAX == SP_ID_MAX, "a module's name is an ID's");

static const struct op_row {
    const char *name;
    unsigned one_of;
    unsigned optional;
} op_rows[] = {
#define ROW(op, NAME, one_of, optional) {#op, (one_of), (optional)},
    CONTROL_OP_TABLE(ROW)
#undef ROW
};

/* ---- decoding ---- */

static bool exactly_one(unsigned bits)
{
    return bits != 0 && (bits & (bits - 1)) == 0;
}

/* Copies a name or an ID, with its NUL; that of a session ends at SP_ID_MAX,
 * and that of a module, too. */
static bool take_plain_id(char *out, const struct control_text *id)
{
    if (!id->bytes)
        return true;
    if (!sp_id_valid(id->bytes, id->size))
        return false;
    memcpy(out, id->bytes, id->size);
    out[id->size] = '\0';
    return true;
}

static bool take_plain_arg(struct control_request *request,
                           const struct control_text *arg)
{
    if (!arg->bytes)
        return true;
    request->arg = malloc(arg->size + 1);
    return request->arg && base64_decode(request->arg, &request->arg_size,
                                         arg->bytes, arg->size);
}

/* A row of op_rows; CONTROL_OPS: it is none's name. */
static size_t find_op(const struct control_text *name)
{
    size_t op = 0;

    while (op < CONTROL_OPS &&
           (strlen(op_rows[op].name) != name->size ||
            memcmp(op_rows[op].name, name->bytes, name->size) != 0))
        op++;
    return op;
}

/* Takes what is right in every way.  False: what is wrong with it is found by
 * reading it once more. */
static bool take_plain(struct control_request *request,
                       const struct control_plain *plain)
{
    size_t op = plain->op.bytes ? find_op(&plain->op) : CONTROL_OPS;
    const struct op_row *row = &op_rows[op];

    if (op == CONTROL_OPS || op == CONTROL_SIGNAL)
        return false;
    request->op = (enum control_op)op;
    request->keys = (plain->id.bytes ? CONTROL_KEY_ID : 0u) |
                    (plain->module.bytes ? CONTROL_KEY_MODULE : 0u) |
                    (plain->arg_base64.bytes ? CONTROL_KEY_ARG_BASE64 : 0u);
    return (request->keys & ~(row->one_of | row->optional)) == 0 &&
           (!row->one_of || exactly_one(request->keys & row->one_of)) &&
           take_plain_id(request->id, &plain->id) &&
           take_plain_id(request->module, &plain->module) &&
           take_plain_arg(request, &plain->arg_base64);
}

bool control_plain_decode(const void *json, size_t size,
                          struct control_request *out_request)
{
    struct control_request request = {.timeout_ms = CONTROL_TIMEOUT_MAX_MS};
    struct control_plain plain;

    if (!control_scan(json, size, &plain))
        return false;
    if (!take_plain(&request, &plain)) {
        control_request_fini(&request);
        return false;
    }
    *out_request = request;
    return true;
}

/* ---- encoding ---- */

/* What has an ID and a module at most, as a start or a stop, and no byte that
 * JSON would write in another way. */
bool control_plain(const struct control_request *request)
{
    return (request->keys & ~(CONTROL_KEY_ID | CONTROL_KEY_MODULE)) == 0 &&
           (!(request->keys & CONTROL_KEY_ID) ||
            sp_id_valid(request->id, strlen(request->id))) &&
           (!(request->keys & CONTROL_KEY_MODULE) ||
            sp_id_valid(request->module, strlen(request->module)));
}

char *control_plain_encode(const struct control_request *request,
                           size_t *out_size)
{
    bool id = request->keys & CONTROL_KEY_ID;
    bool module = request->keys & CONTROL_KEY_MODULE;
    char *text = NULL;
    int size = asprintf(&text, "{\"op\":\"%s\"%s%s%s%s%s%s}",
                        op_rows[request->op].name, id ? ",\"id\":\"" : "",
                        id ? request->id : "", id ? "\"" : "",
                        module ? ",\"module\":\"" : "",
                        module ? request->module : "", module ? "\"" : "");

    if (size < 0)
        return NULL;
    *out_size = (size_t)size;
    return text;
}
