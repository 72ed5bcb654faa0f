// SPDX-License-Identifier: Apache-2.0
// Push orders to a plant, and hear what becomes of them. The types, and what each call promises, stand in takt.d.ts.
//
// One reader takes what the plant says and hands it to the session; every call waits for what it wants to come to stand there.
import { readFile, stat } from 'node:fs/promises';
import { Dealer } from 'zeromq';
import { Outbox } from './outbox.js';
import { problemFrom, Unreachable } from './errors.js';
import { batches, Session } from './session.js';

export * from './errors.js';

const SEEN_EVERY = 200; // events
const TICK_MS = 50;

async function loadKey(key) {
    if (typeof key !== 'string')
        return key;
    const text = await readFile(key, 'utf8');
    const [publicKey, secret] = ['public', 'secret'].map((half) => text.match(new RegExp(`^\\s*${half}-key = "(.{40})"`, 'm'))?.[1]);
    if (!publicKey || !secret)
        throw new Error(`'${key}' cannot be read as a key file`);
    if (process.platform !== 'win32' && (await stat(key)).mode & 0o077)
        throw new Error(`'${key}' is open to others: chmod 600`);
    return { public: publicKey, secret };
}

/** null: it is nothing of the protocol, and is passed over. */
export function decode(frames) {
    try {
        const message = frames.length === 1 ? JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(frames[0])) : null;
        return typeof message?.type === 'string' ? message : null;
    } catch {
        return null;
    }
}

