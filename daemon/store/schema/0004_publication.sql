-- SPDX-License-Identifier: Apache-2.0
-- What publications have named, for planners that wait (STORE_FOLLOW in store.h): the newest ones, each with the one before it.
-- orders and lots: their numbers, ascending, each as what it is above the one before, with blanks between.
CREATE TABLE publication (
    publish_no INTEGER PRIMARY KEY, -- sqlite
    publish_no bigint NOT NULL, -- postgres
    plant smallint NOT NULL DEFAULT 1,
    before_no bigint NOT NULL,
    orders text NOT NULL,
    lots text NOT NULL,
    world smallint NOT NULL
    , PRIMARY KEY (plant, publish_no) -- postgres
);
