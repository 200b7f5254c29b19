/* SPDX-License-Identifier: MIT */
/* The control socket's JSON under libFuzzer.  What is accepted as a request
 * survives being encoded and decoded again; what is refused is explained in
 * printable text; an answer makes sense or does not, and never leaks. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/base64.h"
#include "wire/control.h"

static void assert_printable(const char text[256])
{
    char again[512];

    assert(memchr(text, '\0', 256));
    text_printable(again, sizeof again, text, strlen(text));
    assert(strcmp(again, text) == 0);
}

static void assert_same(const struct control_request *one,
                        const struct control_request *other)
{
    unsigned args = CONTROL_KEY_ARG | CONTROL_KEY_ARG_BASE64;

    assert(one->op == other->op);
    assert((one->keys & ~args) == (other->keys & ~args));
    assert(!(one->keys & args) == !(other->keys & args));
    assert(strcmp(one->id, other->id) == 0);
    assert(strcmp(one->module, other->module) == 0);
    assert(one->pid == other->pid);
    assert(one->drain == other->drain);
    assert(one->detailed == other->detailed);
    assert(one->signal == other->signal);
    assert(one->wait == other->wait);
    assert(one->timeout_ms == other->timeout_ms);
    assert(one->since_ms == other->since_ms);
    assert(one->after == other->after);
    assert(one->arg_size == other->arg_size);
    assert(one->arg_size == 0 ||
           memcmp(one->arg, other->arg, one->arg_size) == 0);
}

static void check_request(const uint8_t *data, size_t size)
{
    struct control_request request, again;
    char text[256] = "";
    size_t json_size;
    char *json;

    if (control_request_decode(data, size, &request, text, sizeof text) !=
        SP_OK) {
        assert(text[0] != '\0');
        assert_printable(text);
        return;
    }
    json = control_request_encode(&request, &json_size);
    assert(json);
    assert(control_request_decode(json, json_size, &again, text,
                                  sizeof text) == SP_OK);
    assert_same(&request, &again);
    control_request_fini(&again);
    control_request_fini(&request);
    free(json);
}

/* White space before it leaves it to jansson, which says the same of it. */
static void check_by_jansson(const uint8_t *data, size_t size)
{
    struct control_request plain, other;
    char text[256], other_text[256];
    char *spaced = malloc(size + 1);
    enum sp_error error, other_error;

    assert(spaced);
    spaced[0] = ' ';
    if (size > 0)
        memcpy(spaced + 1, data, size);
    error = control_request_decode(data, size, &plain, text, sizeof text);
    other_error = control_request_decode(spaced, size + 1, &other, other_text,
                                         sizeof other_text);
    assert(error == other_error);
    if (error == SP_OK) {
        assert(plain.keys == other.keys);
        assert_same(&plain, &other);
        control_request_fini(&plain);
        control_request_fini(&other);
    }
    free(spaced);
}

static void check_answer(const uint8_t *data, size_t size)
{
    char text[256] = "";
    json_t *answer = NULL;
    enum sp_error error =
        control_answer_decode(data, size, &answer, text, sizeof text);

    assert(answer || error == SP_EPROTO);
    if (error != SP_OK)
        assert_printable(text);
    json_decref(answer);
}

static void check_base64(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size / 4 * 3 + 1);
    size_t count;

    assert(bytes);
    if (base64_decode(bytes, &count, (const char *)data, size)) {
        char *text = malloc(BASE64_SIZE(count));

        assert(text);
        base64_encode(text, bytes, count);
        assert(strlen(text) == size && memcmp(text, data, size) == 0);
        free(text);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_request(data, size);
    check_by_jansson(data, size);
    check_answer(data, size);
    check_base64(data, size);
    return 0;
}
