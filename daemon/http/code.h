/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The name of a task or lot as a QR code, in SVG, for paper that a scanner reads: one unit a module, a quiet zone of four.
 *
 * Threads: no state. */

#include <stddef.h>

enum { CODE_TEXT_MAX = 128 };

/* From malloc; NULL: the text is empty, longer than CODE_TEXT_MAX, or not printable ASCII. */
char *code_svg(const char *text, size_t *ret_size);
