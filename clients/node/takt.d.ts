// SPDX-License-Identifier: Apache-2.0
/** A plant's protocol members keep their own names (order_ref, ship_by): what you read in docs/protocol/ is what you get. */

export interface Item {
    product: string;
    quantity: number;
    options?: Record<string, string>;
    personalization?: { text?: string; artwork?: string; sha256?: string };
}

export interface Address {
    country: string;
    region?: string;
    city?: string;
    line1?: string;
    line2?: string;
    postal_code?: string;
}

export interface Recipient {
    name?: string;
    phone?: string;
    email?: string;
    address?: Address;
    /** Of a marketplace, instead of name and address. */
    token?: string;
}

export interface Shipping {
    service?: string;
    deliver_by?: string;
}

export interface Order {
    /** Yours, unique for ever: pushing it again is harmless. */
    order_ref: string;
    items: Item[];
    recipient?: Recipient;
    shipping?: Shipping;
    placed_at?: string;
    channel?: string;
    campaign?: string;
    metadata?: Record<string, unknown>;
}

export type ProblemName =
    'bad-message' | 'bad-protocol' | 'no-session' | 'not-allowed' | 'unknown-creator' | 'unknown-type' | 'unknown-product' |
    'unknown-option' | 'unknown-service' | 'bad-quantity' | 'bad-recipient' | 'conflict' | 'over-credit' | 'over-limit' |
    'too-late' | 'unknown-order' | 'ambiguous' | 'unknown-campaign' | 'unknown-quote' | 'unknown-line' | 'unknown-task' |
    'unknown-material' | 'unknown-shipment' | 'contradiction' | 'no-capacity' | 'closed' | 'busy' | 'internal';

/** No endpoint answered in time. Orders that were pushed stay in the outbox. */
export class Unreachable extends Error {}

/** The plant refused. */
export class Problem extends Error {
    /** A ProblemName; more may come. */
    readonly name: ProblemName | (string & {});
    readonly detail: string;
    /** The place in the message: /orders/3/items/0/product. */
    readonly at: string;
    readonly title: string;
}
/** Not now: the same message may be sent again in a moment. */
export class Busy extends Problem {}
/** The plant has restarted. The client says hello and sends again by itself. */
export class NoSession extends Problem {}
/** The order_ref was used before, with other content, which stands. */
export class Conflict extends Problem {}
/** The key, or the name, may not do this. */
export class NotAllowed extends Problem {}

export interface Receipt {
    accepted: number;
    /** Known already, with the same content. */
    duplicates: number;
    /** Whatever is not in here is durable at the plant. */
    refused: { order_ref: string; problem: Problem }[];
}

export interface Quote {
    ship_by: string;
    deliver_by?: string;
    valid_until: string;
}

export interface Status {
    order_ref: string;
    /** accepted, planned, in-production, made, packed, shipped, held, cancelled; more may come. */
    state: string;
    ship_by?: string;
    deliver_by?: string;
    shipments?: unknown[];
}

export interface Event {
    cursor: number;
    /** order.promised, order.repromised, order.started, order.made, order.shipped, order.cancelled; more may come. */
    event: string;
    at: string;
    order_ref?: string;
    ship_by?: string;
    deliver_by?: string;
    reason?: string;
    shipment_id?: string;
    carrier?: string;
    tracking?: string;
}

export interface Welcome {
    protocol: number;
    plant: string;
    time: string;
    credit: number;
    max_message: number;
    max_orders: number;
}

export interface Options {
    /** A file of `taktctl key new`, or its two halves. */
    key?: string | { public: string; secret: string };
    /** The plant's public key. */
    plantKey?: string;
    /** Who you are, only where the plant asks for no keys. */
    creator?: string;
    /** A file in which orders are kept until they are accepted; what was left in it is pushed by `flush`. */
    outbox?: string;
    /** How long a call waits for its answer: 60 s. */
    timeoutMs?: number;
    /** How long nothing may be heard from an endpoint that owes an answer before the next is tried: 10 s. */
    patienceMs?: number;
    /** What calls itself so in the plant's log. */
    client?: string;
}

/** One creator's connection to a plant. Any number of calls may wait at a time; orders are sent as the credit allows, and sent again
 * after a reconnect, `busy` and a restart of the plant. A call that is refused rejects with a Problem, one without an answer in
 * time with Unreachable. */
export class Plant {
    /** endpoints: one, or several of the same plant, which are tried in turn. */
    constructor(endpoints: string | string[], options?: Options);
    /** Waits for the plant's welcome; other calls do so by themselves. */
    connect(): Promise<Welcome>;
    /** Orders without a receipt stay in the outbox. */
    close(): Promise<void>;
    /** Fulfilled when every order is durable at the plant or refused. After Unreachable: push them again, or, with an outbox, `flush`
     * later. */
    push(orders: Iterable<Order>): Promise<Receipt>;
    /** Pushes what an earlier run or call has left in the outbox. */
    flush(): Promise<Receipt>;
    /** What became of each: cancelled, unknown or too-late. */
    cancel(orderRefs: Iterable<string>): Promise<Record<string, string>>;
    amend(orderRef: string, changes: { recipient?: Recipient; items?: Item[]; shipping?: Shipping }): Promise<void>;
    quote(items: Iterable<Item>, wish?: { recipient?: { address: Partial<Address> }; deliver_by?: string }): Promise<Quote>;
    /** Of those that the plant knows. */
    status(orderRefs: Iterable<string>): Promise<Status[]>;
    /** The plant's time. */
    ping(): Promise<string>;
    /** Events behind a cursor (0: all that are kept), without end, across reconnects; ends if none comes for timeoutMs. Keep the
     * cursor of the last one you have dealt with. One at a time. */
    events(after?: number | 'now', wait?: { timeoutMs?: number }): AsyncGenerator<Event, void, undefined>;
}
