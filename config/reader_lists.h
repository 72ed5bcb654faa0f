/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The kinds of options that are lists or maps of values. See config/reader.h. */

#include "config/reader.h"

read_value_fn read_dates, read_spans, read_keys, read_tokens, read_pairs, read_options, read_materials, read_pools, read_like,
    read_op_lines, read_terminal_lines, read_transit;
