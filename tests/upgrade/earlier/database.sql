SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.dataset (
    id character varying(32) NOT NULL,
    kind text NOT NULL,
    filename text,
    options jsonb NOT NULL,
    bytes bigint,
    sha256 character varying(64),
    raw_key text,
    job_id character varying(32),
    merged_by character varying(32),
    merged_options jsonb,
    outcome text,
    rows_read bigint,
    rows_accepted bigint,
    rows_rejected bigint,
    rows_duplicate bigint,
    first_at timestamp with time zone,
    last_at timestamp with time zone,
    rejections jsonb,
    error_code text,
    error_message text,
    duplicate_of character varying(32),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    uploaded_at timestamp with time zone,
    expected_sha256 character varying(64),
    CONSTRAINT dataset_dataset_outcome_check_check CHECK ((outcome = ANY (ARRAY['ready'::text, 'rejected'::text])))
);
COMMENT ON COLUMN public.dataset.filename IS 'as the sender called it';
COMMENT ON COLUMN public.dataset.options IS 'how to check it, as it was asked for';
COMMENT ON COLUMN public.dataset.sha256 IS 'of the bytes as they came';
COMMENT ON COLUMN public.dataset.raw_key IS 'where the bytes are in S3; null until all of them are';
COMMENT ON COLUMN public.dataset.job_id IS 'the latest run that checks and loads it, a row of report';
COMMENT ON COLUMN public.dataset.merged_by IS 'the run whose rows are in the series';
COMMENT ON COLUMN public.dataset.merged_options IS 'how that run checked it';
COMMENT ON COLUMN public.dataset.outcome IS 'what the check came to';
COMMENT ON COLUMN public.dataset.first_at IS 'earliest instant of the accepted rows';
COMMENT ON COLUMN public.dataset.last_at IS 'latest instant of the accepted rows';
COMMENT ON COLUMN public.dataset.rejections IS 'the first rejected rows';
COMMENT ON COLUMN public.dataset.duplicate_of IS 'a ready dataset of the same bytes';
COMMENT ON COLUMN public.dataset.expected_sha256 IS 'as announced, or as counted while they came';
CREATE TABLE public.entity (
    id integer NOT NULL,
    kind text NOT NULL,
    key text NOT NULL COLLATE pg_catalog."C",
    timezone text
);
COMMENT ON COLUMN public.entity.timezone IS 'IANA zone; null means the default zone';
ALTER TABLE public.entity ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.entity_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.poll (
    at timestamp with time zone NOT NULL,
    entity_id integer NOT NULL,
    active boolean NOT NULL
)
PARTITION BY RANGE (at);
CREATE TABLE public.poll_2023_01_23 (
    at timestamp with time zone NOT NULL,
    entity_id integer NOT NULL,
    active boolean NOT NULL
);
CREATE TABLE public.poll_week (
    week date NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL
);
COMMENT ON COLUMN public.poll_week.week IS 'Monday, UTC, of the partition poll_<week>';
COMMENT ON COLUMN public.poll_week.first_at IS 'no poll of the week is earlier';
COMMENT ON COLUMN public.poll_week.last_at IS 'no poll of the week is later';
CREATE TABLE public.pull_request (
    repo_id integer NOT NULL,
    number integer NOT NULL,
    team_id integer,
    author text,
    created_at timestamp with time zone NOT NULL,
    first_commit_at timestamp with time zone,
    ready_at timestamp with time zone,
    first_review_at timestamp with time zone,
    approved_at timestamp with time zone,
    merged_at timestamp with time zone,
    closed_at timestamp with time zone,
    ci_finished_at timestamp with time zone,
    last_at timestamp with time zone GENERATED ALWAYS AS (GREATEST(created_at, first_commit_at, ready_at, first_review_at, approved_at, merged_at, closed_at, ci_finished_at)) STORED
);
COMMENT ON COLUMN public.pull_request.repo_id IS 'an entity of kind repository';
COMMENT ON COLUMN public.pull_request.team_id IS 'an entity of kind team';
CREATE TABLE public.report (
    id character varying(32) NOT NULL,
    kind text NOT NULL,
    params jsonb NOT NULL,
    params_sha256 character varying(64) NOT NULL,
    idempotency_key character varying(255),
    status text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    crashes integer DEFAULT 0 NOT NULL,
    owner text,
    lease_until timestamp with time zone,
    not_before timestamp with time zone,
    dispatched_at timestamp with time zone,
    as_of timestamp with time zone,
    artifacts jsonb,
    error_code text,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    retries integer DEFAULT 0 NOT NULL,
    returned integer DEFAULT 0 NOT NULL,
    CONSTRAINT report_report_status_check_check CHECK ((status = ANY (ARRAY['queued'::text, 'running'::text, 'complete'::text, 'failed'::text, 'cancelled'::text])))
);
COMMENT ON COLUMN public.report.attempt IS 'the fence: grows with every claim';
COMMENT ON COLUMN public.report.crashes IS 'attempts whose process died';
COMMENT ON COLUMN public.report.owner IS 'replica that runs it';
COMMENT ON COLUMN public.report.as_of IS 'the instant the report speaks for';
COMMENT ON COLUMN public.report.retries IS 'attempts that a server failed';
COMMENT ON COLUMN public.report.returned IS 'attempts that a stopping worker gave back';
CREATE TABLE public.review_time (
    dataset_id character varying(32) NOT NULL,
    line bigint NOT NULL,
    review_seconds double precision,
    merge_seconds double precision,
    observed_on date,
    team_id integer
);
COMMENT ON COLUMN public.review_time.dataset_id IS 'the sample that the observation belongs to';
COMMENT ON COLUMN public.review_time.line IS 'of its file';
COMMENT ON COLUMN public.review_time.team_id IS 'an entity of kind team';
CREATE TABLE public.upload (
    id character varying(32) NOT NULL,
    kind text NOT NULL,
    filename text,
    metadata text,
    options jsonb NOT NULL,
    length_bytes bigint,
    offset_bytes bigint DEFAULT '0'::bigint NOT NULL,
    part_bytes bigint NOT NULL,
    raw_key text,
    multipart_id text,
    parts jsonb DEFAULT '[]'::jsonb NOT NULL,
    tail_key text,
    tail_bytes bigint DEFAULT '0'::bigint NOT NULL,
    fence integer DEFAULT 0 NOT NULL,
    lock_until timestamp with time zone,
    contested_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    lost_at timestamp with time zone
);
COMMENT ON COLUMN public.upload.id IS 'also that of the dataset which it becomes';
COMMENT ON COLUMN public.upload.filename IS 'as the sender called it';
COMMENT ON COLUMN public.upload.metadata IS 'Upload-Metadata as it came';
COMMENT ON COLUMN public.upload.options IS 'how to check the file, as it was asked for';
COMMENT ON COLUMN public.upload.length_bytes IS 'null when it comes in one request that cannot be resumed';
COMMENT ON COLUMN public.upload.offset_bytes IS 'bytes that are in S3';
COMMENT ON COLUMN public.upload.part_bytes IS 'every part but the last has so many';
COMMENT ON COLUMN public.upload.raw_key IS 'where the file will lie in S3; null until its first bytes tell';
COMMENT ON COLUMN public.upload.multipart_id IS 'the multipart upload in S3; null for a file of one part';
COMMENT ON COLUMN public.upload.parts IS 'ETags of the parts, in order';
COMMENT ON COLUMN public.upload.tail_key IS 'object of the bytes behind the last part';
COMMENT ON COLUMN public.upload.fence IS 'grows with every lock';
COMMENT ON COLUMN public.upload.contested_at IS 'somebody else has asked for the lock';
COMMENT ON COLUMN public.upload.finished_at IS 'the file is whole, and was handed on';
COMMENT ON COLUMN public.upload.lost_at IS 'S3 has lost what had arrived';
CREATE TABLE public.working_hours (
    entity_id integer NOT NULL,
    weekday smallint NOT NULL,
    opens time without time zone NOT NULL,
    closes time without time zone NOT NULL,
    CONSTRAINT working_hours_working_hours_weekday_check_check CHECK (((weekday >= 0) AND (weekday <= 6)))
);
COMMENT ON COLUMN public.working_hours.weekday IS '0 = Monday … 6 = Sunday, local';
ALTER TABLE ONLY public.poll ATTACH PARTITION public.poll_2023_01_23 FOR VALUES FROM ('2023-01-23 00:00:00+00') TO ('2023-01-30 00:00:00+00');
INSERT INTO public.alembic_version (version_num) VALUES ('0006');
INSERT INTO public.dataset (id, kind, filename, options, bytes, sha256, raw_key, job_id, merged_by, merged_options, outcome, rows_read, rows_accepted, rows_rejected, rows_duplicate, first_at, last_at, rejections, error_code, error_message, duplicate_of, created_at, uploaded_at, expected_sha256) VALUES ('01a21899ad547780b16e26655328494b', 'polls', 'polls.csv', '{"force": false, "columns": null, "on_error": "skip_rows", "max_errors": 5}', 1580, 'b98e1d68b3f1506d36436b0f905358d322f8233f2a1500c8ae7dc8b02df22a11', 'raw/polls/2026/11/26/01a21899ad547780b16e26655328494b.csv', '01a21899ae4b77f1b70b3079165e3239', '01a21899ae4b77f1b70b3079165e3239', '{"force": false, "columns": null, "on_error": "skip_rows", "max_errors": 5}', 'ready', 38, 36, 2, 0, '2023-01-23 08:17:05.123456+00', '2023-01-25 23:17:05.123456+00', '[{"code": "not_allowed", "line": 38, "value": "''up''", "column": "status", "reason": "is not one of active, inactive"}, {"code": "bad_timestamp", "line": 39, "value": "''yesterday''", "column": "timestamp_utc", "reason": "is not a timestamp such as 2023-01-22 12:09:39.388884 UTC or 2023-01-22T12:09:39+01:00"}]', NULL, NULL, NULL, '2026-11-26 16:04:14.297725+00', '2026-11-26 16:04:14.498581+00', 'b98e1d68b3f1506d36436b0f905358d322f8233f2a1500c8ae7dc8b02df22a11');
INSERT INTO public.dataset (id, kind, filename, options, bytes, sha256, raw_key, job_id, merged_by, merged_options, outcome, rows_read, rows_accepted, rows_rejected, rows_duplicate, first_at, last_at, rejections, error_code, error_message, duplicate_of, created_at, uploaded_at, expected_sha256) VALUES ('01a21899cf4473378c7489a40b874cfe', 'polls', 'broken.csv', '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 99, 'cb6c6d68a950436cd1caddf226f018c03c6b83baa101951f57f5f63540580234', 'raw/polls/2026/11/26/01a21899cf4473378c7489a40b874cfe.csv', '01a21899cf8671ddaa3ccc153b3d9240', NULL, NULL, 'rejected', 2, 1, 1, 0, '2023-01-25 12:00:00+00', '2023-01-25 12:00:00+00', '[{"code": "not_allowed", "line": 3, "value": "''broken''", "column": "status", "reason": "is not one of active, inactive"}]', 'rejected_rows', 'broken.csv was not loaded: 1 of 2 rows cannot be accepted.
line 3, status: ''broken'' is not one of active, inactive', NULL, '2026-11-26 16:04:22.981821+00', '2026-11-26 16:04:23.038039+00', 'cb6c6d68a950436cd1caddf226f018c03c6b83baa101951f57f5f63540580234');
INSERT INTO public.dataset (id, kind, filename, options, bytes, sha256, raw_key, job_id, merged_by, merged_options, outcome, rows_read, rows_accepted, rows_rejected, rows_duplicate, first_at, last_at, rejections, error_code, error_message, duplicate_of, created_at, uploaded_at, expected_sha256) VALUES ('01a21899d1987c1b9f0f8d07a89e35dd', 'timezones', 'zones.csv', '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 54, '80ab9bfe8cfd09a33c97cf3816bde6b3c487917eca5f7dbd54e8b615268304cc', 'raw/timezones/2026/11/26/01a21899d1987c1b9f0f8d07a89e35dd.csv', '01a21899d1d67a3dbbfb4c918ea19c5c', '01a21899d1d67a3dbbfb4c918ea19c5c', '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 'ready', 2, 2, 0, 0, NULL, NULL, '[]', NULL, NULL, NULL, '2026-11-26 16:04:23.577437+00', '2026-11-26 16:04:23.622561+00', '80ab9bfe8cfd09a33c97cf3816bde6b3c487917eca5f7dbd54e8b615268304cc');
INSERT INTO public.dataset (id, kind, filename, options, bytes, sha256, raw_key, job_id, merged_by, merged_options, outcome, rows_read, rows_accepted, rows_rejected, rows_duplicate, first_at, last_at, rejections, error_code, error_message, duplicate_of, created_at, uploaded_at, expected_sha256) VALUES ('01a21899d44f7ca2918ec48422cabb55', 'pull_requests', 'pull_requests.csv', '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 226, 'b424821af66d73e03eb22052fadd0aefcd2672db505a410b3d9436654d5f8492', 'raw/pull_requests/2026/11/26/01a21899d44f7ca2918ec48422cabb55.csv', '01a21899d498706d83f08d93fd4ccbc1', '01a21899d498706d83f08d93fd4ccbc1', '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 'ready', 2, 2, 0, 0, '2024-10-09 08:29:22+00', '2024-10-09 08:47:54+00', '[]', NULL, NULL, NULL, '2026-11-26 16:04:24.27233+00', '2026-11-26 16:04:24.330762+00', 'b424821af66d73e03eb22052fadd0aefcd2672db505a410b3d9436654d5f8492');
INSERT INTO public.dataset (id, kind, filename, options, bytes, sha256, raw_key, job_id, merged_by, merged_options, outcome, rows_read, rows_accepted, rows_rejected, rows_duplicate, first_at, last_at, rejections, error_code, error_message, duplicate_of, created_at, uploaded_at, expected_sha256) VALUES ('01a21899db8b7d83a4c4999a9bd4827e', 'polls', 'partial.csv', '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-26 16:04:26.128194+00', NULL, NULL);
INSERT INTO public.dataset (id, kind, filename, options, bytes, sha256, raw_key, job_id, merged_by, merged_options, outcome, rows_read, rows_accepted, rows_rejected, rows_duplicate, first_at, last_at, rejections, error_code, error_message, duplicate_of, created_at, uploaded_at, expected_sha256) VALUES ('01a21899dc00748cb3d2649cf7ed6056', 'polls', 'half.csv', '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 846, '66f14a3883c0a43a5960469efa2c018b4dcb00cfb0f7780c2cb1d9205396ef95', 'raw/polls/2026/11/26/01a21899dc00748cb3d2649cf7ed6056.csv', '01a21899dc667ebab185c682ffa543ca', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-26 16:04:26.241869+00', '2026-11-26 16:04:26.339492+00', '66f14a3883c0a43a5960469efa2c018b4dcb00cfb0f7780c2cb1d9205396ef95');
INSERT INTO public.dataset (id, kind, filename, options, bytes, sha256, raw_key, job_id, merged_by, merged_options, outcome, rows_read, rows_accepted, rows_rejected, rows_duplicate, first_at, last_at, rejections, error_code, error_message, duplicate_of, created_at, uploaded_at, expected_sha256) VALUES ('01a21899df52747aa803aeba18d8cf80', 'timezones', 'waiting.csv', '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 38, 'bd198183f159555443a5a225576f0055334aea35fd73f9a62aeeba96df9fe3fe', 'raw/timezones/2026/11/26/01a21899df52747aa803aeba18d8cf80.csv', '01a21899dfa57bb893d4880b85c87d08', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-26 16:04:27.095086+00', '2026-11-26 16:04:27.167608+00', 'bd198183f159555443a5a225576f0055334aea35fd73f9a62aeeba96df9fe3fe');
INSERT INTO public.entity (id, kind, key, timezone) OVERRIDING SYSTEM VALUE VALUES (1, 'store', 's1', 'Europe/Berlin');
INSERT INTO public.entity (id, kind, key, timezone) OVERRIDING SYSTEM VALUE VALUES (3, 'team', 'Payments', NULL);
INSERT INTO public.entity (id, kind, key, timezone) OVERRIDING SYSTEM VALUE VALUES (4, 'team', 'Search', NULL);
INSERT INTO public.entity (id, kind, key, timezone) OVERRIDING SYSTEM VALUE VALUES (5, 'store', 's3', NULL);
INSERT INTO public.entity (id, kind, key, timezone) OVERRIDING SYSTEM VALUE VALUES (2, 'store', 's2', 'Asia/Tokyo');
INSERT INTO public.entity (id, kind, key, timezone) OVERRIDING SYSTEM VALUE VALUES (6, 'store', 's4', 'Asia/Kathmandu');
INSERT INTO public.entity (id, kind, key, timezone) OVERRIDING SYSTEM VALUE VALUES (7, 'repository', 'api', NULL);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-23 08:17:05.123456+00', 1, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-23 09:17:05.123456+00', 1, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-23 13:17:05.123456+00', 1, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-23 23:17:05.123456+00', 1, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-24 08:17:05.123456+00', 1, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-24 09:17:05.123456+00', 1, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-24 13:17:05.123456+00', 1, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-24 23:17:05.123456+00', 1, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-25 08:17:05.123456+00', 1, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-25 09:17:05.123456+00', 1, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-25 13:17:05.123456+00', 1, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-25 23:17:05.123456+00', 1, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-23 08:17:05.123456+00', 2, false);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-23 09:17:05.123456+00', 2, false);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-23 13:17:05.123456+00', 2, false);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-23 23:17:05.123456+00', 2, false);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-24 08:17:05.123456+00', 2, false);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-24 09:17:05.123456+00', 2, false);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-24 13:17:05.123456+00', 2, false);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-24 23:17:05.123456+00', 2, false);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-25 08:17:05.123456+00', 2, false);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-25 09:17:05.123456+00', 2, false);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-25 13:17:05.123456+00', 2, false);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-25 23:17:05.123456+00', 2, false);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-23 08:17:05.123456+00', 5, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-23 09:17:05.123456+00', 5, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-23 13:17:05.123456+00', 5, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-23 23:17:05.123456+00', 5, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-24 08:17:05.123456+00', 5, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-24 09:17:05.123456+00', 5, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-24 13:17:05.123456+00', 5, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-24 23:17:05.123456+00', 5, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-25 08:17:05.123456+00', 5, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-25 09:17:05.123456+00', 5, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-25 13:17:05.123456+00', 5, true);
INSERT INTO public.poll_2023_01_23 (at, entity_id, active) VALUES ('2023-01-25 23:17:05.123456+00', 5, true);
INSERT INTO public.poll_week (week, first_at, last_at) VALUES ('2023-01-23', '2023-01-23 08:17:05.123456+00', '2023-01-25 23:17:05.123456+00');
INSERT INTO public.pull_request (repo_id, number, team_id, author, created_at, first_commit_at, ready_at, first_review_at, approved_at, merged_at, closed_at, ci_finished_at) VALUES (7, 1, 4, 'ada', '2024-10-09 08:29:22+00', NULL, NULL, '2024-10-10 13:38:03+00', NULL, '2024-10-11 12:34:38+00', '2024-10-11 12:34:38+00', NULL);
INSERT INTO public.pull_request (repo_id, number, team_id, author, created_at, first_commit_at, ready_at, first_review_at, approved_at, merged_at, closed_at, ci_finished_at) VALUES (7, 2, 3, 'bob', '2024-10-09 08:47:54+00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.report (id, kind, params, params_sha256, idempotency_key, status, attempt, crashes, owner, lease_until, not_before, dispatched_at, as_of, artifacts, error_code, error_message, created_at, started_at, finished_at, retries, returned) VALUES ('01a21899ae4b77f1b70b3079165e3239', 'dataset', '{"action": "load", "dataset_id": "01a21899ad547780b16e26655328494b"}', '', NULL, 'complete', 1, 0, NULL, NULL, NULL, '2026-11-26 16:04:14.498581+00', NULL, '[{"key": "reports/01a21899ae4b77f1b70b3079165e3239/a1/rejects.csv", "name": "rejects.csv", "rows": 2, "bytes": 220, "sha256": "7d51fdc48598d52340b37c4820594e7ed7876d7420c5698b6515891ff0b64c37", "media_type": "text/csv"}]', NULL, NULL, '2026-11-26 16:04:14.498581+00', '2026-11-26 16:04:20.520087+00', '2026-11-26 16:04:22.934804+00', 0, 0);
INSERT INTO public.report (id, kind, params, params_sha256, idempotency_key, status, attempt, crashes, owner, lease_until, not_before, dispatched_at, as_of, artifacts, error_code, error_message, created_at, started_at, finished_at, retries, returned) VALUES ('01a21899cf8671ddaa3ccc153b3d9240', 'dataset', '{"action": "load", "dataset_id": "01a21899cf4473378c7489a40b874cfe"}', '', NULL, 'complete', 1, 0, NULL, NULL, NULL, '2026-11-26 16:04:23.038039+00', NULL, '[{"key": "reports/01a21899cf8671ddaa3ccc153b3d9240/a1/rejects.csv", "name": "rejects.csv", "rows": 1, "bytes": 93, "sha256": "3fffb63d9888b4cb8d4602b99c768cf05386b4f1c2d851ab1a894c7a40df2015", "media_type": "text/csv"}]', NULL, NULL, '2026-11-26 16:04:23.038039+00', '2026-11-26 16:04:23.071318+00', '2026-11-26 16:04:23.497621+00', 0, 0);
INSERT INTO public.report (id, kind, params, params_sha256, idempotency_key, status, attempt, crashes, owner, lease_until, not_before, dispatched_at, as_of, artifacts, error_code, error_message, created_at, started_at, finished_at, retries, returned) VALUES ('01a21899d1d67a3dbbfb4c918ea19c5c', 'dataset', '{"action": "load", "dataset_id": "01a21899d1987c1b9f0f8d07a89e35dd"}', '', NULL, 'complete', 1, 0, NULL, NULL, NULL, '2026-11-26 16:04:23.622561+00', NULL, '[]', NULL, NULL, '2026-11-26 16:04:23.622561+00', '2026-11-26 16:04:23.646617+00', '2026-11-26 16:04:24.193282+00', 0, 0);
INSERT INTO public.report (id, kind, params, params_sha256, idempotency_key, status, attempt, crashes, owner, lease_until, not_before, dispatched_at, as_of, artifacts, error_code, error_message, created_at, started_at, finished_at, retries, returned) VALUES ('01a21899d498706d83f08d93fd4ccbc1', 'dataset', '{"action": "load", "dataset_id": "01a21899d44f7ca2918ec48422cabb55"}', '', NULL, 'complete', 1, 0, NULL, NULL, NULL, '2026-11-26 16:04:24.330762+00', NULL, '[]', NULL, NULL, '2026-11-26 16:04:24.330762+00', '2026-11-26 16:04:24.363507+00', '2026-11-26 16:04:24.912242+00', 0, 0);
INSERT INTO public.report (id, kind, params, params_sha256, idempotency_key, status, attempt, crashes, owner, lease_until, not_before, dispatched_at, as_of, artifacts, error_code, error_message, created_at, started_at, finished_at, retries, returned) VALUES ('01a21899d7207a33be32c5dbb52fefe4', 'uptime', '{"as_of": "2023-01-25T18:00:00Z", "charts": false, "hourly": true, "stores": ["s1", "s2"], "lookback_hours": 96}', '7c95bcb4305371f1c675fc241ff52483faf040a4283cb8baeb54c4f73103d53f', 'wednesday', 'complete', 1, 0, NULL, NULL, NULL, '2026-11-26 16:04:24.98832+00', '2023-01-25 18:00:00+00', '[{"key": "reports/01a21899d7207a33be32c5dbb52fefe4/a1/uptime.csv", "name": "uptime.csv", "rows": 2, "bytes": 286, "sha256": "3be6628d96ba1a512680d59ce894a0ac7c21554abd3f43cc1db085ab4ea5d051", "media_type": "text/csv"}, {"key": "reports/01a21899d7207a33be32c5dbb52fefe4/a1/hourly.parquet", "name": "hourly.parquet", "rows": 336, "bytes": 2787, "sha256": "f69c15378931087c956211f1ca878532563167aca3c6eddacfe1abc497784e6b", "media_type": "application/vnd.apache.parquet"}]', NULL, NULL, '2026-11-26 16:04:24.98832+00', '2026-11-26 16:04:25.008142+00', '2026-11-26 16:04:25.298077+00', 0, 0);
INSERT INTO public.report (id, kind, params, params_sha256, idempotency_key, status, attempt, crashes, owner, lease_until, not_before, dispatched_at, as_of, artifacts, error_code, error_message, created_at, started_at, finished_at, retries, returned) VALUES ('01a21899d89f7a73962bbfa32981ef9a', 'pull_requests', '{"as_of": "2024-10-11T12:34:38Z", "clock": "working", "repos": null, "since": null, "teams": null, "until": null, "charts": false, "hourly": false, "source": "pull_requests"}', '40a1017fae1dad3be4ceb84ea42795391ae4f41ab27507139a97694f9e7d6f06', NULL, 'complete', 1, 0, NULL, NULL, NULL, '2026-11-26 16:04:25.361045+00', '2024-10-11 12:34:38+00', '[{"key": "reports/01a21899d89f7a73962bbfa32981ef9a/a1/pull_requests.csv", "name": "pull_requests.csv", "rows": 2, "bytes": 651, "sha256": "2c1b549d7d06fc8437ddca4726370aebd3f449962a2423b9592479d95d14b0c0", "media_type": "text/csv"}, {"key": "reports/01a21899d89f7a73962bbfa32981ef9a/a1/summary.json", "name": "summary.json", "rows": 2, "bytes": 3781, "sha256": "1494e3f20dcd0cd8d302d11e04f47bd134b722276a8a2a674c0e47da512b486a", "media_type": "application/json"}]', NULL, NULL, '2026-11-26 16:04:25.361045+00', '2026-11-26 16:04:25.401196+00', '2026-11-26 16:04:25.727307+00', 0, 0);
INSERT INTO public.report (id, kind, params, params_sha256, idempotency_key, status, attempt, crashes, owner, lease_until, not_before, dispatched_at, as_of, artifacts, error_code, error_message, created_at, started_at, finished_at, retries, returned) VALUES ('01a21899da2a7e20be04d149ae5b6e84', 'pull_requests', '{"as_of": "2024-10-12T00:00:00Z", "clock": "working", "repos": null, "since": null, "teams": null, "until": null, "charts": false, "hourly": false, "source": "1fc92217285fb611ac586dcbfc875bf2"}', '28301130f13033e13b637e0d93d316d45063ebebb4254af9f9d1063d988ea920', NULL, 'complete', 1, 0, NULL, NULL, NULL, '2026-11-26 16:04:25.763878+00', '2024-10-12 00:00:00+00', '[{"key": "reports/01a21899da2a7e20be04d149ae5b6e84/a1/pull_requests.csv", "name": "pull_requests.csv", "rows": 3, "bytes": 142, "sha256": "cf68fa7ff2ca74f2c7dc1e142d5df468ee436930e1043585ae8a13d3783dbb53", "media_type": "text/csv"}, {"key": "reports/01a21899da2a7e20be04d149ae5b6e84/a1/summary.json", "name": "summary.json", "rows": 3, "bytes": 2534, "sha256": "55c93a1ddbb0f947e82d564aa805e80832cf980e9f30971940d626b19fc3cdea", "media_type": "application/json"}]', NULL, NULL, '2026-11-26 16:04:25.763878+00', '2026-11-26 16:04:25.805098+00', '2026-11-26 16:04:26.082766+00', 0, 0);
INSERT INTO public.report (id, kind, params, params_sha256, idempotency_key, status, attempt, crashes, owner, lease_until, not_before, dispatched_at, as_of, artifacts, error_code, error_message, created_at, started_at, finished_at, retries, returned) VALUES ('01a21899df157be9b681ceca8e219ce9', 'uptime', '{"as_of": "2023-01-25T18:00:00Z", "charts": false, "hourly": true, "stores": ["s1", "s2"], "lookback_hours": 96}', '7c95bcb4305371f1c675fc241ff52483faf040a4283cb8baeb54c4f73103d53f', NULL, 'queued', 0, 0, NULL, NULL, NULL, '2026-11-26 16:04:27.028556+00', '2023-01-25 18:00:00+00', NULL, NULL, NULL, '2026-11-26 16:04:27.028556+00', NULL, NULL, 0, 0);
INSERT INTO public.report (id, kind, params, params_sha256, idempotency_key, status, attempt, crashes, owner, lease_until, not_before, dispatched_at, as_of, artifacts, error_code, error_message, created_at, started_at, finished_at, retries, returned) VALUES ('01a21899df417b9f924975027b28e97f', 'pull_requests', '{"as_of": "2024-10-12T00:00:00Z", "clock": "working", "repos": null, "since": null, "teams": null, "until": null, "charts": false, "hourly": false, "source": "1fc92217285fb611ac586dcbfc875bf2"}', '28301130f13033e13b637e0d93d316d45063ebebb4254af9f9d1063d988ea920', 'thursday', 'queued', 0, 0, NULL, NULL, NULL, '2026-11-26 16:04:27.061652+00', '2024-10-12 00:00:00+00', NULL, NULL, NULL, '2026-11-26 16:04:27.061652+00', NULL, NULL, 0, 0);
INSERT INTO public.report (id, kind, params, params_sha256, idempotency_key, status, attempt, crashes, owner, lease_until, not_before, dispatched_at, as_of, artifacts, error_code, error_message, created_at, started_at, finished_at, retries, returned) VALUES ('01a21899dfa57bb893d4880b85c87d08', 'dataset', '{"action": "load", "dataset_id": "01a21899df52747aa803aeba18d8cf80"}', '', NULL, 'queued', 0, 0, NULL, NULL, NULL, '2026-11-26 16:04:27.167608+00', NULL, NULL, NULL, NULL, '2026-11-26 16:04:27.167608+00', NULL, NULL, 0, 0);
INSERT INTO public.report (id, kind, params, params_sha256, idempotency_key, status, attempt, crashes, owner, lease_until, not_before, dispatched_at, as_of, artifacts, error_code, error_message, created_at, started_at, finished_at, retries, returned) VALUES ('01a21899dfec7ab4a92b10b29954d6b6', 'uptime', '{"as_of": "2023-01-25T18:00:00Z", "charts": false, "hourly": true, "stores": ["s1", "s2"], "lookback_hours": 96}', '7c95bcb4305371f1c675fc241ff52483faf040a4283cb8baeb54c4f73103d53f', NULL, 'cancelled', 0, 0, NULL, NULL, NULL, '2026-11-26 16:04:27.238624+00', '2023-01-25 18:00:00+00', NULL, NULL, NULL, '2026-11-26 16:04:27.238624+00', NULL, '2026-11-26 16:04:27.277897+00', 0, 0);
INSERT INTO public.report (id, kind, params, params_sha256, idempotency_key, status, attempt, crashes, owner, lease_until, not_before, dispatched_at, as_of, artifacts, error_code, error_message, created_at, started_at, finished_at, retries, returned) VALUES ('01a21899dc667ebab185c682ffa543ca', 'dataset', '{"action": "load", "dataset_id": "01a21899dc00748cb3d2649cf7ed6056"}', '', NULL, 'running', 1, 0, 'replica-30540-e6dd32', '2026-11-26 16:04:56.360612+00', NULL, '2026-11-26 16:05:07.371799+00', NULL, NULL, NULL, NULL, '2026-11-26 16:04:26.339492+00', '2026-11-26 16:04:26.360612+00', NULL, 0, 0);
INSERT INTO public.review_time (dataset_id, line, review_seconds, merge_seconds, observed_on, team_id) VALUES ('1fc92217285fb611ac586dcbfc875bf2', 0, 0, 325, '2024-10-09', 4);
INSERT INTO public.review_time (dataset_id, line, review_seconds, merge_seconds, observed_on, team_id) VALUES ('1fc92217285fb611ac586dcbfc875bf2', 1, 40784, 905, '2024-10-10', 4);
INSERT INTO public.review_time (dataset_id, line, review_seconds, merge_seconds, observed_on, team_id) VALUES ('1fc92217285fb611ac586dcbfc875bf2', 2, 569, NULL, '2024-10-11', 3);
INSERT INTO public.upload (id, kind, filename, metadata, options, length_bytes, offset_bytes, part_bytes, raw_key, multipart_id, parts, tail_key, tail_bytes, fence, lock_until, contested_at, created_at, expires_at, finished_at, lost_at) VALUES ('01a21899ad547780b16e26655328494b', 'polls', 'polls.csv', NULL, '{"force": false, "columns": null, "on_error": "skip_rows", "max_errors": 5}', 1580, 1580, 8388608, 'raw/polls/2026/11/26/01a21899ad547780b16e26655328494b.csv', NULL, '[]', 'uploads/01a21899ad547780b16e26655328494b/1-1', 1580, 1, NULL, NULL, '2026-11-26 16:04:14.297725+00', '2026-11-27 16:04:14.498581+00', '2026-11-26 16:04:14.498581+00', NULL);
INSERT INTO public.upload (id, kind, filename, metadata, options, length_bytes, offset_bytes, part_bytes, raw_key, multipart_id, parts, tail_key, tail_bytes, fence, lock_until, contested_at, created_at, expires_at, finished_at, lost_at) VALUES ('01a21899dc00748cb3d2649cf7ed6056', 'polls', 'half.csv', NULL, '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 846, 846, 8388608, 'raw/polls/2026/11/26/01a21899dc00748cb3d2649cf7ed6056.csv', NULL, '[]', 'uploads/01a21899dc00748cb3d2649cf7ed6056/1-1', 846, 1, NULL, NULL, '2026-11-26 16:04:26.241869+00', '2026-11-27 16:04:26.339492+00', '2026-11-26 16:04:26.339492+00', NULL);
INSERT INTO public.upload (id, kind, filename, metadata, options, length_bytes, offset_bytes, part_bytes, raw_key, multipart_id, parts, tail_key, tail_bytes, fence, lock_until, contested_at, created_at, expires_at, finished_at, lost_at) VALUES ('01a21899cf4473378c7489a40b874cfe', 'polls', 'broken.csv', NULL, '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 99, 99, 8388608, 'raw/polls/2026/11/26/01a21899cf4473378c7489a40b874cfe.csv', NULL, '[]', 'uploads/01a21899cf4473378c7489a40b874cfe/1-1', 99, 1, NULL, NULL, '2026-11-26 16:04:22.981821+00', '2026-11-27 16:04:23.038039+00', '2026-11-26 16:04:23.038039+00', NULL);
INSERT INTO public.upload (id, kind, filename, metadata, options, length_bytes, offset_bytes, part_bytes, raw_key, multipart_id, parts, tail_key, tail_bytes, fence, lock_until, contested_at, created_at, expires_at, finished_at, lost_at) VALUES ('01a21899d1987c1b9f0f8d07a89e35dd', 'timezones', 'zones.csv', NULL, '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 54, 54, 8388608, 'raw/timezones/2026/11/26/01a21899d1987c1b9f0f8d07a89e35dd.csv', NULL, '[]', 'uploads/01a21899d1987c1b9f0f8d07a89e35dd/1-1', 54, 1, NULL, NULL, '2026-11-26 16:04:23.577437+00', '2026-11-27 16:04:23.622561+00', '2026-11-26 16:04:23.622561+00', NULL);
INSERT INTO public.upload (id, kind, filename, metadata, options, length_bytes, offset_bytes, part_bytes, raw_key, multipart_id, parts, tail_key, tail_bytes, fence, lock_until, contested_at, created_at, expires_at, finished_at, lost_at) VALUES ('01a21899d44f7ca2918ec48422cabb55', 'pull_requests', 'pull_requests.csv', NULL, '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 226, 226, 8388608, 'raw/pull_requests/2026/11/26/01a21899d44f7ca2918ec48422cabb55.csv', NULL, '[]', 'uploads/01a21899d44f7ca2918ec48422cabb55/1-1', 226, 1, NULL, NULL, '2026-11-26 16:04:24.27233+00', '2026-11-27 16:04:24.330762+00', '2026-11-26 16:04:24.330762+00', NULL);
INSERT INTO public.upload (id, kind, filename, metadata, options, length_bytes, offset_bytes, part_bytes, raw_key, multipart_id, parts, tail_key, tail_bytes, fence, lock_until, contested_at, created_at, expires_at, finished_at, lost_at) VALUES ('01a21899df52747aa803aeba18d8cf80', 'timezones', 'waiting.csv', NULL, '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 38, 38, 8388608, 'raw/timezones/2026/11/26/01a21899df52747aa803aeba18d8cf80.csv', NULL, '[]', 'uploads/01a21899df52747aa803aeba18d8cf80/1-1', 38, 1, NULL, NULL, '2026-11-26 16:04:27.095086+00', '2026-11-27 16:04:27.167608+00', '2026-11-26 16:04:27.167608+00', NULL);
INSERT INTO public.upload (id, kind, filename, metadata, options, length_bytes, offset_bytes, part_bytes, raw_key, multipart_id, parts, tail_key, tail_bytes, fence, lock_until, contested_at, created_at, expires_at, finished_at, lost_at) VALUES ('01a21899db8b7d83a4c4999a9bd4827e', 'polls', 'partial.csv', 'kind cG9sbHM=,filename cGFydGlhbC5jc3Y=', '{"force": false, "columns": null, "on_error": "reject_file", "max_errors": 1000}', 100, 50, 8388608, NULL, NULL, '[]', 'uploads/01a21899db8b7d83a4c4999a9bd4827e/1-1', 50, 1, NULL, NULL, '2026-11-26 16:04:26.128194+00', '2026-11-27 16:04:26.177355+00', NULL, NULL);
INSERT INTO public.working_hours (entity_id, weekday, opens, closes) VALUES (1, 2, '09:00:00', '17:30:00');
INSERT INTO public.working_hours (entity_id, weekday, opens, closes) VALUES (1, 1, '09:00:00', '17:30:00');
INSERT INTO public.working_hours (entity_id, weekday, opens, closes) VALUES (1, 6, '09:00:00', '17:30:00');
INSERT INTO public.working_hours (entity_id, weekday, opens, closes) VALUES (1, 5, '09:00:00', '17:30:00');
INSERT INTO public.working_hours (entity_id, weekday, opens, closes) VALUES (2, 0, '22:00:00', '02:00:00');
INSERT INTO public.working_hours (entity_id, weekday, opens, closes) VALUES (1, 4, '09:00:00', '17:30:00');
INSERT INTO public.working_hours (entity_id, weekday, opens, closes) VALUES (1, 0, '09:00:00', '17:30:00');
INSERT INTO public.working_hours (entity_id, weekday, opens, closes) VALUES (1, 3, '09:00:00', '17:30:00');
SELECT pg_catalog.setval('public.entity_id_seq', 7, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.entity
    ADD CONSTRAINT entity_kind_key UNIQUE (kind, key);
ALTER TABLE ONLY public.entity
    ADD CONSTRAINT entity_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.poll
    ADD CONSTRAINT poll_pkey PRIMARY KEY (entity_id, at);
ALTER TABLE ONLY public.poll_2023_01_23
    ADD CONSTRAINT poll_2023_01_23_pkey PRIMARY KEY (entity_id, at);
ALTER TABLE ONLY public.poll_week
    ADD CONSTRAINT poll_week_pkey PRIMARY KEY (week);
ALTER TABLE ONLY public.pull_request
    ADD CONSTRAINT pull_request_pkey PRIMARY KEY (repo_id, number);
ALTER TABLE ONLY public.report
    ADD CONSTRAINT report_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.review_time
    ADD CONSTRAINT review_time_pkey PRIMARY KEY (dataset_id, line);
ALTER TABLE ONLY public.upload
    ADD CONSTRAINT upload_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.working_hours
    ADD CONSTRAINT working_hours_pkey PRIMARY KEY (entity_id, weekday, opens, closes);
CREATE INDEX dataset_newest_idx ON public.dataset USING btree (created_at DESC, id DESC);
CREATE INDEX dataset_sha256_idx ON public.dataset USING btree (sha256);
CREATE INDEX pull_request_created_at_idx ON public.pull_request USING btree (created_at);
CREATE INDEX pull_request_last_at_idx ON public.pull_request USING btree (last_at);
CREATE UNIQUE INDEX report_idempotency_key_idx ON public.report USING btree (idempotency_key);
CREATE INDEX report_newest_idx ON public.report USING btree (created_at DESC, id DESC);
CREATE INDEX report_outstanding_idx ON public.report USING btree (status, lease_until) WHERE (status = ANY (ARRAY['queued'::text, 'running'::text]));
CREATE INDEX upload_expires_at_idx ON public.upload USING btree (expires_at);
CREATE INDEX upload_unfinished_idx ON public.upload USING btree (id) WHERE ((finished_at IS NULL) AND (lost_at IS NULL));
ALTER INDEX public.poll_pkey ATTACH PARTITION public.poll_2023_01_23_pkey;
ALTER TABLE ONLY public.working_hours
    ADD CONSTRAINT working_hours_entity_id_fkey FOREIGN KEY (entity_id) REFERENCES public.entity(id) ON DELETE CASCADE;
