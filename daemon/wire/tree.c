/* SPDX-License-Identifier: Apache-2.0 */

/* Why not a library: jansson, which was here before, took a quarter of the daemon's processor time under load and its allocations
 * half as much again, since it makes two to four blocks of each value (docs/benchmarks.md, Intake). Those that are faster do not
 * refuse what the protocol refuses: a key that is there twice above all.
 *
 * The grammar has a function a rule. A byte that is not expected ends the parsing; the copy ends with a NUL, which is expected
 * nowhere, so nothing looks beyond it. Levels are counted on the way down, so the recursion is bounded by them.
 *
 * Keys are compared pair by pair in small objects; in large ones they are put into a table, by SipHash with a key that nobody knows,
 * so that no choice of names makes it slow (Aumasson and Bernstein 2012). */

#include "daemon/wire/tree.h"

#include "base/arena.h"

#include <assert.h>
#include <math.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRWISE_MAX = 16, BYTES_A_VALUE = 20 };

struct parser {
    char *at;
    const char *begin, *end;
    struct tree_node *nodes;
    size_t count, cap;
    int level;
    bool keyed;
    unsigned char key[crypto_shorthash_KEYBYTES];
    bool faulty; /* there was something that is refused, and the document can be read all the same */
    struct refusal *refusal;
};

/* ---- what goes wrong ---- */

static bool fail(const struct parser *p, const char *at, const char *why) {
    if (p->faulty)
        return false; /* what was wrong first has been told */
    return refuse(p->refusal, REFUSAL_BAD_MESSAGE, "", "not valid JSON at byte %zu: %s", (size_t)(at - p->begin), why);
}

static void note_fault(struct parser *p, const char *at, const char *why) {
    fail(p, at, why);
    p->faulty = true;
}

/* ---- texts ---- */

static bool is_ordinary(unsigned char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

static bool follows(unsigned char c) {
    return (c & 0xC0) == 0x80;
}

/* Bytes of the character at s; 0: it is none. What is too long, a surrogate or beyond U+10FFFF shows in its second byte. */
static size_t utf8_size(const unsigned char *s) {
    if (s[0] < 0xC2 || s[0] > 0xF4)
        return 0;
    if (s[0] < 0xE0)
        return follows(s[1]) ? 2 : 0;
    unsigned char least = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char most = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    if (s[1] < least || s[1] > most || !follows(s[2]))
        return 0;
    return s[0] < 0xF0 ? 3 : follows(s[3]) ? 4 : 0;
}

static bool read_hex(const char *at, uint32_t *ret) {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        if (c >= '0' && c <= '9')
            value = value << 4 | (uint32_t)(c - '0');
        else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))
            value = value << 4 | ((uint32_t)(c | 0x20) - 'a' + 10);
        else
            return false;
    }
    *ret = value;
    return true;
}

static char *put_utf8(char *to, uint32_t c) {
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xE0 | c >> 12);
        } else {
            *to++ = (char)(0xF0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
    }
    *to++ = (char)(0x80 | (c & 0x3F));
    return to;
}

