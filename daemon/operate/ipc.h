/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The files of ipc endpoints: their folders, who has them, and who may use them.
 *
 * ZeroMQ takes over a file that exists, whoever listens there. So before anything is bound, missing folders are made and a
 * connection to each is tried: the file of a dead daemon is no obstacle, that of a living one is (TAKT_EBUSY). Between bind and
 * ipc_open_to_group the file has the mode that the umask gives, by which others can at most not connect.
 *
 * Threads: no state. Other kinds of endpoints, NULL, abstract names (`ipc://@…`) and those
 * whose socket the service manager holds (inherited.h) are passed over. */

#include "config/plant.h"

enum { IPC_MODE = 0660 };

int ipc_prepare(const struct plant_listen *listen, struct takt_error *err);

/* After all are bound: whoever is in the file's group may connect. */
int ipc_open_to_group(const struct plant_listen *listen, struct takt_error *err);
