// SPDX-License-Identifier: Apache-2.0
// What can go wrong, one class a thing that a program would treat in its own way.

/** No endpoint answered in time. Orders that were pushed stay in the outbox. */
export class Unreachable extends Error {}

/** The plant refused. `name` is one of the protocol's closed table, `at` the place in the message. */
export class Problem extends Error {
    constructor(name, { detail = '', at = '', title = '' } = {}) {
        super(`${name}: ${detail || title}${at && ` (at ${at})`}`);
        Object.assign(this, { name, detail, at, title });
    }
}

/** Not now: the same message may be sent again in a moment. */
export class Busy extends Problem {}

/** The plant has restarted. The client says hello and sends again by itself. */
export class NoSession extends Problem {}

/** The order_ref was used before, with other content, which stands. */
export class Conflict extends Problem {}

/** The key, or the name, may not do this. */
export class NotAllowed extends Problem {}

const CLASSES = new Map([['busy', Busy], ['no-session', NoSession], ['conflict', Conflict], ['not-allowed', NotAllowed],
    ['unknown-creator', NotAllowed]]);

/** A `problem` message, or a row of `results`, as an error. */
export function problemFrom(message) {
    const name = String(message.problem ?? 'internal');
    return new (CLASSES.get(name) ?? Problem)(name, message);
}
