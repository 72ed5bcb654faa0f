/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The files of the board, as they lie in pages/, embedded; each ended by a NUL. */

extern const char *const page_board_html, *const page_board_js, *const page_gantt_js, *const page_why_js,
    *const page_words_js, *const page_board_css, *const page_icon_svg;
