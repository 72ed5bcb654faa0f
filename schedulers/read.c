/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/read.h"

#include "schedulers/model.h"
#include "schedulers/numbering.h"
#include "schedulers/read_json.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const formats[] = {"auto", "takt", "fjsp", "jsp"}; /* by enum read_format */

bool read_format_find(const char *name, enum read_format *ret) {
    for (size_t k = 0; k < sizeof formats / sizeof *formats; k++)
        if (strcmp(formats[k], name) == 0) {
            *ret = (enum read_format)k;
            return true;
        }
    return false;
}

/* Words of the first line that is neither empty nor a comment. */
static size_t first_line_words(const char *text, size_t size) {
    size_t words = 0;
    bool inside = false, comment = false;
    for (size_t k = 0; k < size; k++) {
        if (text[k] == '\n') {
            if (words > 0)
                break;
            comment = inside = false;
            continue;
        }
        comment = comment || (words == 0 && text[k] == '#');
        bool blank = isspace((unsigned char)text[k]) != 0;
        words += !comment && !blank && !inside;
        inside = !blank;
    }
    return words;
}

enum read_format read_format_guess(const char *text, size_t size, const char *name) {
    size_t k = 0, length = name != NULL ? strlen(name) : 0;
    while (k < size && isspace((unsigned char)text[k]))
        k++;
    if (k < size && (text[k] == '{' || text[k] == '['))
        return READ_TAKT;
    if (length > 4 && strcmp(name + length - 4, ".fjs") == 0)
        return READ_FJSP;
    return first_line_words(text, size) == 3 ? READ_FJSP : READ_JSP;
}

int read_problem(const char *text, size_t size, enum read_format format, struct problem **ret, struct takt_error *err) {
    if (format == READ_AUTO)
        format = read_format_guess(text, size, NULL);
    return format == READ_TAKT ? read_takt(text, size, ret, err) : read_shop(text, size, format == READ_FJSP, ret, err);
}

/* Tasks are found by "job\ntask". */
static void name_tasks(const struct problem *p, struct numbering *lines, struct numbering *tasks, struct arena *arena) {
    for (int32_t l = 0; l < p->lines; l++)
        numbering_add(lines, p->line_name[l] != NULL ? p->line_name[l] : arena_printf(arena, "%d", (int)l), NULL);
    for (int32_t i = 0; i < p->tasks; i++) {
        const char *job = p->job_name[p->job[i]], *task = p->task_name[i];
        numbering_add(tasks, arena_printf(arena, "%s\n%s", job != NULL ? job : "", task != NULL ? task : ""), NULL);
    }
}

static bool read_placed(const json_t *row, const char *where, const struct numbering *lines,
                        const struct numbering *tasks, struct schedule *s, struct takt_error *err) {
    const char *job, *task, *line;
    const int64_t least = -PROBLEM_TICK_MAX + 1;
    struct arena *arena = arena_new();
    bool sound = json_text(row, "job", where, &job, err) && json_text(row, "task", where, &task, err) &&
                 json_text(row, "line", where, &line, err);
    if (sound) {
        int32_t i = numbering_find(tasks, arena_printf(arena, "%s\n%s", job, task)), l = numbering_find(lines, line);
        sound = false;
        if (i < 0 || l < 0)
            takt_fail(err, TAKT_EDATA, "%s: task '%.60s' of job '%.60s' on '%.60s' is not in the problem", where, task,
                      job, line);
        else if (s->line[i] >= 0)
            takt_fail(err, TAKT_EDATA, "%s: task '%.60s' of job '%.60s' is there twice", where, task, job);
        else if (json_object_get(row, "start") == NULL || json_object_get(row, "end") == NULL)
            takt_fail(err, TAKT_EDATA, "%s has no 'start' or no 'end'", where);
        else
            sound = json_whole(row, "start", where, least, &s->start[i], err) &&
                    json_whole(row, "end", where, least, &s->end[i], err);
        if (sound)
            s->line[i] = l;
    }
    arena_free(arena);
    return sound;
}

int read_schedule(const char *text, size_t size, const struct problem *p, struct schedule **ret,
                  struct takt_error *err) {
    struct takt_error own = {0};
    json_t *root = json_read(text, size, &own), *rows = NULL;
    struct arena *arena = arena_new();
    struct numbering lines = {0}, tasks = {0};
    struct schedule *s = schedule_new(p->tasks);
    bool sound = root != NULL;
    if (sound && json_object_get(root, "tasks") == NULL) {
        takt_fail(&own, TAKT_EDATA, "the schedule has no 'tasks'");
        sound = false;
    }
    sound = sound && json_rows(root, "tasks", "the schedule", &rows, &own);
    if (sound)
        name_tasks(p, &lines, &tasks, arena);
    for (size_t k = 0; sound && k < json_array_size(rows); k++) {
        char where[64];
        snprintf(where, sizeof where, "row number %zu", k + 1);
        sound = read_placed(json_array_get(rows, k), where, &lines, &tasks, s, &own);
    }
    numbering_done(&lines);
    numbering_done(&tasks);
    arena_free(arena);
    json_decref(root);
    if (!sound) {
        schedule_free(s);
        return takt_fail(err, own.code, "%s", own.text);
    }
    *ret = s;
    return 0;
}
