/* SPDX-License-Identifier: MIT */
/* plug/sse: whatever an event's data is, a browser reads it as this event's
 * data and nothing else. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "plug/sse.h"
#include "support/leaks.h"

TestSuite(sse, .fini = leaks_check);

/* The bytes of one event; the caller frees them. */
static char *event_of(const char *type, const void *data, size_t size)
{
    struct evbuffer *out = evbuffer_new();
    size_t length;
    char *text;

    cr_assert(out && sse_add(out, type, data, size));
    length = evbuffer_get_length(out);
    text = calloc(1, length + 1);
    cr_assert(text);
    evbuffer_copyout(out, text, length);
    evbuffer_free(out);
    return text;
}

static void expect_event(const char *type, const char *data,
                         const char *expected)
{
    char *text = event_of(type, data, strlen(data));

    cr_expect_str_eq(text, expected);
    free(text);
}

Test(sse, event_is_its_type_and_its_data)
{
    expect_event(NULL, "hello", "data: hello\n\n");
    expect_event("crash", "{}", "event: crash\ndata: {}\n\n");
}

Test(sse, event_without_data_is_an_event)
{
    expect_event(NULL, "", "data: \n\n");
}

Test(sse, data_of_several_lines_has_as_many_fields)
{
    expect_event(NULL, "a\nb", "data: a\ndata: b\n\n");
    expect_event(NULL, "a\rb", "data: a\ndata: b\n\n");
    expect_event(NULL, "a\r\nb", "data: a\ndata: b\n\n");
    expect_event(NULL, "a\n\rb", "data: a\ndata: \ndata: b\n\n");
    expect_event(NULL, "a\n\nb", "data: a\ndata: \ndata: b\n\n");
    expect_event(NULL, "a\n", "data: a\ndata: \n\n");
    expect_event(NULL, "\r", "data: \ndata: \n\n");
}

Test(sse, data_cannot_end_its_event_or_begin_a_field)
{
    expect_event("message", "x\n\nevent: crash\ndata: y\n\n",
                 "event: message\ndata: x\ndata: \ndata: event: crash\n"
                 "data: data: y\ndata: \ndata: \n\n");
    expect_event(NULL, ":comment\nid: 7\nretry: 1",
                 "data: :comment\ndata: id: 7\ndata: retry: 1\n\n");
}

Test(sse, data_may_hold_a_nul)
{
    static const char expected[] = "data: a\0b\n\n";
    char *text = event_of(NULL, "a\0b", 3);

    cr_expect_eq(memcmp(text, expected, sizeof expected), 0);
    free(text);
}

/* What a browser makes of the data of one event. */
static size_t read_data(const char *text, size_t size, char *out)
{
    const char *end = text + size;
    size_t len = 0;

    while (*text != '\n') {
        size_t line = (size_t)((char *)memchr(text, '\n',
                                              (size_t)(end - text)) - text);

        cr_assert(strncmp(text, "data: ", 6) == 0);
        memcpy(out + len, text + 6, line - 6);
        len += line - 6;
        out[len++] = '\n';
        text += line + 1;
    }
    cr_expect_eq(text + 1, end, "that was all");
    return len - 1;
}

/* Of all data of so many bytes out of these four. */
Test(sse, data_comes_back_with_each_line_break_as_a_newline)
{
    static const char bytes[] = {'\r', '\n', 'x', ':'};

    for (unsigned n = 0; n < 1u << 12; n++) {
        char data[6], expected[6], out[16], *text;
        size_t expected_size = 0, size;

        for (int i = 0; i < 6; i++)
            data[i] = bytes[n >> 2 * i & 3];
        for (int i = 0; i < 6; i++) {
            if (data[i] == '\n' && i > 0 && data[i - 1] == '\r')
                continue;
            expected[expected_size++] = data[i] == '\r' ? '\n' : data[i];
        }
        text = event_of(NULL, data, 6);
        size = read_data(text, strlen(text), out);
        cr_assert(size == expected_size && memcmp(out, expected, size) == 0,
                  "%u", n);
        free(text);
    }
}

Test(sse, bytes_that_are_not_text_go_as_base64)
{
    struct evbuffer *out = evbuffer_new();
    char text[64] = "";

    cr_assert(sse_add_base64(out, "\xff\x00\r\n", 4));
    evbuffer_remove(out, text, sizeof text - 1);
    cr_expect_str_eq(text, "event: base64\ndata: /wANCg==\n\n");
    cr_assert(sse_add_base64(out, "", 0));
    memset(text, 0, sizeof text);
    evbuffer_remove(out, text, sizeof text - 1);
    cr_expect_str_eq(text, "event: base64\ndata: \n\n");
    evbuffer_free(out);
}

#define expect_text(bytes, is)                                                 \
    cr_expect_eq(sse_is_text((bytes), sizeof(bytes) - 1), (is), "%s", #bytes)

Test(sse, text_is_utf_8_in_its_shortest_form)
{
    expect_text("", true);
    expect_text("plain\r\n\0\x7f", true);
    expect_text("\xc2\x80\xdf\xbf", true);
    expect_text("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", true);
    expect_text("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true);
    expect_text("\x80", false);
    expect_text("\xc1\xbf", false);
    expect_text("\xe0\x9f\xbf", false);
    expect_text("\xed\xa0\x80", false);
    expect_text("\xf0\x8f\xbf\xbf", false);
    expect_text("\xf4\x90\x80\x80", false);
    expect_text("\xf5\x80\x80\x80", false);
    expect_text("\xe2\x82", false);
    expect_text("\xe2\x82x", false);
    expect_text("\xc3", false);
}

static void expect_json(const char *text, const char *expected)
{
    char out[64];

    sse_json(out, sizeof out, text);
    cr_expect_str_eq(out, expected);
}

Test(sse, json_strings_are_escaped)
{
    expect_json("", "\"\"");
    expect_json("a \"b\" \\ c", "\"a \\\"b\\\" \\\\ c\"");
    expect_json("\n\x1f", "\"\\u000a\\u001f\"");
    expect_json("gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"");
    expect_json("\xff", "\"\"");
}

Test(sse, json_strings_are_cut_to_fit)
{
    for (size_t size = 9; size < 40; size++) {
        char *out = malloc(size), text[64];

        memset(text, '\n', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        sse_json(out, size, text);
        cr_expect(strlen(out) < size);
        cr_expect_eq(out[strlen(out) - 1], '"');
        free(out);
    }
}

Test(sse, types_are_words)
{
    char longest[SSE_TYPE_MAX + 2];

    memset(longest, 'a', sizeof longest);
    longest[SSE_TYPE_MAX] = '\0';
    cr_expect(sse_type_valid("give_up"));
    cr_expect(sse_type_valid(longest));
    longest[SSE_TYPE_MAX] = 'a';
    longest[SSE_TYPE_MAX + 1] = '\0';
    cr_expect_not(sse_type_valid(longest));
    cr_expect_not(sse_type_valid(""));
    cr_expect_not(sse_type_valid("a b"));
    cr_expect_not(sse_type_valid("a\ndata: x"));
}
