-- SPDX-License-Identifier: Apache-2.0
-- A new plan moves tasks, and moves most of them again soon. Where half of a page is free, the moved row fits beside the old
-- one and no index is written; what was moved away makes room for the next plan without a vacuum.

ALTER TABLE task_plan SET (fillfactor = 50); -- postgres
