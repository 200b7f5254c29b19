/* SPDX-License-Identifier: MIT */
/* Control requests and answers.  A request comes from anybody who can connect:
 * its size and depth are bounded before jansson sees it, and every key is
 * accounted for. */
#define _GNU_SOURCE
#include "control.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64.h"
#include "base/text.h"
#include "control_plain.h"

static const struct op_row {
    const char *name;
    unsigned one_of;
    unsigned optional;
} op_rows[] = {
#define ROW(op, NAME, one_of, optional) {#op, (one_of), (optional)},
    CONTROL_OP_TABLE(ROW)
#undef ROW
};

static const struct key_row {
    const char *name;
    enum control_key key;
} key_rows[] = {
    {"id", CONTROL_KEY_ID},
    {"pid", CONTROL_KEY_PID},
    {"module", CONTROL_KEY_MODULE},
    {"arg", CONTROL_KEY_ARG},
    {"arg_base64", CONTROL_KEY_ARG_BASE64},
    {"drain", CONTROL_KEY_DRAIN},
    {"detailed", CONTROL_KEY_DETAILED},
    {"signal", CONTROL_KEY_SIGNAL},
    {"for", CONTROL_KEY_FOR},
    {"timeout_ms", CONTROL_KEY_TIMEOUT},
    {"since_ms", CONTROL_KEY_SINCE},
    {"after", CONTROL_KEY_AFTER},
};

static const char *const wait_names[] = {
#define NAME(NAME, name) name,
    CONTROL_WAIT_TABLE(NAME)
#undef NAME
};

#define KEY_ROWS (sizeof key_rows / sizeof key_rows[0])

/* ---- decoding a request ---- */

struct failure {
    char *text;
    size_t size;
};

__attribute__((format(printf, 3, 4))) static enum sp_error
fail(struct failure *failure, enum sp_error error, const char *format, ...)
{
    char raw[512];
    va_list args;

    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    text_printable(failure->text, failure->size, raw, strlen(raw));
    return error;
}

/* jansson has no limit on depth that is low enough: brackets are counted
 * first, outside strings. */
static bool depth_allowed(const char *json, size_t size, int max)
{
    bool in_string = false;
    int depth = 0;

    for (size_t i = 0; i < size; i++) {
        char c = json[i];

        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > max)
                return false;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return true;
}

static enum sp_error take_id(struct control_request *request,
                             const json_t *value, struct failure *failure)
{
    const char *id = json_string_value(value);

    if (!id)
        return fail(failure, SP_EINVAL, "\"id\": not a string");
    if (!sp_id_valid(id, json_string_length(value)))
        return fail(failure, SP_EBADID,
                    "invalid session ID '%.80s': 1 to 64 of A-Z a-z 0-9 _ -",
                    id);
    memcpy(request->id, id, json_string_length(value) + 1);
    return SP_OK;
}

static enum sp_error take_pid(struct control_request *request,
                              const json_t *value, struct failure *failure)
{
    json_int_t pid = json_integer_value(value);

    if (!json_is_integer(value) || pid < 2 || pid > INT32_MAX)
        return fail(failure, SP_EINVAL, "\"pid\": not a process ID above 1");
    request->pid = (pid_t)pid;
    return SP_OK;
}

static enum sp_error take_module(struct control_request *request,
                                 const json_t *value, struct failure *failure)
{
    const char *module = json_string_value(value);
    size_t len = json_string_length(value);

    if (!module)
        return fail(failure, SP_EINVAL, "\"module\": not a string");
    /* a module's name has the grammar of an ID */
    if (len > CONTROL_MODULE_MAX || !sp_id_valid(module, len))
        return fail(failure, SP_EMODULE, "unknown module '%.80s'", module);
    memcpy(request->module, module, len + 1);
    return SP_OK;
}

static enum sp_error take_arg(struct control_request *request,
                              const json_t *value, bool base64,
                              struct failure *failure)
{
    const char *text = json_string_value(value);
    size_t len = json_string_length(value);

