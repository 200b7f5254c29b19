/* SPDX-License-Identifier: MIT */
/* Linked into sp-worker when it is built with AddressSanitizer, and never
 * else.  A session may end with calls that its module kept and will not
 * answer, which is no leak of ours; and spd kills sessions that are about to
 * exit, which leaves LeakSanitizer's helper process behind.  Its environment
 * is empty, so that it cannot be told by ASAN_OPTIONS. */
const char *__asan_default_options(void);

__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
