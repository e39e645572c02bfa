-- Roles for a workspace in PostgreSQL: each may do what its people do, and no more.
-- Run once as the database's owner, after `sentinel-watch doctor --workspace postgresql://…` has made the tables.
-- Then: CREATE ROLE ayse LOGIN PASSWORD '…' IN ROLE sentinel_watch_reviewer;
CREATE ROLE sentinel_watch_reader NOLOGIN;
CREATE ROLE sentinel_watch_reviewer NOLOGIN IN ROLE sentinel_watch_reader;
CREATE ROLE sentinel_watch_runner NOLOGIN IN ROLE sentinel_watch_reader;

-- Readers: QGIS, dashboards. They see everything and change nothing.
GRANT USAGE ON SCHEMA public TO sentinel_watch_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO sentinel_watch_reader;

-- Reviewers: the columns of a case, and new entries of the audit log.
GRANT UPDATE (case_status, decision, rejection_reason, assignee, due, reviewer, decided_at, true_class, revision, changed_at)
  ON alert TO sentinel_watch_reviewer;
GRANT INSERT ON audit, suppression TO sentinel_watch_reviewer;

-- Runners: the machine's account. It writes what it finds, and cannot change or delete an entry of the audit log.
GRANT INSERT, UPDATE, DELETE ON watch, scene, baseline, block_state, look, event, alert, site, suppression, outbox
  TO sentinel_watch_runner;
GRANT INSERT ON audit TO sentinel_watch_runner;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO sentinel_watch_runner;