    if (!text)
        return fail(failure, SP_EINVAL, "\"arg\": not a string");
    request->arg = malloc(len + 1);
    if (!request->arg)
        return fail(failure, SP_ENOMEM, "out of memory");
    if (!base64) {
        memcpy(request->arg, text, len);
        request->arg_size = len;
    } else if (!base64_decode(request->arg, &request->arg_size, text, len)) {
        return fail(failure, SP_EINVAL, "\"arg_base64\": not base64");
    }
    return SP_OK;
}

static enum sp_error take_flag(bool *out_flag, const char *name,
                               const json_t *value, struct failure *failure)
{
    if (!json_is_boolean(value))
        return fail(failure, SP_EINVAL, "\"%s\": not true or false", name);
    *out_flag = json_is_true(value);
    return SP_OK;
}

static enum sp_error take_number(int64_t *out_number, const char *name,
                                 int64_t max, const json_t *value,
                                 struct failure *failure)
{
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < 0 || number > max)
        return fail(failure, SP_EINVAL,
                    "\"%s\": not a whole number from 0 to %lld", name,
                    (long long)max);
    *out_number = number;
    return SP_OK;
}

int control_signal(const char *name)
{
    if (strncmp(name, "SIG", 3) == 0)
        name += 3;
    for (int number = 1; number < NSIG; number++) {
        const char *known = sigabbrev_np(number);

        if (known && strcmp(known, name) == 0)
            return number;
    }
    return 0;
}

static enum sp_error take_signal(struct control_request *request,
                                 const json_t *value, struct failure *failure)
{
    const char *name = json_string_value(value);

    if (!name)
        return fail(failure, SP_EINVAL, "\"signal\": not a string");
    request->signal = control_signal(name);
    if (request->signal == 0)
        return fail(failure, SP_EINVAL,
                    "\"signal\": there is no signal '%.40s'; as USR1 or "
                    "SIGUSR1",
                    name);
    return SP_OK;
}

static enum sp_error take_wait(struct control_request *request,
                               const json_t *value, struct failure *failure)
{
    const char *name = json_string_value(value);

    for (size_t i = 0; name && i < CONTROL_WAITS; i++)
        if (strcmp(wait_names[i], name) == 0) {
            request->wait = (enum control_wait)i;
            return SP_OK;
        }
#define WORD(NAME, name) " \"" name "\""
    return fail(failure, SP_EINVAL,
                "\"for\": not one of" CONTROL_WAIT_TABLE(WORD));
#undef WORD
}

static enum sp_error take_key(struct control_request *request,
                              enum control_key key, const json_t *value,
                              struct failure *failure)
{
    request->keys |= key;
    switch (key) {
    case CONTROL_KEY_ID:
        return take_id(request, value, failure);
    case CONTROL_KEY_PID:
        return take_pid(request, value, failure);
    case CONTROL_KEY_MODULE:
        return take_module(request, value, failure);
    case CONTROL_KEY_ARG:
        return take_arg(request, value, false, failure);
    case CONTROL_KEY_ARG_BASE64:
        return take_arg(request, value, true, failure);
    case CONTROL_KEY_DRAIN:
        return take_flag(&request->drain, "drain", value, failure);
    case CONTROL_KEY_DETAILED:
        return take_flag(&request->detailed, "detailed", value, failure);
    case CONTROL_KEY_SIGNAL:
        return take_signal(request, value, failure);
    case CONTROL_KEY_FOR:
        return take_wait(request, value, failure);
    case CONTROL_KEY_TIMEOUT:
        return take_number(&request->timeout_ms, "timeout_ms",
                           CONTROL_TIMEOUT_MAX_MS, value, failure);
    case CONTROL_KEY_SINCE:
        return take_number(&request->since_ms, "since_ms", INT64_MAX, value,
                           failure);
    case CONTROL_KEY_AFTER:
        return take_number(&request->after, "after", INT64_MAX, value, failure);
    }
    return SP_EINVAL;
}

