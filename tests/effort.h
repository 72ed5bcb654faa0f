/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How many random cases a test tries: all of them in a plain build, a share of them where a sanitizer makes each many times
 * dearer, or where the build says so (-DTEST_EFFORT_SHARE=20: a twentieth), as it does for valgrind. */

#if !defined(TEST_EFFORT_SHARE) && defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TEST_EFFORT_SHARE 20
#elif __has_feature(address_sanitizer)
#define TEST_EFFORT_SHARE 5
#endif
#endif

#if !defined(TEST_EFFORT_SHARE)
#if defined(__SANITIZE_THREAD__)
#define TEST_EFFORT_SHARE 20
#elif defined(__SANITIZE_ADDRESS__)
#define TEST_EFFORT_SHARE 5
#else
#define TEST_EFFORT_SHARE 1
#endif
#endif

#define TEST_EFFORT(full) ((full) / TEST_EFFORT_SHARE)

/* The step of a test that goes through every call of a kind, one after the other. */
#define TEST_STRIDE (TEST_EFFORT_SHARE > 1 ? 7 : 1)
