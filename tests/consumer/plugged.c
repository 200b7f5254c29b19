/* SPDX-License-Identifier: MIT */
/* A program on an installed libsp-evhttp.  That the plug works is shown by the
 * tests of libsp; this shows that one can compile and link against it. */
#include <stddef.h>

#include <event2/event.h>
#include <event2/http.h>
#include <sp/evhttp.h>

int main(void)
{
    struct sp_plug_options *options = sp_plug_options_new();
    enum sp_error error = sp_plug_options_set_key_file(options, NULL, NULL, 0);
    struct event_base *base = event_base_new();
    struct evhttp *http = base ? evhttp_new(base) : NULL;

    if (!http || error != SP_OK)
        return 1;
    evhttp_free(http);
    event_base_free(base);
    sp_plug_options_free(options);
    return 0;
}