static enum sp_error take_op(struct control_request *request,
                             const json_t *object, struct failure *failure)
{
    const char *op = json_string_value(json_object_get(object, "op"));

    if (!op)
        return fail(failure, SP_EINVAL, "\"op\": not given, or not a string");
    for (size_t i = 0; i < CONTROL_OPS; i++)
        if (strcmp(op, op_rows[i].name) == 0) {
            request->op = (enum control_op)i;
            return SP_OK;
        }
    return fail(failure, SP_EINVAL, "\"op\": there is no operation '%.80s'",
                op);
}

static const struct key_row *find_key(const char *name, unsigned allowed)
{
    for (size_t i = 0; i < KEY_ROWS; i++)
        if ((allowed & key_rows[i].key) && strcmp(name, key_rows[i].name) == 0)
            return &key_rows[i];
    return NULL;
}

static bool exactly_one(unsigned bits)
{
    return bits != 0 && (bits & (bits - 1)) == 0;
}

static enum sp_error take_keys(struct control_request *request, json_t *object,
                               struct failure *failure)
{
    const struct op_row *row = &op_rows[request->op];
    const char *name;
    json_t *value;

    json_object_foreach (object, name, value) {
        const struct key_row *key;
        enum sp_error error;

        if (strcmp(name, "op") == 0)
            continue;
        key = find_key(name, row->one_of | row->optional);
        if (!key)
            return fail(failure, SP_EINVAL, "'%.80s': not a key of \"%s\"",
                        name, row->name);
        if (request->arg && (key->key & (CONTROL_KEY_ARG |
                                         CONTROL_KEY_ARG_BASE64)))
            return fail(failure, SP_EINVAL,
                        "\"arg\" and \"arg_base64\": give one of them");
        error = take_key(request, key->key, value, failure);
        if (error != SP_OK)
            return error;
    }
    if (request->op == CONTROL_SIGNAL && request->signal == 0)
        return fail(failure, SP_EINVAL, "\"signal\": not given");
    if (row->one_of && !exactly_one(request->keys & row->one_of))
        return fail(failure, SP_EINVAL, "\"%s\": wants exactly one of %s",
                    row->name,
                    row->one_of & CONTROL_KEY_PID ? "\"id\" and \"pid\""
                                                  : "\"id\"");
    return SP_OK;
}

enum sp_error control_request_decode(const void *json, size_t size,
                                     struct control_request *out_request,
                                     char *out_text, size_t text_size)
{
    struct failure failure = {out_text, text_size};
    struct control_request request = {.timeout_ms = CONTROL_TIMEOUT_MAX_MS};
    enum sp_error error;
    json_error_t parse;
    json_t *object;

    if (size > CONTROL_REQUEST_MAX)
        return fail(&failure, SP_EMSGSIZE, "request: %zu bytes, over %d", size,
                    CONTROL_REQUEST_MAX);
    if (control_plain_decode(json, size, out_request))
        return SP_OK;
    if (!depth_allowed(json, size, CONTROL_DEPTH_MAX))
        return fail(&failure, SP_EINVAL, "request: nested deeper than %d",
                    CONTROL_DEPTH_MAX);
    object = json_loadb(json, size, JSON_REJECT_DUPLICATES, &parse);
    if (!object)
        return fail(&failure, SP_EINVAL, "request: not JSON: byte %d: %s",
                    parse.position, parse.text);
    if (!json_is_object(object))
        error = fail(&failure, SP_EINVAL, "request: not a JSON object");
    else
        error = take_op(&request, object, &failure);
    if (error == SP_OK)
        error = take_keys(&request, object, &failure);
    json_decref(object);
    if (error != SP_OK)
        control_request_fini(&request);
    else
        *out_request = request;
    return error;
}

void control_request_fini(struct control_request *request)
{
    free(request->arg);
    request->arg = NULL;
    request->arg_size = 0;
}

/* ---- encoding a request ---- */

static bool put_arg(json_t *object, const struct control_request *request)
{
    char *text = malloc(BASE64_SIZE(request->arg_size));
    bool put;

    if (!text)
        return false;
    base64_encode(text, request->arg, request->arg_size);
    put = json_object_set_new(object, "arg_base64", json_string(text)) == 0;
    free(text);
    return put;
}

