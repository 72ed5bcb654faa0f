/* SPDX-License-Identifier: Apache-2.0 */
#include "schedulers/write.h"

#include "schedulers/model.h"

#include <inttypes.h>

/* Names are UTF-8 from JSON, or made here: quotes, backslashes and controls are all that must be written in another
 * way. */
static void write_text(FILE *out, const char *text) {
    fputc('"', out);
    for (const char *c = text != NULL ? text : ""; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            fprintf(out, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            fprintf(out, "\\u%04x", (unsigned)(unsigned char)*c);
        else
            fputc(*c, out);
    }
    fputc('"', out);
}

void write_schedule(FILE *out, const struct problem *p, const struct schedule *s) {
    fputs("{\"tasks\": [", out);
    for (int32_t i = 0; i < s->task_count; i++) {
        fputs(i == 0 ? "\n{\"job\": " : ",\n{\"job\": ", out);
        write_text(out, p->job_name[p->job[i]]);
        fputs(", \"task\": ", out);
        write_text(out, p->task_name[i]);
        fputs(", \"line\": ", out);
        write_text(out, p->line_name[s->line[i]]);
        fprintf(out, ", \"start\": %" PRId32 ", \"end\": %" PRId32 "}", s->start[i], s->end[i]);
    }
    fputs("]}\n", out);
}

enum { CHART_WIDTH = 1600, CHART_LEFT = 120, CHART_ROW = 26, CHART_TOP = 30 };

static void write_markup(FILE *out, const char *text) {
    for (const char *c = text != NULL ? text : ""; *c != '\0'; c++) {
        if (*c == '<')
            fputs("&lt;", out);
        else if (*c == '&')
            fputs("&amp;", out);
        else if ((unsigned char)*c >= 0x20)
            fputc(*c, out);
    }
}

/* Thousandths of a unit from the left. */
static int64_t chart_x(int32_t tick, int32_t from, int32_t to) {
    int64_t width = (int64_t)(CHART_WIDTH - CHART_LEFT) * 1000;
    return CHART_LEFT * 1000 + width * ((int64_t)tick - from) / (to > from ? to - from : 1);
}

static bool is_late(const struct problem *p, const struct schedule *s, int32_t task) {
    int32_t job = p->job[task];
    for (int32_t k = p->job_due_offset[job]; k < p->job_due_offset[job + 1]; k++)
        if (p->due[p->job_due[k]] != PROBLEM_NONE && s->end[task] > p->due[p->job_due[k]])
            return true;
    return false;
}

static void chart_closed(FILE *out, const struct problem *p, int32_t line, int32_t from, int32_t to) {
    const struct hours *h = &p->hours[p->line_hours[line]];
    int32_t open = from;
    for (int32_t k = 0; h->count != HOURS_ALWAYS && k <= h->count; k++) {
        int32_t next = k < h->count ? h->from[k] : to;
        next = next < to ? next : to;
        if (next > open) {
            int64_t x = chart_x(open, from, to), x2 = chart_x(next, from, to);
            fprintf(out, "<rect x=\"%.3f\" y=\"%d\" width=\"%.3f\" height=\"%d\" fill=\"#e4e4e4\"/>\n",
                    (double)x / 1000, CHART_TOP + line * CHART_ROW, (double)(x2 - x) / 1000, CHART_ROW - 2);
        }
        if (k < h->count && h->to[k] > open)
            open = h->to[k];
    }
}

static void chart_task(FILE *out, const struct problem *p, const struct schedule *s, int32_t i,
                       const int32_t range[2]) {
    int64_t x = chart_x(s->start[i], range[0], range[1]), x2 = chart_x(s->end[i], range[0], range[1]);
    int32_t colour = p->family[i] >= 0 ? p->family[i] : p->job[i];
    fprintf(out,
            "<rect x=\"%.3f\" y=\"%d\" width=\"%.3f\" height=\"%d\" fill=\"hsl(%d,60%%,65%%)\" stroke=\"%s\"><title>",
            (double)x / 1000, CHART_TOP + s->line[i] * CHART_ROW + 2, (double)(x2 - x) / 1000, CHART_ROW - 6,
            (int)((int64_t)colour * 137 % 360), is_late(p, s, i) ? "#c00" : "#555");
    write_markup(out, p->job_name[p->job[i]]);
    fputs(" / ", out);
    write_markup(out, p->task_name[i]);
    fprintf(out, ", %" PRId32 " to %" PRId32 "</title></rect>\n", s->start[i], s->end[i]);
}

void write_chart(FILE *out, const struct problem *p, const struct schedule *s) {
    int32_t range[2] = {0, 1};
    for (int32_t i = 0; i < s->task_count; i++) {
        range[0] = s->start[i] < range[0] ? s->start[i] : range[0];
        range[1] = s->end[i] > range[1] ? s->end[i] : range[1];
    }
    fprintf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n<text x=\"%d\" y=\"18\">%" PRId32
        "</text><text x=\"%d\" y=\"18\" text-anchor=\"end\">%" PRId32 "</text>\n",
        CHART_WIDTH, CHART_TOP + p->lines * CHART_ROW + 10, CHART_LEFT, range[0], CHART_WIDTH, range[1]);
    for (int32_t l = 0; l < p->lines; l++) {
        fprintf(out, "<text x=\"4\" y=\"%d\">", CHART_TOP + l * CHART_ROW + 16);
        write_markup(out, p->line_name[l]);
        fputs("</text>\n", out);
        chart_closed(out, p, l, range[0], range[1]);
    }
    for (int32_t i = 0; i < s->task_count; i++)
        chart_task(out, p, s, i, range);
    fputs("</svg>\n", out);
}
