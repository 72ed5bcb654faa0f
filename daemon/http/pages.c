/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/http/pages.h"

/* The assembler embeds the file; the Makefile knows that this object depends on it. */
#define PAGE(name, file)                                                                                               \
    extern const char bytes_of_##name[];                                                                               \
    __asm__(".pushsection .rodata\nbytes_of_" #name ":\n.incbin \"daemon/http/pages/" file "\"\n.byte 0\n"              \
            ".popsection\n");                                                                                          \
    const char *const page_##name = bytes_of_##name

PAGE(board_html, "board.html");
PAGE(board_js, "board.js");
PAGE(gantt_js, "gantt.js");
PAGE(why_js, "why.js");
PAGE(words_js, "words.js");
PAGE(board_css, "board.css");
PAGE(icon_svg, "icon.svg");
PAGE(line_html, "line.html");
PAGE(line_js, "line.js");
PAGE(paper_js, "paper.js");
PAGE(reports_js, "reports.js");
PAGE(line_words_js, "line-words.js");
PAGE(line_css, "line.css");
