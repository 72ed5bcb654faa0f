-- SPDX-License-Identifier: Apache-2.0
-- One schema for all databases. A line that ends in `-- sqlite` or `-- postgres` is for that one only (schema.c leaves the
-- others' out). Every key is led by the plant; an SQLite file is one plant's, which is number 1 there, and where rows are
-- appended in the order of a number, that number is the row's place.

CREATE TABLE plant (
    plant smallint NOT NULL PRIMARY KEY,
    id text NOT NULL UNIQUE
);

-- the last transaction of each process that writes: what a lost COMMIT came to is read here
CREATE TABLE writer ( -- postgres
    plant smallint NOT NULL, -- postgres
    writer bigint NOT NULL, -- postgres
    number bigint NOT NULL, -- postgres
    seen_at timestamptz NOT NULL DEFAULT now(), -- postgres
    PRIMARY KEY (plant, writer) -- postgres
); -- postgres

-- STATE_FIELDS of tables.h
CREATE TABLE state (
    plant smallint NOT NULL DEFAULT 1 PRIMARY KEY,
    epoch bigint NOT NULL DEFAULT 0,
    beats bigint NOT NULL DEFAULT 0,
    publish_no bigint NOT NULL DEFAULT 0,
    plan_version bigint NOT NULL DEFAULT 0,
    published_at_s bigint NOT NULL DEFAULT 0,
    change bigint NOT NULL DEFAULT 0,
    binding bigint NOT NULL DEFAULT 0,
    trimmed bigint NOT NULL DEFAULT 0,
    cursor bigint NOT NULL DEFAULT 0,
    promise bigint NOT NULL DEFAULT 0,
    last_order bigint NOT NULL DEFAULT 0,
    last_lot bigint NOT NULL DEFAULT 0,
    last_shipment bigint NOT NULL DEFAULT 0,
    seeded bigint NOT NULL DEFAULT 0,
    plant_s bigint NOT NULL DEFAULT 0,
    wall_ms bigint NOT NULL DEFAULT 0,
    speed_milli bigint NOT NULL DEFAULT 0,
    clock_set bigint NOT NULL DEFAULT 0,
    shipments_open bigint NOT NULL DEFAULT 0,
    shipments_taken bigint NOT NULL DEFAULT 0,
    shipments_shipped bigint NOT NULL DEFAULT 0,
    shipments_aside bigint NOT NULL DEFAULT 0,
    promises bigint NOT NULL DEFAULT 0,
    repromises bigint NOT NULL DEFAULT 0,
    kept bigint NOT NULL DEFAULT 0,
    broken bigint NOT NULL DEFAULT 0,
    settled bigint NOT NULL DEFAULT 0
);

-- orders of a creator by state
CREATE TABLE creator (
    plant smallint NOT NULL DEFAULT 1,
    creator text NOT NULL,
    accepted bigint NOT NULL,
    planned bigint NOT NULL,
    in_production bigint NOT NULL,
    made bigint NOT NULL,
    packed bigint NOT NULL,
    shipped bigint NOT NULL,
    held bigint NOT NULL,
    cancelled bigint NOT NULL,
    PRIMARY KEY (plant, creator)
);

-- the idempotency keys: never taken away; compared byte by byte, which is quick and the same with every system's library
CREATE TABLE order_key (
    plant smallint NOT NULL DEFAULT 1,
    creator text NOT NULL, -- sqlite
    order_ref text NOT NULL, -- sqlite
    creator text COLLATE "C" NOT NULL, -- postgres
    order_ref text COLLATE "C" NOT NULL, -- postgres
    no bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (plant, creator, order_ref)
) WITHOUT ROWID; -- sqlite
); -- postgres

