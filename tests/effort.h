/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How many random cases a test tries: all of them in a plain build, a share of them where a sanitizer makes each many times
 * dearer. Under valgrind set TAKT_LIVES and the like. */

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_EFFORT(full) ((full) / 20)
#elif __has_feature(address_sanitizer)
#define TEST_EFFORT(full) ((full) / 5)
#endif
#endif

#if !defined(TEST_EFFORT)
#if defined(__SANITIZE_THREAD__)
#define TEST_EFFORT(full) ((full) / 20)
#elif defined(__SANITIZE_ADDRESS__)
#define TEST_EFFORT(full) ((full) / 5)
#else
#define TEST_EFFORT(full) (full)
#endif
#endif