static bool put(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

static bool put_modifiers(json_t *object, const struct control_request *request)
{
    unsigned keys = request->keys;

    return (!(keys & CONTROL_KEY_DRAIN) ||
            put(object, "drain", json_boolean(request->drain))) &&
           (!(keys & CONTROL_KEY_DETAILED) ||
            put(object, "detailed", json_boolean(request->detailed))) &&
           (!(keys & CONTROL_KEY_SIGNAL) ||
            put(object, "signal",
                json_string(sigabbrev_np(request->signal)))) &&
           (!(keys & CONTROL_KEY_FOR) ||
            put(object, "for", json_string(wait_names[request->wait]))) &&
           (!(keys & CONTROL_KEY_TIMEOUT) ||
            put(object, "timeout_ms", json_integer(request->timeout_ms))) &&
           (!(keys & CONTROL_KEY_SINCE) ||
            put(object, "since_ms", json_integer(request->since_ms))) &&
           (!(keys & CONTROL_KEY_AFTER) ||
            put(object, "after", json_integer(request->after)));
}

static char *encode_any(const struct control_request *request,
                        size_t *out_size)
{
    json_t *object = json_pack("{s:s}", "op", op_rows[request->op].name);
    bool built = object != NULL;
    char *text = NULL;

    if (built && (request->keys & CONTROL_KEY_ID))
        built = json_object_set_new(object, "id",
                                    json_string(request->id)) == 0;
    if (built && (request->keys & CONTROL_KEY_PID))
        built = json_object_set_new(object, "pid",
                                    json_integer(request->pid)) == 0;
    if (built && (request->keys & CONTROL_KEY_MODULE))
        built = json_object_set_new(object, "module",
                                    json_string(request->module)) == 0;
    if (built)
        built = put_modifiers(object, request);
    if (built && (request->keys & (CONTROL_KEY_ARG | CONTROL_KEY_ARG_BASE64)))
        built = put_arg(object, request);
    if (built)
        text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text)
        *out_size = strlen(text);
    return text;
}

char *control_request_encode(const struct control_request *request,
                             size_t *out_size)
{
    return control_plain(request) ? control_plain_encode(request, out_size)
                                  : encode_any(request, out_size);
}

/* ---- answers ---- */

json_t *control_answer_ok(void)
{
    return json_pack("{s:b}", "ok", 1);
}

json_t *control_answer_error(enum sp_error error, const char *text)
{
    char printable[SP_TEXT_MAX + 1];

    if (!text || !*text)
        text = sp_strerror(error);
    text_printable(printable, sizeof printable, text, strlen(text));
    return json_pack("{s:b, s:i, s:s, s:s}", "ok", 0, "error", (int)error,
                     "name", sp_error_name(error), "text", printable);
}

static bool is_error_number(json_int_t number)
{
    switch (number) {
#define CASE(name, number, exit, from_session, text) case number:
        SP_ERROR_TABLE(CASE)
#undef CASE
        return number != SP_OK;
    }
    return false;
}

json_t *control_told(const void *json, size_t size)
{
    if (!depth_allowed(json, size, CONTROL_TOLD_DEPTH_MAX))
        return NULL;
    return json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
}

enum sp_error control_answer_decode(const void *json, size_t size,
                                    json_t **out_answer, char *out_text,
                                    size_t text_size)
{
    struct failure failure = {out_text, text_size};
    json_t *answer = control_told(json, size);
    const json_t *ok = json_object_get(answer, "ok");
    const json_t *error = json_object_get(answer, "error");
    const char *text = json_string_value(json_object_get(answer, "text"));

    *out_answer = answer;
    if (json_is_true(ok))
        return SP_OK;
    if (json_is_false(ok) && json_is_integer(error) && text &&
        is_error_number(json_integer_value(error))) {
        text_printable(out_text, text_size, text, strlen(text));
        return (enum sp_error)json_integer_value(error);
    }
    json_decref(answer);
    *out_answer = NULL;
    return fail(&failure, SP_EPROTO, "the supervisor's answer makes no sense");
}
