// SPDX-License-Identifier: Apache-2.0
// The creator's side of the protocol, without sockets and clocks: it is handed messages and the time (in ms), and hands back
// messages.
//
//     connected(now) → messages        a connection was begun: hello
//     receive(message, now) → messages
//     tick(now) → messages             something may be due; `stale` says that the connection is to be begun anew
//     request(…) → id                  then `sendable(now)`; its answer comes to stand in `answers`
//
// A request stays pending until it has its answer. After a hello was welcomed everything that is pending is sent again, which the
// protocol makes harmless, and the subscription goes on where it was. Orders are sent as the credit allows; what is answered `busy`
// or `over-credit` is sent again after a pause.

const ORDERS_MAX = 500;
const BYTES_MAX = 900_000; // of a message; the plant says what it takes at most, which is more
const IDLE_MS = 5000, OWED_MS = 1000; // without a word, and while it owes an answer, before the plant is asked whether it still knows us
const PAUSE_MS = 100, PAUSE_MAX_MS = 5000;

export class Session {
    welcome = null; // null: the session is not open
    refused = null; // the problem that hello was answered with
    answers = new Map();
    events = [];
    credit = 0;
    stale = false;
    #hello;
    #patienceMs;
    #pending = new Map(); // id → {message, orders, sentAt (null: to be sent), notBefore, pause, quiet}
    #count = 0;
    #heard = 0;
    #asked = 0;
    #cursor = null; // of the subscription; null: there is none

    constructor({ creator, client = 'takt-node', patienceMs = 10_000 } = {}) {
        this.#hello = { type: 'hello', protocol: 1, client, ...(creator && { creator }) };
        this.#patienceMs = patienceMs;
    }

    // ---- what is asked for ----

    request(type, members = {}, quiet = false) {
        const id = String(++this.#count);
        const orders = type === 'orders' ? members.orders.length : 0;
        this.#pending.set(id, { message: { type, id, ...members }, orders, sentAt: null, notBefore: 0, pause: PAUSE_MS, quiet });
        return id;
    }

    subscribe(after, quiet = false) {
        this.#cursor = after;
        return this.request('subscribe', { after }, quiet);
    }

    forget(id) {
        this.#pending.delete(id);
        this.answers.delete(id);
    }

    get open() {
        return this.welcome !== null;
    }

    #underWay() {
        return [...this.#pending.values()].filter((p) => p.sentAt !== null);
    }

    #awaits(type) {
        return [...this.#pending.values()].some((p) => p.message.type === type);
    }

    /** What may go out now; it counts as sent. */
    sendable(now) {
        if (!this.open)
            return [];
        const ready = [];
        let out = this.#underWay().reduce((sum, p) => sum + p.orders, 0);
        for (const p of this.#pending.values()) {
            if (p.sentAt !== null || p.notBefore > now)
                continue;
            if (p.orders && out && out + p.orders > this.credit) // one message may go whatever the credit has sunk to
                continue;
            out += p.orders;
            p.sentAt = now;
            ready.push(p.message);
        }
        return ready;
    }

    // ---- the connection ----

    connected(now) {
        this.stale = false;
        this.#heard = now;
        return this.#sayHello(now);
    }

    #sayHello(now) {
        this.welcome = null;
        this.#asked = now;
        return [this.#hello];
    }

    tick(now) {
        const underWay = this.#underWay();
        const asked = this.open ? Math.min(now, ...underWay.map((p) => p.sentAt)) : this.#asked;
        const waits = !this.open || underWay.length > 0;
        const silentMs = now - (waits ? Math.max(this.#heard, asked) : this.#heard);
        if (waits && silentMs > this.#patienceMs) {
            this.stale = true;
            return [];
        }
        if (this.open && !this.#awaits('ping') && silentMs > Math.min(this.#patienceMs, waits ? OWED_MS : IDLE_MS))
            this.request('ping', {}, true);
        return this.sendable(now);
    }

    receive(message, now) {
        this.#heard = now;
        if (message.type === 'welcome')
            return this.#welcomed(message, now);
        if (message.type === 'event') {
            if (!this.#awaits('subscribe')) { // or it belongs to the subscription before
                this.#cursor = message.cursor;
                this.events.push(message);
            }
            return [];
        }
        if (message.type === 'problem' && message.problem === 'no-session')
            return this.open ? this.#sayHello(now) : [];
        if (message.type === 'problem' && !message.id && (!this.open || message.problem === 'not-allowed')) {
            this.refused = message;
            return [];
        }
        return this.#answered(message, now);
    }

    #welcomed(message, now) {
        const again = !this.open;
        this.welcome = message;
        this.refused = null;
        this.credit = message.credit;
        if (again) {
            for (const p of this.#pending.values())
                p.sentAt = null;
            if (this.#cursor !== null && !this.#awaits('subscribe'))
                this.subscribe(this.#cursor, true);
        }
        return this.sendable(now);
    }

    #answered(message, now) {
        const p = this.#pending.get(message.id);
        this.credit = message.credit ?? this.credit;
        if (!p)
            return [];
        if (message.problem === 'busy' || message.problem === 'over-credit') {
            p.sentAt = null;
            p.notBefore = now + p.pause;
            p.pause = Math.min(p.pause * 2, PAUSE_MAX_MS);
            return [];
        }
        this.#pending.delete(message.id);
        if (!p.quiet)
            this.answers.set(message.id, message);
        if (message.type === 'subscribed') {
            this.#cursor = message.cursor;
            if (!p.quiet)
                this.events = [];
        }
        return this.sendable(now);
    }
}

/** Orders in messages that the plant takes. */
export function batches(orders) {
    const out = [];
    let size = 0;
    for (const order of orders) {
        const length = Buffer.byteLength(JSON.stringify(order));
        if (!out.length || out.at(-1).length >= ORDERS_MAX || size + length > BYTES_MAX) {
            out.push([]);
            size = 0;
        }
        out.at(-1).push(order);
        size += length + 1;
    }
    return out;
}
