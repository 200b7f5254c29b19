/* SPDX-License-Identifier: MIT */
/* Asks LeakSanitizer, where there is one, at the end of each test. */
#include "leaks.h"

#include <criterion/criterion.h>

#if defined(__SANITIZE_ADDRESS__)
#define LEAKS_KNOWN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_KNOWN 1
#endif
#endif

#ifdef LEAKS_KNOWN
#include <sanitizer/lsan_interface.h>
#endif

void leaks_check(void)
{
#ifdef LEAKS_KNOWN
    cr_assert(__lsan_do_recoverable_leak_check() == 0, "memory was leaked");
#endif
}
