/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The files of the board and of the lines' pages, as they lie in pages/, embedded; each ended by a NUL. */

extern const char *const page_board_html, *const page_board_js, *const page_gantt_js, *const page_why_js,
    *const page_words_js, *const page_board_css, *const page_icon_svg, *const page_line_html,
    *const page_line_js, *const page_paper_js, *const page_reports_js, *const page_line_words_js, *const page_line_css;
