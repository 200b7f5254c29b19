/* SPDX-License-Identifier: MIT */
/* In a build with AddressSanitizer only.  LeakSanitizer looks for leaks at exit
 * with a helper process of its own, which would outlive a session that is
 * killed meanwhile; and what a module has not freed or answered when its
 * process ends is no error.  sp-worker's environment is empty, so that it
 * cannot be told by ASAN_OPTIONS. */
const char *__asan_default_options(void);

__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
