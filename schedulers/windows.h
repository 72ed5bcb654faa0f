/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The searcher for long plans: anneals windows of them, one after the other, each as a problem of its own (window.h).
 *
 * Each lane has a share of the plan's list, so lanes work side by side on different parts; after a stretch their parts
 * are put together. A window's new order is taken when the whole plan, computed exactly, costs no more with it: the
 * plan never gets worse.
 *
 * Threads, ownership: searcher.h. */

#include "schedulers/searcher.h"

extern const struct searcher_kind windows_kind;
