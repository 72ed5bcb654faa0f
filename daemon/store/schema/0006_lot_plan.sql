-- SPDX-License-Identifier: Apache-2.0
-- Where and when the tasks of a lot are to be done, in one row (places.h), instead of one for each task in task_plan: a new plan
-- moves most of a lot's tasks together. Half of a page is free for the moved rows, as 0005_places.sql says.

CREATE TABLE lot_plan (
    lot INTEGER PRIMARY KEY, -- sqlite
    lot bigint NOT NULL, -- postgres
    plant smallint NOT NULL DEFAULT 1,
    places text NOT NULL
    , PRIMARY KEY (plant, lot) -- postgres
); -- sqlite
) WITH (fillfactor = 50); -- postgres

INSERT INTO lot_plan (plant, lot, places)
SELECT plant, lot, group_concat(op || ' ' || coalesce(start_s, '-') || ' ' || coalesce(end_s, '-') || ' ' || line || char(10), '') -- sqlite
FROM (SELECT * FROM task_plan ORDER BY plant, lot, op) GROUP BY plant, lot; -- sqlite
SELECT plant, lot, string_agg(concat(op, ' ', coalesce(start_s::text, '-'), ' ', coalesce(end_s::text, '-'), ' ', line, chr(10)), '' ORDER BY op) -- postgres
FROM task_plan GROUP BY plant, lot; -- postgres

DROP TABLE task_plan;
