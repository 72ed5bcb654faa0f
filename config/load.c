/* SPDX-License-Identifier: Apache-2.0 */
/* Files into a plant.
 *
 * Each file becomes a tree (config/document.h); the trees' top-level keys become one map, in which sections of names
 * are spread over files; the reader makes the plant of it (config/reader.h), and what its parts mean together is
 * checked last (config/sense.h). If a file is not even YAML, only that is reported, as all else would merely follow
 * from it. */
#include "base/arena.h"
#include "config/document.h"
#include "config/inner.h"
#include "config/reader.h"
#include "config/sense.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DROP_IN_FOLDER "taktd.d"

struct joined { /* a section of names that is spread over files */
    struct node node;
    struct entry *entries; /* the node's, to be added to */
    struct names *names;   /* likewise */
    size_t cap;
};

struct load {
    struct arena *scratch; /* trees, faults, texts of files */
    struct faults *faults, *notes;
    struct source *sources;
    size_t source_count;
    struct entry *entries; /* of the merged root */
    size_t entry_count;
    struct joined *joined[TABLE_COUNT];
    size_t joined_count;
    bool unreadable; /* a file is not YAML */
};

/* The whole of a file; one byte more than may be is enough to know that it is too large. */
static int slurp(struct load *load, const char *path, char **ret, size_t *ret_size, struct takt_error *err) {
    FILE *file = fopen(path, "re");
    struct stat info;
    if (file == NULL)
        return takt_fail(err, errno == ENOENT ? TAKT_ENOENT : TAKT_EIO, "cannot open '%s': %s", path, strerror(errno));
    if (fstat(fileno(file), &info) == 0 && S_ISDIR(info.st_mode)) {
        fclose(file);
        return takt_fail(err, TAKT_EIO, "cannot read '%s': it is a folder", path);
    }
    size_t size = 0, cap = 0;
    char *bytes = NULL;
    while (size <= DOCUMENT_SIZE_MAX) {
        cap = cap == 0 ? 64 * 1024 : cap * 2;
        bytes = takt_realloc(bytes, cap, 1);
        size_t n = fread(bytes + size, 1, cap - size, file);
        size += n;
        if (size < cap)
            break;
    }
    bool failed = ferror(file) != 0;
    fclose(file);
    if (!failed) {
        *ret = arena_memdup(load->scratch, bytes, size);
        *ret_size = size;
    }
    free(bytes);
    return failed ? takt_fail(err, TAKT_EIO, "cannot read '%s': %s", path, strerror(EIO)) : 0;
}

static bool has_names(const char *key) {
    const struct option_row *o = section_option(&sections[0], key);
    return o != NULL && o->kind == OPTION_NAMED;
}

static struct entry *merged(struct load *load, const char *key) {
    for (size_t k = 0; k < load->entry_count; k++)
        if (strcmp(load->entries[k].key->text, key) == 0)
            return &load->entries[k];
    return NULL;
}

/* Room for `cap` names; what is there already moves in. */
static void make_room(struct load *load, struct joined *j, size_t cap) {
    struct entry *entries = arena_array(load->scratch, cap, sizeof *entries);
    if (j->node.count > 0)
        memcpy(entries, j->node.entries, j->node.count * sizeof *entries);
    j->names = names_new(load->scratch, cap);
    for (size_t k = 0; k < j->node.count; k++)
        names_add(j->names, entries[k].key->text, (int32_t)k);
    j->node.entries = j->entries = entries;
    j->node.index = j->names;
    j->cap = cap;
}

/* Further names into a section; a name that is there already is a fault. */
static void join(struct load *load, struct joined *j, const struct node *more) {
    if (j->node.count + more->count > j->cap)
        make_room(load, j, 2 * (j->node.count + more->count)); /* doubled, as there may be a file for every creator */
    for (size_t k = 0; k < more->count; k++) {
        const struct node *key = more->entries[k].key;
        int32_t first = names_add(j->names, key->text, (int32_t)j->node.count);
        if (first < 0) {
            j->entries[j->node.count++] = more->entries[k];
            continue;
        }
        struct place there = j->entries[first].key->place;
        fault_at(load->faults, key->place, "'%.100s' is defined twice; the first is at %s:%d:%d", key->text,
                 there.source->path, there.line, there.column);
    }
}

/* The section as one that can be joined: its first file's node gives place and names. */
static struct joined *joinable(struct load *load, struct entry *e) {
    for (size_t k = 0; k < load->joined_count; k++)
        if (&load->joined[k]->node == e->value)
            return load->joined[k];
    struct joined *j = arena_alloc(load->scratch, sizeof *j);
    j->node = *e->value;
    make_room(load, j, j->node.count);
    e->value = &j->node;
    load->joined[load->joined_count++] = j; /* at most one for each section of names of the root */
    return j;
}

static void merge_key(struct load *load, const struct entry *e) {
    struct entry *there = merged(load, e->key->text);
    if (there == NULL) {
        load->entries[load->entry_count++] = *e;
        return;
    }
    bool maps = there->value->kind == NODE_MAP && e->value->kind == NODE_MAP;
    bool same_version = strcmp(e->key->text, "takt") == 0 && e->value->kind == NODE_SCALAR &&
                        there->value->kind == NODE_SCALAR && strcmp(e->value->text, there->value->text) == 0;
    if (has_names(e->key->text) && maps) {
        join(load, joinable(load, there), e->value);
    } else if (!same_version) {
        struct place first = there->key->place;
        fault_at(load->faults, e->key->place, "'%.100s' is defined twice; the first is at %s:%d:%d", e->key->text,
                 first.source->path, first.line, first.column);
    }
}

