/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's events made into a tree.
 *
 * libyaml by itself takes duplicate keys, aliases that refer to themselves and further documents without a word, and
 * the cost of some hostile inputs grows with the square of their length. So nothing is ever composed by it: events are
 * taken one by one, reading ends at level 33 (which also ends bracket bombs, since libyaml looks ahead 1,024 characters
 * at most), and directives, of which libyaml compares each with all before it, are looked for before it is started. */
#include "config/document.h"

#include "base/arena.h"
#include "config/names.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

struct frame { /* a list or map that is being read */
    struct node *node;
    struct entry *entries; /* heap */
    size_t count, cap;
    const struct node *key; /* of a map: read, its value is next */
};

struct builder {
    yaml_parser_t parser;
    const struct source *source;
    struct arena *arena;
    struct faults *faults;
    struct frame stack[DOCUMENT_DEPTH_MAX];
    size_t depth, nodes;
    const struct node *root;
    bool stopped; /* by a fault after which nothing more can be understood */
};

static struct place place_of(const struct builder *b, const yaml_mark_t *mark) {
    return (struct place){b->source, (int)mark->line + 1, (int)mark->column + 1};
}

static void stop(struct builder *b, const yaml_mark_t *mark, const char *why) {
    fault_at(b->faults, place_of(b, mark), "%s", why);
    b->stopped = true;
}

static struct node *new_node(struct builder *b, enum node_kind kind, const yaml_event_t *event) {
    if (++b->nodes > DOCUMENT_NODES_MAX && !b->stopped)
        stop(b, &event->start_mark, "more than 1,000,000 values in one file");
    struct node *node = arena_alloc(b->arena, sizeof *node);
    node->kind = kind;
    node->place = place_of(b, &event->start_mark);
    node->text = "";
    return node;
}

static bool key_is_next(const struct builder *b) {
    return b->depth > 0 && b->stack[b->depth - 1].node->kind == NODE_MAP && b->stack[b->depth - 1].key == NULL;
}

/* A finished node goes into what is open around it. */
static void attach(struct builder *b, const struct node *node) {
    if (b->depth == 0) {
        b->root = node;
        return;
    }
    struct frame *top = &b->stack[b->depth - 1];
    if (key_is_next(b)) {
        top->key = node;
        return;
    }
    ARRAY_GROW(top->entries, top->count, top->cap);
    top->entries[top->count++] = (struct entry){top->key, node};
    top->key = NULL;
}

static void push(struct builder *b, enum node_kind kind, const yaml_event_t *event) {
    if (b->depth == DOCUMENT_DEPTH_MAX) {
        stop(b, &event->start_mark, "more than 32 levels");
        return;
    }
    b->stack[b->depth] = (struct frame){.node = new_node(b, kind, event)};
    b->depth++;
}

static void report_duplicate(struct builder *b, const struct node *key, const struct node *first) {
    fault_at(b->faults, key->place, "'%s' is here twice; the first is in line %d, column %d", key->text,
             first->place.line, first->place.column);
}

/* Leaves out entries whose key is no text or was there before, and makes the index of the others. */
static void check_keys(struct builder *b, struct frame *map) {
    struct names *seen = names_new(b->arena, map->count);
    size_t kept = 0;
    for (size_t k = 0; k < map->count; k++) {
        struct entry e = map->entries[k];
        if (e.key->kind != NODE_SCALAR) {
            if (e.key->kind != NODE_BROKEN)
                fault_at(b->faults, e.key->place,
                         "a key must be plain text; put quotes around text that has { } or [ ]");
            continue;
        }
        int32_t first = names_add(seen, e.key->text, (int32_t)kept);
        if (first >= 0)
            report_duplicate(b, e.key, map->entries[first].key);
        else
            map->entries[kept++] = e;
    }
    map->count = kept;
    map->node->index = seen;
}

static void pop(struct builder *b) {
    struct frame *top = &b->stack[b->depth - 1];
    if (top->node->kind == NODE_MAP)
        check_keys(b, top);
    top->node->entries = arena_memdup(b->arena, top->entries, top->count * sizeof *top->entries);
    top->node->count = top->count;
    free(top->entries);
    top->entries = NULL;
    b->depth--;
    attach(b, top->node);
}

static bool has_control(const char *text, size_t length) {
    for (size_t k = 0; k < length; k++)
        if ((unsigned char)text[k] < 0x20 || text[k] == 0x7f)
            return true;
    return false;
}

/* YAML has words for "no value", which mean the same as writing none. */
static bool is_null(const char *text) {
    return strcmp(text, "~") == 0 || strcmp(text, "null") == 0 || strcmp(text, "Null") == 0 ||
           strcmp(text, "NULL") == 0;
}

static void take_scalar(struct builder *b, const yaml_event_t *event) {
    struct node *node = new_node(b, NODE_SCALAR, event);
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (!node->quoted && !key_is_next(b) && is_null(value))
        length = 0;
    if (has_control(value, length)) {
        fault_at(b->faults, node->place, "a control character (a line end, tab or the like) in a value");
        node->kind = NODE_BROKEN;
    } else {
        node->text = arena_strndup(b->arena, value, length);
    }
    attach(b, node);
}

static void refuse_properties(struct builder *b, const yaml_event_t *event, const yaml_char_t *anchor,
                              const yaml_char_t *tag) {
    if (anchor != NULL)
        fault_at(b->faults, place_of(b, &event->start_mark), "anchors (&%s) are not allowed; write it out",
                 (const char *)anchor);
    if (tag != NULL)
        fault_at(b->faults, place_of(b, &event->start_mark), "tags (%s) are not allowed", (const char *)tag);
}

