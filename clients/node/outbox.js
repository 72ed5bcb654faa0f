// SPDX-License-Identifier: Apache-2.0
// Orders that were pushed and have no receipt yet, on disk.
//
// An append file, a line of JSON each, the same as the Python client's: `{"put": order}` is written and synced before the order is
// sent, `{"done": order_ref}` after its receipt. What a crash leaves: an order without its `done` is sent again by `flush`, which
// is harmless since the plant knows its order_ref; a line that was cut short belongs to an order whose push never returned, and is
// dropped. One process at a time: FILE.lock says which, and is taken over from one that is no more.
import { open, readFile, rename, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';

const COMPACT_AFTER = 10_000;

/** A process and when it began, since numbers of processes come again; null: there is none. */
function lifeOf(pid) {
    try {
        process.kill(pid, 0);
    } catch (error) {
        if (error.code !== 'EPERM')
            return null;
    }
    try {
        return `${pid} ${readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').pop().split(' ')[19]}`;
    } catch {
        return `${pid}`; // a system without /proc
    }
}

async function lock(path) {
    for (;;) {
        try {
            const file = await open(`${path}.lock`, 'wx');
            await file.writeFile(lifeOf(process.pid));
            await file.close();
            return;
        } catch (error) {
            if (error.code !== 'EEXIST')
                throw error;
        }
        const holder = await readFile(`${path}.lock`, 'utf8').catch(() => '');
        if (holder === '' || lifeOf(parseInt(holder, 10)) === holder)
            throw new Error(`another process has the outbox '${path}'`);
        const aside = `${path}.lock.${process.pid}`;
        await rename(`${path}.lock`, aside).catch(() => {});
        const taken = await readFile(aside, 'utf8').catch(() => holder);
        await rm(aside, { force: true });
        if (taken !== holder) // somebody was faster, and it was theirs
            throw new Error(`another process has the outbox '${path}'`);
    }
}

export class Outbox {
    orders = new Map(); // order_ref → order
    #path;
    #file;
    #lines = 0;
    #last = Promise.resolve(); // of what is written in turn

    static async open(path) {
        await lock(path);
        const outbox = new Outbox();
        outbox.#path = path;
        try {
            await outbox.#read();
            await outbox.#compact();
        } catch (error) {
            await rm(`${path}.lock`, { force: true });
            throw error;
        }
        return outbox;
    }

    async #read() {
        const text = await readFile(this.#path, 'utf8').catch((error) => {
            if (error.code === 'ENOENT')
                return '';
            throw error;
        });
        for (const line of text.split('\n')) {
            try {
                const entry = JSON.parse(line);
                if (entry.put)
                    this.orders.set(entry.put.order_ref, entry.put);
                else
                    this.orders.delete(entry.done);
            } catch {
                continue;
            }
        }
    }

    /** Rewrites the file with what is left, beside it and then in its place. */
    async #compact() {
        const fresh = await open(`${this.#path}.new`, 'w');
        await fresh.writeFile([...this.orders.values()].map((order) => `${JSON.stringify({ put: order })}\n`).join(''));
        await fresh.sync();
        await rename(`${this.#path}.new`, this.#path);
        const folder = await open(dirname(this.#path), 'r');
        await folder.sync();
        await folder.close();
        await this.#file?.close();
        this.#file = fresh;
        this.#lines = this.orders.size;
    }

    #inTurn(step) {
        this.#last = this.#last.catch(() => {}).then(step); // who wrote before has been told
        return this.#last;
    }

    async #write(entries) {
        await this.#file.writeFile(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
        this.#lines += entries.length;
    }

    /** Durable when it is fulfilled. */
    put(orders) {
        return this.#inTurn(async () => {
            await this.#write(orders.map((order) => ({ put: order })));
            await this.#file.datasync();
            for (const order of orders)
                this.orders.set(order.order_ref, order);
        });
    }

    done(refs) {
        return this.#inTurn(async () => {
            await this.#write(refs.filter((ref) => this.orders.delete(ref)).map((ref) => ({ done: ref })));
            if (this.#lines > COMPACT_AFTER + 2 * this.orders.size)
                await this.#compact();
        });
    }

    close() {
        return this.#inTurn(async () => {
            await this.#file.close();
            await rm(`${this.#path}.lock`, { force: true });
        });
    }
}
