/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/wire/recipient.h"

#include <string.h>

/* Digests and keys are over the fields in this order: a new field goes to the end. */
static const struct {
    const char *name;
    bool in_address, needed; /* without a token */
    size_t most;
} table[RECIPIENT_FIELDS] = {
    [RECIPIENT_TOKEN] = {"token", false, false, 256},
    [RECIPIENT_NAME] = {"name", false, true, 200},
    [RECIPIENT_PHONE] = {"phone", false, false, 40},
    [RECIPIENT_EMAIL] = {"email", false, false, 254},
    [RECIPIENT_COUNTRY] = {"country", true, true, 2},
    [RECIPIENT_REGION] = {"region", true, false, 100},
    [RECIPIENT_CITY] = {"city", true, true, 100},
    [RECIPIENT_LINE1] = {"line1", true, true, 200},
    [RECIPIENT_LINE2] = {"line2", true, false, 200},
    [RECIPIENT_POSTAL_CODE] = {"postal_code", true, false, 20},
};

/* ---- reading ---- */

static bool country_is_valid(const char *text) {
    return strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A' && text[1] <= 'Z';
}

static bool email_is_valid(const char *text) {
    const char *at = strchr(text, '@');
    return at && at > text && at[1] != '\0' && strchr(at + 1, '@') == NULL && strchr(text, ' ') == NULL;
}

static bool phone_is_valid(const char *text) {
    return strspn(text, "0123456789+-()./ x") == strlen(text) && strpbrk(text, "0123456789") != NULL;
}

static bool check_country(const struct reader *address, const char *country) {
    return country_is_valid(country) ||
           reader_problem(address, "country", REFUSAL_BAD_RECIPIENT, "country is '%s'; it is two capitals, as in CN or GB",
                         country);
}

static bool check_values(const struct recipient *r, const struct reader *self, const struct reader *address) {
    if (r->field[RECIPIENT_COUNTRY] && !check_country(address, r->field[RECIPIENT_COUNTRY]))
        return false;
    if (r->field[RECIPIENT_EMAIL] && !email_is_valid(r->field[RECIPIENT_EMAIL]))
        return reader_problem(self, "email", REFUSAL_BAD_RECIPIENT, "email is not one");
    if (r->field[RECIPIENT_PHONE] && !phone_is_valid(r->field[RECIPIENT_PHONE]))
        return reader_problem(self, "phone", REFUSAL_BAD_RECIPIENT, "phone is not a number");
    return true;
}

bool recipient_read(const struct reader *parent, struct recipient *ret, bool *ret_given) {
    struct reader self, address = {0};
    *ret = (struct recipient){0};
    *ret_given = false;
    if (!reader_object(parent, "recipient", READ_OPTIONAL, &self))
        return false;
    if (self.node == NULL)
        return true;
    self.value_kind = REFUSAL_BAD_RECIPIENT;
    if (!reader_text(&self, "token", READ_OPTIONAL, table[RECIPIENT_TOKEN].most, &ret->field[RECIPIENT_TOKEN]))
        return false;
    const bool token = ret->field[RECIPIENT_TOKEN] != NULL;
    if (!reader_object(&self, "address", token ? READ_OPTIONAL : READ_REQUIRED, &address))
        return false;
    for (int i = RECIPIENT_TOKEN + 1; i < RECIPIENT_FIELDS; i++) {
        const struct reader *from = table[i].in_address ? &address : &self;
        enum need need = table[i].needed && !token ? READ_REQUIRED : READ_OPTIONAL;
        if (from->node && !reader_text(from, table[i].name, need, table[i].most, &ret->field[i]))
            return false;
    }
    *ret_given = true;
    return check_values(ret, &self, &address);
}

bool recipient_read_country(const struct reader *parent, char ret[STORE_COUNTRY_SIZE]) {
    struct reader self, address;
    const char *country = "";
    ret[0] = '\0';
    if (!reader_object(parent, "recipient", READ_OPTIONAL, &self))
        return false;
    self.value_kind = REFUSAL_BAD_RECIPIENT;
    if (self.node == NULL)
        return true;
    if (!reader_object(&self, "address", READ_OPTIONAL, &address))
        return false;
    if (address.node == NULL)
        return true;
    if (!reader_text(&address, "country", READ_OPTIONAL, table[RECIPIENT_COUNTRY].most, &country))
        return false;
    if (*country && !check_country(&address, country))
        return false;
    memcpy(ret, country, strlen(country) + 1);
    return true;
}

/* ---- key ---- */

/* Letters, digits and whatever is not ASCII; the capitals of ASCII as small letters. */
static void normalise(const char *text, char *ret, size_t size) {
    size_t length = 0;
    for (; *text && length + 1 < size; text++) {
        char c = *text;
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80)
            ret[length++] = c;
    }
    ret[length] = '\0';
}

uint64_t recipient_key(const struct recipient *r, const uint8_t secret[RECIPIENT_SECRET_SIZE]) {
    struct digest d;
    uint8_t out[16];
    uint64_t key = 0;
    digest_begin(&d, sizeof out, secret);
    if (r->field[RECIPIENT_TOKEN]) { /* a marketplace's token is exact */
        digest_text(&d, r->field[RECIPIENT_TOKEN]);
    } else {
        for (int i = RECIPIENT_NAME; i < RECIPIENT_FIELDS; i++) {
            char text[256];
            normalise(r->field[i] ? r->field[i] : "", text, sizeof text);
            if (i != RECIPIENT_PHONE && i != RECIPIENT_EMAIL) /* these may differ from order to order */
                digest_text(&d, text);
        }
    }
    digest_end(&d, out);
    for (int i = 0; i < 8; i++)
        key |= (uint64_t)out[i] << (8 * i);
    return key ? key : 1;
}

void recipient_secret(const char *plant, uint8_t ret[RECIPIENT_SECRET_SIZE]) {
    struct digest d;
    digest_begin(&d, RECIPIENT_SECRET_SIZE, NULL);
    digest_text(&d, "takt recipient 1");
    digest_text(&d, plant);
    digest_end(&d, ret);
}

/* ---- writing ---- */

void recipient_digest(const struct recipient *r, struct digest *d) {
    for (int i = 0; i < RECIPIENT_FIELDS; i++)
        digest_text(d, r->field[i]);
}

void recipient_write(const struct recipient *r, struct writer *w, const char *name) {
    bool open = false;
    writer_object(w, name);
    for (int i = 0; i < RECIPIENT_FIELDS; i++) {
        if (r->field[i] == NULL)
            continue;
        if (table[i].in_address && !open)
            writer_object(w, "address");
        open = open || table[i].in_address;
        writer_text(w, table[i].name, r->field[i]);
    }
    if (open)
        writer_end(w);
    writer_end(w);
}