/* \u…, and the other half of a pair. Never longer than what was written, so it may be put where that stood. */
static bool read_code(struct parser *p, char **to) {
    uint32_t c, low;
    if (!read_hex(p->at + 1, &c))
        return fail(p, p->at, "\\u is followed by four hexadecimal digits");
    p->at += 5;
    if (c >= 0xD800 && c < 0xDC00) {
        if (p->at[0] != '\\' || p->at[1] != 'u' || !read_hex(p->at + 2, &low) || low < 0xDC00 || low > 0xDFFF)
            return fail(p, p->at, "half a surrogate pair");
        p->at += 6;
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if (c >= 0xDC00 && c < 0xE000) {
        return fail(p, p->at, "half a surrogate pair");
    }
    if (c == 0)
        return fail(p, p->at, "\\u0000 is not allowed");
    *to = put_utf8(*to, c);
    return true;
}

static bool read_escape(struct parser *p, char **to) {
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    p->at++;
    if (*p->at == 'u')
        return read_code(p, to);
    const char *found = *p->at ? strchr(from, *p->at) : NULL;
    if (found == NULL)
        return fail(p, p->at, "no such escape");
    *(*to)++ = into[found - from];
    p->at++;
    return true;
}

/* From the first byte that needs a look to behind the closing quote; ret_end: of what was decoded. */
static bool read_text_slowly(struct parser *p, char **ret_end) {
    char *to = p->at;
    while (*p->at != '"') {
        unsigned char c = (unsigned char)*p->at;
        if (c == '\\') {
            if (!read_escape(p, &to))
                return false;
            continue;
        }
        if (c < 0x20)
            return fail(p, p->at, p->at == p->end ? "a text does not end" : "a control character in a text");
        size_t size = c < 0x80 ? 1 : utf8_size((const unsigned char *)p->at);
        if (size == 0)
            return fail(p, p->at, "not UTF-8");
        memmove(to, p->at, size);
        to += size;
        p->at += size;
    }
    p->at++;
    *ret_end = to;
    return true;
}

/* At its opening quote. */
static bool read_text(struct parser *p, const char **ret, uint32_t *ret_size, bool *ret_plain) {
    char *begin = ++p->at, *end;
    while (is_ordinary((unsigned char)*p->at))
        p->at++;
    *ret_plain = *p->at == '"';
    end = p->at;
    if (*ret_plain)
        p->at++;
    else if (!read_text_slowly(p, &end))
        return false;
    *end = '\0';
    *ret = begin;
    *ret_size = (uint32_t)(end - begin);
    return true;
}

/* ---- numbers ---- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Whether there is at least one. */
static bool skip_digits(struct parser *p) {
    const char *begin = p->at;
    while (is_digit(*p->at))
        p->at++;
    return p->at > begin;
}

static bool read_real(struct parser *p, char *begin, struct tree_node *node) {
    if (*p->at == '.' && (p->at++, !skip_digits(p)))
        return fail(p, p->at, "a point is followed by digits");
    if (*p->at == 'e' || *p->at == 'E') {
        p->at++;
        if (*p->at == '+' || *p->at == '-')
            p->at++;
        if (!skip_digits(p))
            return fail(p, p->at, "an exponent has digits");
    }
    node->kind = TREE_REAL;
    node->text = begin;
    node->size = (uint32_t)(p->at - begin);
    if (!isfinite(tree_real(node)))
        note_fault(p, begin, "a number that is too large");
    return true;
}

static bool read_number(struct parser *p, struct tree_node *node) {
    char *begin = p->at;
    const bool minus = *p->at == '-';
    const uint64_t most = (uint64_t)INT64_MAX + minus;
    uint64_t value = 0;
    bool large = false;
    p->at += minus;
    if (!is_digit(*p->at))
        return fail(p, p->at, "a value was expected");
    if (*p->at == '0') {
        p->at++;
    } else {
        for (; is_digit(*p->at); p->at++) {
            uint64_t digit = (uint64_t)(*p->at - '0');
            large = large || value > (most - digit) / 10;
            value = value * 10 + digit;
        }
    }
    if (*p->at == '.' || *p->at == 'e' || *p->at == 'E')
        return read_real(p, begin, node);
    if (large)
        note_fault(p, begin, "an integer that is too large");
    node->kind = TREE_INTEGER;
    node->integer = large ? 0 : minus ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* ---- keys that are there twice ---- */

static bool same_name(const struct tree_node *a, const struct tree_node *b) {
    return strcmp(a->name, b->name) == 0;
}

static bool has_pair(const struct tree_node *object) {
    const struct tree_node *found[PAIRWISE_MAX], *at = object + 1;
    for (uint32_t i = 0; i < object->size; at += at->span, i++) {
        for (uint32_t k = 0; k < i; k++)
            if (same_name(found[k], at))
                return true;
        found[i] = at;
    }
    return false;
}

static bool has_pair_of_many(struct parser *p, const struct tree_node *object) {
    const struct tree_node *at = object + 1;
    size_t cap = 4 * PAIRWISE_MAX;
    bool found = false;
    while (cap < 2 * (size_t)object->size)
        cap *= 2;
    const struct tree_node **table = takt_alloc(cap * sizeof *table);
    if (!p->keyed)
        randombytes_buf(p->key, sizeof p->key);
    p->keyed = true;
    for (uint32_t i = 0; i < object->size && !found; at += at->span, i++) {
        uint64_t place;
        crypto_shorthash((unsigned char *)&place, (const unsigned char *)at->name, strlen(at->name), p->key);
        for (place &= cap - 1; table[place] && !found; place = (place + 1) & (cap - 1))
            found = same_name(table[place], at);
        table[place] = at;
    }
    free(table);
    return found;
}

/* ---- values ---- */

static bool read_value(struct parser *p, const char *name);

static void skip_space(struct parser *p) {
    while (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t')
        p->at++;
}

static bool read_word(struct parser *p, struct tree_node *node, const char *word, enum tree_kind kind) {
    size_t size = strlen(word);
    if (strncmp(p->at, word, size) != 0)
        return fail(p, p->at, "a value was expected");
    p->at += size;
    node->kind = kind;
    return true;
}

static bool read_member(struct parser *p) {
    const char *name;
    uint32_t size;
    bool plain;
    if (*p->at != '"')
        return fail(p, p->at, "the name of a member was expected");
    if (!read_text(p, &name, &size, &plain))
        return false;
    skip_space(p);
    if (*p->at != ':')
        return fail(p, p->at, "':' was expected");
    p->at++;
    skip_space(p);
    return read_value(p, name);
}

/* At its opening bracket; place: of its node, which moves when there are more. */
static bool read_many(struct parser *p, size_t place, char close) {
    const char *begin = p->at;
    uint32_t size = 0;
    if (++p->level > TREE_LEVELS_MAX)
        return p->faulty ? false
                         : refuse(p->refusal, REFUSAL_BAD_MESSAGE, "", "more than %d levels at byte %zu", TREE_LEVELS_MAX,
                                  (size_t)(begin - p->begin));
    p->at++;
    skip_space(p);
    for (bool more = *p->at != close; more; size++) {
        if (!(close == '}' ? read_member(p) : read_value(p, NULL)))
            return false;
        skip_space(p);
        more = *p->at == ',';
        if (!more && *p->at != close)
            return fail(p, p->at, close == '}' ? "',' or '}' was expected" : "',' or ']' was expected");
        if (more) {
            p->at++;
            skip_space(p);
        }
    }
    p->at++;
    p->level--;
    struct tree_node *node = &p->nodes[place];
    node->kind = close == '}' ? TREE_OBJECT : TREE_LIST;
    node->size = size;
    node->span = (uint32_t)(p->count - place);
    if (node->kind == TREE_OBJECT && (size <= PAIRWISE_MAX ? has_pair(node) : has_pair_of_many(p, node)))
        note_fault(p, begin, "an object has a key twice");
    return true;
}

static bool read_value(struct parser *p, const char *name) {
    if (p->count >= TREE_VALUES_MAX)
        return p->faulty ? false : refuse(p->refusal, REFUSAL_BAD_MESSAGE, "", "more than %d values", TREE_VALUES_MAX);
    ARRAY_GROW(p->nodes, p->count, p->cap);
    const size_t place = p->count++;
    struct tree_node *node = &p->nodes[place];
    *node = (struct tree_node){.name = name, .span = 1};
    switch (*p->at) {
    case '{':
        return read_many(p, place, '}');
    case '[':
        return read_many(p, place, ']');
    case '"':
        node->kind = TREE_TEXT;
        return read_text(p, &node->text, &node->size, &node->plain);
    case 't':
        return read_word(p, node, "true", TREE_TRUE);
    case 'f':
        return read_word(p, node, "false", TREE_FALSE);
    case 'n':
        return read_word(p, node, "null", TREE_NULL);
    default:
        return read_number(p, node);
    }
}

static bool read_document(struct parser *p) {
    skip_space(p);
    if (!read_value(p, NULL))
        return false;
    skip_space(p);
    return p->at == p->end || fail(p, p->at, "something follows the document");
}

/* ---- the tree ---- */

bool tree_parse(struct tree *ret, const void *bytes, size_t size, struct refusal *ret_refusal) {
    char *copy = takt_realloc(NULL, size + 1, 1);
    memcpy(copy, bytes, size);
    copy[size] = '\0';
    struct parser p = {.at = copy, .begin = copy, .end = copy + size, .cap = size / BYTES_A_VALUE + 8, .refusal = ret_refusal};
    p.nodes = takt_realloc(NULL, p.cap, sizeof *p.nodes);
    *ret = (struct tree){copy, p.nodes};
    bool whole = size < UINT32_MAX && read_document(&p);
    ret->nodes = p.nodes;
    if (!whole)
        tree_done(ret);
    return whole && !p.faulty;
}

void tree_done(struct tree *t) {
    free(t->bytes);
    free(t->nodes);
    *t = (struct tree){0};
}

struct tree_node *tree_member(struct tree_node *object, const char *name) {
    if (object == NULL || object->kind != TREE_OBJECT)
        return NULL;
    struct tree_node *at = object + 1;
    for (uint32_t i = 0; i < object->size; at += at->span, i++)
        if (at->name[0] == name[0] && strcmp(at->name, name) == 0)
            return at;
    return NULL;
}

struct tree_node *tree_element(struct tree_node *list, size_t index) {
    assert(list->kind == TREE_LIST && index < list->size);
    if (list->last.offset == 0 || index < list->last.index) {
        list->last.index = 0;
        list->last.offset = 1;
    }
    for (; list->last.index < index; list->last.index++)
        list->last.offset += list[list->last.offset].span;
    return &list[list->last.offset];
}

struct tree_node *tree_next(struct tree_node *parent, struct tree_node *at) {
    at = at ? at + at->span : parent + 1;
    return at < parent + parent->span ? at : NULL;
}

/* What follows a number is no part of one, or it would not have been taken. */
double tree_real(const struct tree_node *node) {
    return node->kind == TREE_INTEGER ? (double)node->integer : strtod(node->text, NULL);
}

void tree_write(struct tree_node *node, struct writer *w, const char *name) {
    struct tree_node *at = NULL;
    switch (node->kind) {
    case TREE_OBJECT:
    case TREE_LIST:
        if (node->kind == TREE_OBJECT)
            writer_object(w, name);
        else
            writer_list(w, name);
        while ((at = tree_next(node, at)) != NULL)
            tree_write(at, w, at->name);
        writer_end(w);
        break;
    case TREE_TEXT:
        writer_text(w, name, node->text);
        break;
    case TREE_INTEGER:
        writer_integer(w, name, node->integer);
        break;
    case TREE_REAL:
        writer_json_part(w, name, node->text, node->size);
        break;
    case TREE_TRUE:
    case TREE_FALSE:
        writer_boolean(w, name, node->kind == TREE_TRUE);
        break;
    case TREE_NULL:
        writer_null(w, name);
        break;
    }
}
