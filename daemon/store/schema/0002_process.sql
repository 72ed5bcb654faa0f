-- SPDX-License-Identifier: Apache-2.0
-- The processes of a plant: the planner that was active last, with the address at which it is asked, and each that takes orders.
CREATE TABLE process (
    plant smallint NOT NULL DEFAULT 1,
    process text NOT NULL,
    epoch bigint NOT NULL,
    beats bigint NOT NULL,
    address text NOT NULL,
    creators text NOT NULL,
    PRIMARY KEY (plant, process)
);