const present = (members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

export class Plant {
    #endpoints;
    #options;
    #session;
    #outbox;
    #keys;
    #socket = null;
    #timer;
    #turn = 0;
    #waiters = new Set();
    #ready;
    #closed = false;

    constructor(endpoints, options = {}) {
        this.#endpoints = [endpoints].flat();
        this.#options = { timeoutMs: 60_000, ...options };
        if (!this.#endpoints.length)
            throw new Error('no endpoint is given');
        if ((options.key === undefined) !== (options.plantKey === undefined))
            throw new Error("a key needs the plant's public key, and the other way round");
        this.#session = new Session(options);
        this.#ready = this.#begin();
        this.#ready.catch(() => {}); // told to who calls
    }

    // ---- the connection ----

    async #begin() {
        const { key, outbox } = this.#options;
        this.#keys = await loadKey(key);
        this.#outbox = outbox && await Outbox.open(outbox);
        if (this.#closed)
            return;
        this.#connect();
        this.#timer = setInterval(() => this.#work(() => this.#session.tick(performance.now())), TICK_MS);
    }

    #connect() {
        this.#socket?.close();
        this.#socket = new Dealer({
            linger: 0, sendHighWaterMark: 0, reconnectInterval: 100, reconnectMaxInterval: 2000, heartbeatInterval: 5000,
            heartbeatTimeout: 15_000, // nothing is bounded here that the session does not bound
            ...(this.#keys && { curvePublicKey: this.#keys.public, curveSecretKey: this.#keys.secret,
                curveServerKey: this.#options.plantKey }),
        });
        this.#socket.connect(this.#endpoints[this.#turn++ % this.#endpoints.length]);
        this.#send(this.#session.connected(performance.now()));
        this.#read(this.#socket);
    }

    async #read(socket) {
        for await (const frames of socket) {
            if (socket !== this.#socket)
                return;
            const message = decode(frames);
            if (message)
                this.#work(() => this.#session.receive(message, performance.now()));
        }
    }

    #sending = Promise.resolve();

    /** One after the other, as a socket wants it; what an earlier connection has not taken is sent again on the next. */
    #send(messages) {
        const socket = this.#socket;
        for (const message of messages)
            this.#sending = this.#sending.then(() => !socket.closed && socket.send(JSON.stringify(message))).catch(() => {});
    }

    #work(step) {
        let failure;
        try {
            this.#send(step());
            if (this.#session.stale)
                this.#connect();
        } catch (error) { // told to who waits
            failure = error;
        }
        for (const waiter of this.#waiters)
            waiter(failure);
    }

    async #until(done, timeoutMs = this.#options.timeoutMs) {
        await this.#ready;
        if (this.#closed)
            throw new Error('the connection is closed');
        this.#send(this.#session.sendable(performance.now()));
        const until = performance.now() + timeoutMs;
        return new Promise((resolve, reject) => {
            const look = (failure) => {
                try {
                    const value = done();
                    if (!value && !failure && !this.#session.refused && performance.now() < until && !this.#closed)
                        return;
                    this.#waiters.delete(look);
                    if (value)
                        resolve(value);
                    else
                        reject(failure ?? (this.#session.refused ? problemFrom(this.#session.refused) : new Unreachable('no answer in time')));
                } catch (error) {
                    this.#waiters.delete(look);
                    reject(error);
                }
            };
            this.#waiters.add(look);
            look();
        });
    }

    #take(id) {
        const answer = this.#session.answers.get(id);
        this.#session.answers.delete(id);
        if (answer?.type === 'problem')
            throw problemFrom(answer);
        return answer;
    }

    async #ask(type, members) {
        const id = this.#session.request(type, present(members));
        try {
            return await this.#until(() => this.#take(id));
        } finally {
            this.#session.forget(id);
        }
    }

    async connect() {
        return this.#until(() => this.#session.welcome);
    }

    async close() {
        if (this.#closed)
            return;
        this.#closed = true;
        await this.#ready.catch(() => {});
        clearInterval(this.#timer);
        this.#socket?.close();
        for (const waiter of [...this.#waiters])
            waiter(new Error('the connection is closed'));
        await this.#outbox?.close();
    }

    // ---- what can be asked ----

    async push(orders) {
        const listed = [...orders];
        if (!listed.every((order) => typeof order?.order_ref === 'string'))
            throw new TypeError('an order has an order_ref, a text of yours that is unique for ever');
        await this.#ready;
        await this.#outbox?.put(listed);
        return this.#push(listed);
    }

    async flush() {
        await this.#ready;
        return this.#push([...this.#outbox?.orders.values() ?? []]);
    }

    async #push(orders) {
        const receipt = { accepted: 0, duplicates: 0, refused: [] };
        const waiting = new Map(batches(orders).map((batch) => [this.#session.request('orders', { orders: batch }), batch]));
        const kept = [];
        try {
            await this.#until(() => {
                for (const [id, batch] of waiting) {
                    const answer = this.#take(id);
                    if (!answer)
                        continue;
                    waiting.delete(id);
                    addTo(receipt, answer, batch);
                    kept.push(this.#outbox?.done(batch.map((order) => order.order_ref)));
                }
                return waiting.size === 0;
            });
        } finally {
            for (const id of waiting.keys())
                this.#session.forget(id);
            await Promise.all(kept);
        }
        return receipt;
    }

    async cancel(orderRefs) {
        const { results } = await this.#ask('cancel', { order_refs: [...orderRefs] });
        return Object.fromEntries(results.map((row) => [row.order_ref, row.outcome]));
    }

    async amend(orderRef, { recipient, items, shipping } = {}) {
        await this.#ask('amend', { order_ref: orderRef, recipient, items, shipping });
    }

    async quote(items, { recipient, deliver_by } = {}) {
        return this.#ask('quote', { items: [...items], recipient, deliver_by });
    }

    async status(orderRefs) {
        return (await this.#ask('status', { order_refs: [...orderRefs] })).orders.filter((row) => row.state !== undefined);
    }

    async ping() {
        return (await this.#ask('ping', {})).time;
    }

    async *events(after = 0, { timeoutMs = Infinity } = {}) {
        const session = this.#session, id = session.subscribe(after);
        await this.#until(() => this.#take(id));
        for (let last = 0, unseen = 0; ;) {
            try {
                await this.#until(() => session.events.length, timeoutMs);
            } catch (error) {
                if (error instanceof Unreachable)
                    return;
                throw error;
            }
            const event = session.events.shift();
            if (event.cursor <= last)
                continue; // sent again after a reconnect
            last = event.cursor;
            yield event;
            if (++unseen >= SEEN_EVERY || !session.events.length) {
                this.#send([{ type: 'seen', cursor: last }]);
                unseen = 0;
            }
        }
    }
}

/** orders: those of the message that this answers. */
function addTo(receipt, answer, orders) {
    receipt.accepted += answer.accepted;
    receipt.duplicates += answer.duplicates;
    for (const row of answer.results) {
        if (row.outcome !== 'refused')
            continue;
        const ours = orders[/^\/orders\/(\d+)/.exec(row.at ?? '')?.[1]]; // of one whose order_ref could not be read
        receipt.refused.push({ order_ref: row.order_ref ?? ours?.order_ref ?? '', problem: problemFrom(row) });
    }
}