static void take(struct builder *b, const yaml_event_t *event) {
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        refuse_properties(b, event, event->data.scalar.anchor, event->data.scalar.tag);
        take_scalar(b, event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        refuse_properties(b, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
        push(b, NODE_LIST, event);
        break;
    case YAML_MAPPING_START_EVENT:
        refuse_properties(b, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
        push(b, NODE_MAP, event);
        break;
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        pop(b);
        break;
    case YAML_ALIAS_EVENT:
        fault_at(b->faults, place_of(b, &event->start_mark), "aliases (*%s) are not allowed; write it out",
                 (const char *)event->data.alias.anchor);
        attach(b, new_node(b, NODE_BROKEN, event));
        break;
    default:
        break;
    }
}

/* A problem that libyaml has with the characters comes as an offset, one with the syntax as a mark. */
static void report_syntax(struct builder *b, const char *bytes) {
    const yaml_parser_t *p = &b->parser;
    if (p->error != YAML_READER_ERROR) {
        struct place at = place_of(b, &p->problem_mark);
        if (p->context != NULL)
            fault_at(b->faults, at, "this is not YAML: %s (%s that began in line %zu)", p->problem, p->context,
                     p->context_mark.line + 1);
        else
            fault_at(b->faults, at, "this is not YAML: %s", p->problem);
        return;
    }
    struct place at = {b->source, 1, 1};
    for (size_t k = 0; k < p->problem_offset; k++) {
        at.column = bytes[k] == '\n' ? 1 : at.column + (((unsigned char)bytes[k] & 0xc0) != 0x80);
        at.line += bytes[k] == '\n';
    }
    fault_at(b->faults, at, "not a character that YAML takes: %s; the file must be UTF-8", p->problem);
}

/* What stands after the first document; true if nothing does. */
static bool ends_here(const char *rest, const char *end) {
    while (rest < end) {
        const char *line_end = memchr(rest, '\n', (size_t)(end - rest));
        if (line_end == NULL)
            line_end = end;
        while (rest < line_end && (*rest == ' ' || *rest == '\t' || *rest == '\r'))
            rest++;
        if (rest < line_end && *rest != '#')
            return false;
        rest = line_end + (line_end < end);
    }
    return true;
}

/* The end of the document at a mark: of the line, if a comment or nothing follows. */
static void check_end(struct builder *b, const yaml_mark_t *mark, const char *bytes, size_t size) {
    const char *at = bytes, *end = bytes + size;
    for (size_t line = 0; line < mark->line && at < end; line++) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        at = line_end == NULL ? end : line_end + 1;
    }
    for (size_t column = 0; column < mark->column && at < end; at++)
        column += ((unsigned char)at[0] & 0xc0) != 0x80;
    if (!ends_here(at, end))
        fault_at(b->faults, place_of(b, mark), "a second document begins here; a file holds one");
}

static bool refuse_directives(const struct source *source, const char *bytes, size_t size, struct faults *faults) {
    int line = 1;
    for (const char *at = bytes, *end = bytes + size; at < end; line++) {
        if (*at == '%') {
            fault_at(faults, (struct place){source, line, 1}, "directives (lines that begin with %%) are not allowed");
            return true;
        }
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        at = line_end == NULL ? end : line_end + 1;
    }
    return false;
}

static void run(struct builder *b, const char *bytes, size_t size) {
    for (bool done = false; !done && !b->stopped;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&b->parser, &event)) {
            report_syntax(b, bytes);
            b->stopped = true;
            return;
        }
        take(b, &event);
        if (event.type == YAML_DOCUMENT_END_EVENT)
            check_end(b, &event.end_mark, bytes, size);
        done = event.type == YAML_DOCUMENT_END_EVENT || event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
}

const struct node *document_parse(const struct source *source, const char *bytes, size_t size, struct arena *arena,
                                  struct faults *faults) {
    struct builder b = {.source = source, .arena = arena, .faults = faults};
    if (size > DOCUMENT_SIZE_MAX) {
        fault_at(faults, (struct place){source, 1, 1}, "the file is larger than 16 MiB");
        return NULL;
    }
    if (refuse_directives(source, bytes, size, faults))
        return NULL;
    if (!yaml_parser_initialize(&b.parser))
        takt_no_memory();
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b.parser, (const unsigned char *)bytes, size);
    run(&b, bytes, size);
    for (size_t k = 0; k < b.depth; k++)
        free(b.stack[k].entries);
    yaml_parser_delete(&b.parser);
    if (b.stopped || b.root == NULL)
        return NULL;
    if (b.root->kind == NODE_SCALAR && b.root->text[0] == '\0' && !b.root->quoted)
        return NULL; /* nothing but a document mark */
    if (b.root->kind != NODE_MAP) {
        if (b.root->kind != NODE_BROKEN)
            fault_at(faults, b.root->place, "a map of keys such as 'lines:' is wanted here");
        return NULL;
    }
    return b.root;
}

const struct node *node_get(const struct node *map, const char *key) {
    if (map == NULL || map->kind != NODE_MAP)
        return NULL;
    if (map->index != NULL) {
        int32_t place = names_find(map->index, key);
        return place >= 0 ? map->entries[place].value : NULL;
    }
    for (size_t k = 0; k < map->count; k++)
        if (strcmp(map->entries[k].key->text, key) == 0)
            return map->entries[k].value;
    return NULL;
}