CREATE TABLE orders (
    no INTEGER PRIMARY KEY, -- sqlite
    no bigint NOT NULL, -- postgres
    plant smallint NOT NULL DEFAULT 1,
    state smallint NOT NULL,
    creator text NOT NULL,
    order_ref text NOT NULL,
    accepted_at_s bigint NOT NULL,
    channel text NOT NULL,
    campaign text NOT NULL,
    service text NOT NULL,
    wish_day integer,
    country text NOT NULL,
    recipient_key bigint NOT NULL,
    ship_by_s bigint,
    deliver_by_day integer,
    planned_packed_s bigint,
    packed_at_s bigint,
    shipment bigint,
    items text NOT NULL
    , PRIMARY KEY (plant, no) -- postgres
);
-- the open ones: neither shipped nor cancelled
CREATE INDEX orders_open ON orders (plant) WHERE state NOT IN (5, 7); -- sqlite
CREATE INDEX orders_open ON orders (plant, no) WHERE state NOT IN (5, 7); -- postgres

-- personal data, and nothing else
CREATE TABLE body (
    no INTEGER PRIMARY KEY, -- sqlite
    no bigint NOT NULL, -- postgres
    plant smallint NOT NULL DEFAULT 1,
    accepted_at_s bigint NOT NULL,
    body text NOT NULL
); -- sqlite
    , PRIMARY KEY (plant, accepted_at_s, no) -- postgres
) PARTITION BY RANGE (accepted_at_s); -- postgres
CREATE TABLE body_other PARTITION OF body DEFAULT; -- postgres

-- amendments, cancellations and shippings; an acceptance is the order itself
CREATE TABLE change (
    seq INTEGER PRIMARY KEY, -- sqlite
    seq bigint NOT NULL, -- postgres
    plant smallint NOT NULL DEFAULT 1,
    kind smallint NOT NULL,
    order_no bigint NOT NULL
    , PRIMARY KEY (plant, seq) -- postgres
);

CREATE TABLE lot (
    lot INTEGER PRIMARY KEY, -- sqlite
    lot bigint NOT NULL, -- postgres
    plant smallint NOT NULL DEFAULT 1,
    open_slices bigint NOT NULL DEFAULT 0,
    product text NOT NULL,
    options text NOT NULL,
    state smallint NOT NULL,
    opened_at_s bigint,
    let_go_at_s bigint,
    firm_at_s bigint,
    units bigint NOT NULL,
    extra bigint NOT NULL
    , PRIMARY KEY (plant, lot) -- postgres
);
CREATE INDEX lot_open ON lot (plant) WHERE open_slices > 0; -- sqlite
CREATE INDEX lot_open ON lot (plant, lot) WHERE open_slices > 0; -- postgres

CREATE TABLE slice (
    plant smallint NOT NULL DEFAULT 1,
    order_no bigint NOT NULL,
    item integer NOT NULL,
    first integer NOT NULL,
    count integer NOT NULL,
    lot bigint NOT NULL,
    PRIMARY KEY (plant, order_no, item, first)
) WITHOUT ROWID; -- sqlite
); -- postgres

-- what a task is and what came of it
CREATE TABLE task (
    plant smallint NOT NULL DEFAULT 1,
    lot bigint NOT NULL,
    op integer NOT NULL,
    op_id text NOT NULL,
    state smallint NOT NULL,
    quantity bigint NOT NULL,
    good bigint NOT NULL,
    scrap bigint NOT NULL,
    started_at_s bigint,
    finished_at_s bigint,
    late smallint NOT NULL,
    PRIMARY KEY (plant, lot, op)
) WITHOUT ROWID; -- sqlite
); -- postgres

-- where and when it is to be done: what a new plan writes
CREATE TABLE task_plan (
    plant smallint NOT NULL DEFAULT 1,
    lot bigint NOT NULL,
    op integer NOT NULL,
    line text NOT NULL,
    start_s bigint,
    end_s bigint,
    PRIMARY KEY (plant, lot, op)
) WITHOUT ROWID; -- sqlite
); -- postgres