static int add_file(struct load *load, const char *path, struct takt_error *err) {
    struct source *source = &load->sources[load->source_count];
    char *bytes = NULL;
    size_t size = 0;
    int r = slurp(load, path, &bytes, &size, err);
    if (r < 0)
        return r;
    *source = (struct source){arena_strdup(load->scratch, path), (int)load->source_count};
    load->source_count++;
    size_t before = faults_count(load->faults);
    const struct node *root = document_parse(source, bytes, size, load->scratch, load->faults);
    if (root == NULL) {
        if (source->number == 0 && faults_count(load->faults) == before)
            fault_at(load->faults, (struct place){source, 1, 1}, "the file is empty");
        load->unreadable |= faults_count(load->faults) > before;
        return 0;
    }
    struct entry *entries = arena_array(load->scratch, load->entry_count + root->count, sizeof *entries);
    if (load->entry_count > 0)
        memcpy(entries, load->entries, load->entry_count * sizeof *entries);
    load->entries = entries;
    for (size_t k = 0; k < root->count; k++)
        merge_key(load, &root->entries[k]);
    return 0;
}

static int only_yaml(const struct dirent *e) {
    size_t length = strlen(e->d_name);
    return e->d_name[0] != '.' && length > 5 && strcmp(e->d_name + length - 5, ".yaml") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name); /* not by locale, so that the same files give the same plant */
}

/* The *.yaml of taktd.d beside the file. */
static int list_drop_ins(struct load *load, const char *file, const char ***ret, size_t *ret_count,
                         struct takt_error *err) {
    const char *slash = strrchr(file, '/');
    int prefix = slash == NULL ? 0 : (int)(slash - file + 1);
    const char *folder = arena_printf(load->scratch, "%.*s" DROP_IN_FOLDER, prefix, file);
    struct dirent **found = NULL;
    int count = scandir(folder, &found, only_yaml, by_name);
    if (count < 0 && errno != ENOENT && errno != ENOTDIR)
        return takt_fail(err, TAKT_EIO, "cannot read '%s': %s", folder, strerror(errno));
    size_t n = count < 0 ? 0 : (size_t)count;
    const char **paths = arena_array(load->scratch, n, sizeof *paths);
    for (size_t k = 0; k < n; k++) {
        paths[k] = arena_printf(load->scratch, "%s/%s", folder, found[k]->d_name);
        free(found[k]);
    }
    free(found);
    *ret = paths;
    *ret_count = n;
    return 0;
}

static int add_files(struct load *load, const char *file, const char *const *drop_ins, size_t drop_in_count,
                     struct takt_error *err) {
    const char **beside = NULL;
    size_t beside_count = 0;
    int r = list_drop_ins(load, file, &beside, &beside_count, err);
    if (r < 0)
        return r;
    load->sources = arena_array(load->scratch, 1 + beside_count + drop_in_count, sizeof *load->sources);
    r = add_file(load, file, err);
    for (size_t k = 0; k < beside_count && r == 0; k++)
        r = add_file(load, beside[k], err);
    for (size_t k = 0; k < drop_in_count && r == 0; k++)
        r = add_file(load, drop_ins[k], err);
    return r;
}

static struct plant *new_plant(void) {
    struct arena *arena = arena_new();
    struct plant *plant = arena_alloc(arena, sizeof *plant);
    plant->inner = arena_alloc(arena, sizeof *plant->inner);
    plant->inner->arena = arena;
    atomic_init(&plant->inner->references, 1);
    return plant;
}

/* What follows from other options rather than from a default. */
static void derive(struct plant *plant) {
    if (plant->name == NULL)
        plant->name = plant->id;
    plant_index_pairs(plant);
}

static struct plant *build(struct load *load) {
    struct plant *plant = new_plant();
    struct node root = {.kind = NODE_MAP,
                        .text = "",
                        .place = {&load->sources[0], 1, 1},
                        .entries = load->entries,
                        .count = load->entry_count};
    struct reader r = {.arena = plant->inner->arena,
                       .scratch = load->scratch,
                       .plant = plant,
                       .faults = load->faults,
                       .notes = load->notes};
    reader_read(&r, &root);
    derive(plant);
    sense_check(&(struct sense){plant, &root, load->scratch, load->faults, load->notes});
    plant->notes = faults_list(load->notes, plant->inner->arena, &plant->note_count);
    return plant;
}

static int report(const struct load *load, struct plant_faults *ret, struct takt_error *err) {
    ret->arena = arena_new();
    ret->list = faults_list(load->faults, ret->arena, &ret->count);
    const struct plant_fault *first = &ret->list[0];
    if (ret->count == 1)
        return takt_fail(err, TAKT_ECONFIG, "%s:%d:%d: %s", first->file, first->line, first->column, first->text);
    return takt_fail(err, TAKT_ECONFIG, "%s:%d:%d: %s (and %zu more)", first->file, first->line, first->column,
                     first->text, ret->count - 1);
}

int plant_load(const char *file, const char *const *drop_ins, size_t drop_in_count, struct plant **ret,
               struct plant_faults *ret_faults, struct takt_error *err) {
    struct arena *scratch = arena_new();
    struct load load = {.scratch = scratch, .faults = faults_new(scratch), .notes = faults_new(scratch)};
    struct plant *plant = NULL;
    *ret_faults = (struct plant_faults){0};
    int r = add_files(&load, file, drop_ins, drop_in_count, err);
    if (r == 0 && !load.unreadable)
        plant = build(&load);
    if (r == 0 && faults_count(load.faults) > 0)
        r = report(&load, ret_faults, err);
    if (r == 0)
        *ret = plant;
    else
        plant_unref(plant);
    arena_free(scratch);
    return r;
}
