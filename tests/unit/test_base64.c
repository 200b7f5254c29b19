/* SPDX-License-Identifier: MIT */
/* wire/base64: RFC 4648, section 4, one text for one value. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "support/leaks.h"
#include "wire/base64.h"

TestSuite(base64, .fini = leaks_check);

Test(base64, gives_the_vectors_of_rfc_4648)
{
    static const char *const plain[] = {"",     "f",     "fo",    "foo",
                                        "foob", "fooba", "foobar"};
    static const char *const coded[] = {"",         "Zg==",     "Zm8=",
                                        "Zm9v",     "Zm9vYg==", "Zm9vYmE=",
                                        "Zm9vYmFy"};

    for (size_t i = 0; i < 7; i++) {
        char text[BASE64_SIZE(6)];
        uint8_t back[6];
        size_t size = 99;

        base64_encode(text, (const uint8_t *)plain[i], i);
        cr_expect_str_eq(text, coded[i]);
        cr_expect(base64_decode(back, &size, coded[i], strlen(coded[i])));
        cr_expect_eq(size, i);
        cr_expect(memcmp(back, plain[i], i) == 0);
    }
}

Test(base64, every_size_survives_in_exactly_the_promised_room)
{
    for (size_t size = 0; size <= 300; size++) {
        uint8_t *data = malloc(size + 1), *back = NULL;
        char *text = malloc(BASE64_SIZE(size));
        size_t got = 0;

        for (size_t i = 0; i < size; i++)
            data[i] = (uint8_t)(i * 37 + size);
        base64_encode(text, data, size);
        cr_expect_eq(strlen(text) + 1, BASE64_SIZE(size));
        back = malloc(strlen(text) / 4 * 3 + 1);
        cr_expect(base64_decode(back, &got, text, strlen(text)));
        cr_expect_eq(got, size);
        cr_expect(memcmp(back, data, size) == 0);
        free(back);
        free(text);
        free(data);
    }
}

Test(base64, is_strict)
{
    static const char *const bad[] = {
        "Z", "Zg", "Zg=", "Zg===", "=", "==", "===", "====", "Zg==Zg==",
        "Zh==",     /* stray bits */
        "Zm9=",     /* stray bits */
        "Zm9v\n", "Zm9v Zm9v", " Zg==", "Zg= =", "Z=g=", "Zm-_", "Zm9\xff",
        "Zg==\n\n\n\n",
    };
    uint8_t back[64];
    size_t size;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(base64_decode(back, &size, bad[i], strlen(bad[i])),
                      "'%s'", bad[i]);
    cr_expect_not(base64_decode(back, &size, "Zm9\0", 4));
    for (size_t len = 5; len < 8; len++) /* what follows is not its own */
        cr_expect_not(base64_decode(back, &size, "Zm9vZm9v", len));
}