CREATE TABLE plan (
    version INTEGER PRIMARY KEY, -- sqlite
    version bigint NOT NULL, -- postgres
    plant smallint NOT NULL DEFAULT 1,
    at_s bigint NOT NULL,
    scheduler text NOT NULL,
    objective bigint NOT NULL,
    bound bigint NOT NULL
    , PRIMARY KEY (plant, version) -- postgres
);

-- every promise an order has had
CREATE TABLE promise (
    plant smallint NOT NULL DEFAULT 1,
    order_no bigint NOT NULL,
    number bigint NOT NULL,
    at_s bigint NOT NULL,
    ship_by_s bigint,
    deliver_by_day integer,
    reason text NOT NULL,
    PRIMARY KEY (plant, order_no, number)
) WITHOUT ROWID; -- sqlite
); -- postgres

CREATE TABLE event (
    plant smallint NOT NULL DEFAULT 1,
    creator text NOT NULL,
    cursor bigint NOT NULL,
    at_s bigint NOT NULL,
    kind smallint NOT NULL,
    order_no bigint NOT NULL,
    ship_by_s bigint,
    deliver_by_day integer,
    reason text NOT NULL,
    shipment text NOT NULL,
    carrier text NOT NULL,
    tracking text NOT NULL,
    PRIMARY KEY (plant, creator, cursor) -- sqlite
    PRIMARY KEY (plant, creator, cursor, at_s) -- postgres
) WITHOUT ROWID; -- sqlite
) PARTITION BY RANGE (at_s); -- postgres
CREATE TABLE event_other PARTITION OF event DEFAULT; -- postgres
CREATE INDEX event_order ON event (plant, order_no);

CREATE TABLE report (
    plant smallint NOT NULL DEFAULT 1,
    reporter text NOT NULL,
    report_ref text NOT NULL,
    hash bytea NOT NULL,
    at_s bigint NOT NULL,
    event text NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (plant, reporter, report_ref)
) WITHOUT ROWID; -- sqlite
); -- postgres

CREATE TABLE stock (
    plant smallint NOT NULL DEFAULT 1,
    material text NOT NULL,
    on_hand_milli bigint NOT NULL,
    PRIMARY KEY (plant, material)
);

CREATE TABLE receipt (
    plant smallint NOT NULL DEFAULT 1,
    material text NOT NULL,
    at_s bigint NOT NULL,
    quantity_milli bigint NOT NULL,
    PRIMARY KEY (plant, material, at_s)
);

CREATE TABLE down (
    plant smallint NOT NULL DEFAULT 1,
    line text NOT NULL,
    from_s bigint NOT NULL,
    to_s bigint NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (plant, line, from_s)
);

CREATE TABLE setup (
    plant smallint NOT NULL DEFAULT 1,
    line text NOT NULL,
    family text NOT NULL,
    PRIMARY KEY (plant, line)
);

CREATE TABLE surplus (
    plant smallint NOT NULL DEFAULT 1,
    product text NOT NULL,
    options text NOT NULL,
    quantity bigint NOT NULL,
    PRIMARY KEY (plant, product, options)
);

-- `orders`: their numbers, with blanks between
CREATE TABLE shipment (
    number INTEGER PRIMARY KEY, -- sqlite
    number bigint NOT NULL, -- postgres
    plant smallint NOT NULL DEFAULT 1,
    state smallint NOT NULL,
    attempts bigint NOT NULL,
    consumer text NOT NULL,
    tracking text NOT NULL,
    reason text NOT NULL,
    ended_at_s bigint,
    shipment text NOT NULL,
    creator text NOT NULL,
    service text NOT NULL,
    carrier text NOT NULL,
    ship_by_s bigint,
    packed_at_s bigint,
    recipient_key bigint NOT NULL,
    weight_mg bigint NOT NULL,
    orders text NOT NULL
    , PRIMARY KEY (plant, number) -- postgres
);
CREATE INDEX shipment_open ON shipment (plant) WHERE state < 2; -- sqlite
CREATE INDEX shipment_open ON shipment (plant, number) WHERE state < 2; -- postgres
