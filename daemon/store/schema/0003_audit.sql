-- SPDX-License-Identifier: Apache-2.0
-- The audit log (audit.h), erasures (STORE_ERASE in store.h), and which store this is (STORE_ADOPT in store.h).

ALTER TABLE state ADD COLUMN audit bigint NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN audit_a bigint NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN audit_b bigint NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN audit_c bigint NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN audit_d bigint NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN configured bigint NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN erasures_due bigint NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN generation bigint NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN parent bigint NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN parted bigint NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN taken bigint NOT NULL DEFAULT 0;

-- one link for each transaction in which something was decided
CREATE TABLE audit (
    link INTEGER PRIMARY KEY, -- sqlite
    link bigint NOT NULL, -- postgres
    plant smallint NOT NULL DEFAULT 1,
    at_s bigint NOT NULL,
    after_change bigint NOT NULL,
    change bigint NOT NULL,
    after_promise bigint NOT NULL,
    promise bigint NOT NULL,
    accepted bigint NOT NULL,
    promised bigint NOT NULL,
    repromised bigint NOT NULL,
    orders bytea NOT NULL,
    promises bytea NOT NULL,
    detail text NOT NULL,
    hash bytea NOT NULL
    , PRIMARY KEY (plant, link) -- postgres
);

-- orders of which the personal data is to be erased or was: erased_at_s NULL: when the order has ended
CREATE TABLE erasure (
    order_no INTEGER PRIMARY KEY, -- sqlite
    order_no bigint NOT NULL, -- postgres
    plant smallint NOT NULL DEFAULT 1,
    asked_at_s bigint NOT NULL,
    erased_at_s bigint,
    tag bytea NOT NULL
    , PRIMARY KEY (plant, order_no) -- postgres
);
