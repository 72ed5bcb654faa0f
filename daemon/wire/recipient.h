/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The recipient of an order: a name and an address, or the token of a marketplace that knows them.
 *
 * With a token nothing else is needed, but an address may say the country, for the days on the way. Without one, name and
 * the address's country (ISO 3166, two capitals), city and line1 are needed. What is missing or not valid is refused as
 * `bad-recipient`.
 *
 * Threads: no state. Ownership: the texts lie in the message. */

#include "daemon/store/store.h"
#include "daemon/wire/digest.h"
#include "daemon/wire/reader.h"
#include "daemon/wire/writer.h"

enum recipient_field {
    RECIPIENT_TOKEN, RECIPIENT_NAME, RECIPIENT_PHONE, RECIPIENT_EMAIL,
    /* of the address */
    RECIPIENT_COUNTRY, RECIPIENT_REGION, RECIPIENT_CITY, RECIPIENT_LINE1, RECIPIENT_LINE2, RECIPIENT_POSTAL_CODE,
    RECIPIENT_FIELDS
};

struct recipient {
    const char *field[RECIPIENT_FIELDS]; /* NULL: missing */
};

enum { RECIPIENT_SECRET_SIZE = 32 };

/* The member `recipient` of an order or amendment; ret_given false: there is none. */
bool recipient_read(const struct reader *parent, struct recipient *ret, bool *ret_given);

/* A quote needs no more than `recipient.address.country`; ret "" if it is not given. */
bool recipient_read_country(const struct reader *parent, char ret[STORE_COUNTRY_SIZE]);

/* Same recipient, same key: over what identifies him (token; name and address) without case, spaces and punctuation, with
 * a secret, so that the key alone does not tell who it is. Never 0. */
uint64_t recipient_key(const struct recipient *r, const uint8_t secret[RECIPIENT_SECRET_SIZE]);

/* The secret of a plant until it has keys of its own: from its id. */
void recipient_secret(const char *plant, uint8_t ret[RECIPIENT_SECRET_SIZE]);

void recipient_digest(const struct recipient *r, struct digest *d);
/* {"name", …, "address": {…}} as it came, without members that are not the protocol's. */
void recipient_write(const struct recipient *r, struct writer *w, const char *name);
