// SPDX-License-Identifier: Apache-2.0
// The driver of the Node client, which also holds its types against a compiler. See README.md.
import { createInterface } from 'node:readline';
import { type Event, type Item, NotAllowed, type Order, Plant, Problem, type Receipt, type Recipient, Unreachable } from 'takt-client';

interface Command {
    do: string;
    endpoints: string[]; creator?: string; key?: string; plant_key?: string; outbox?: string; timeout_s: number; patience_s: number;
    orders: Order[]; order_refs: string[]; order_ref: string;
    items: Item[]; recipient?: Recipient & { address: object }; deliver_by?: string;
    after: number | 'now'; until: Partial<Event>;
}

let plant: Plant;

const plain = (one: Receipt) => ({
    ...one, refused: one.refused.map(({ order_ref, problem }) => ({ order_ref, problem: problem.name, at: problem.at })),
});

async function events({ after, until }: Command): Promise<Event[]> {
    const found: Event[] = [];
    for await (const event of plant.events(after)) {
        found.push(event);
        if (Object.entries(until).every(([name, value]) => event[name as keyof Event] === value))
            break;
    }
    return found;
}

const CALLS: Record<string, (command: Command) => Promise<unknown>> = {
    connect: () => plant.connect(),
    push: async ({ orders }) => plain(await plant.push(orders)),
    flush: async () => plain(await plant.flush()),
    cancel: ({ order_refs }) => plant.cancel(order_refs),
    amend: ({ order_ref, recipient, items }) => plant.amend(order_ref, { recipient, items }),
    quote: ({ items, recipient, deliver_by }) => plant.quote(items, { recipient, deliver_by }),
    status: ({ order_refs }) => plant.status(order_refs),
    ping: () => plant.ping(),
    events,
    close: () => plant.close(),
    open: async ({ endpoints, creator, key, plant_key: plantKey, outbox, timeout_s, patience_s }) => {
        plant = new Plant(endpoints, { creator, key, plantKey, outbox, timeoutMs: timeout_s * 1000, patienceMs: patience_s * 1000 });
    },
};

async function answer(command: Command): Promise<object> {
    try {
        return { ok: (await CALLS[command.do]!(command)) ?? null };
    } catch (error) {
        if (error instanceof Unreachable)
            return { unreachable: true };
        if (error instanceof Problem && error instanceof NotAllowed === ['not-allowed', 'unknown-creator'].includes(error.name))
            return { problem: error.name, detail: error.detail, at: error.at };
        throw error;
    }
}

for await (const line of createInterface({ input: process.stdin }))
    console.log(JSON.stringify(await answer(JSON.parse(line) as Command)));
process.exit(0);
