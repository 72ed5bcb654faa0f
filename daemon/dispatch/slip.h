/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the packing slip, the label and the line need to know of an order: from the body that the store keeps of it, and
 * in the form of the wire. Personal data: read when a message is written, and let go at once.
 *
 * Threads: one owner. Ownership: slip_free takes all of it. Errors: a body that is missing, erased or not readable is
 * an empty slip, of which nothing is written. */

#include "daemon/wire/writer.h"

struct slip;

struct slip *slip_read(const char *body); /* JSON {recipient?, items?, metadata?}, or NULL */
void slip_free(struct slip *s);           /* NULL is fine */

/* A member each; false, and nothing written, if there is none. item from 0. */
bool slip_write_recipient(const struct slip *s, struct writer *w, const char *name);
bool slip_write_personalization(const struct slip *s, uint32_t item, struct writer *w, const char *name);

/* `fabric=white;size=M` as {"fabric": "white", "size": "M"}; nothing for "". */
void slip_write_options(const char *canonical, struct writer *w, const char *name);
