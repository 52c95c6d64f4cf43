-- Tables of the projection. Partitions of one UTC day on the UUIDv7 key are made by gavel.projection.partitions, never
-- here; there is no default partition, which would forbid DETACH CONCURRENTLY. No foreign keys: submissions come from
-- submissions.*, judgements and test_results from events, and neither waits for the other.

CREATE TABLE submissions (
    submission_id uuid PRIMARY KEY,
    tenant text NOT NULL,
    language text NOT NULL,
    lane smallint NOT NULL,
    problem text NOT NULL,
    labels jsonb NOT NULL,
    create_time timestamptz NOT NULL,
    record bytea NOT NULL,
    source_key text NOT NULL,
    source_offset_bytes bigint NOT NULL,
    source_length_bytes bigint NOT NULL,
    tests_offset_bytes bigint NOT NULL,
    tests_length_bytes bigint NOT NULL,
    record_topic text NOT NULL,
    record_partition integer NOT NULL,
    record_position bigint NOT NULL,
    reproduce_count integer NOT NULL
) PARTITION BY RANGE (submission_id);

COMMENT ON COLUMN submissions.record IS 'gavel.submission.v1.SubmissionRecord without its sources and inline tests';
COMMENT ON COLUMN submissions.source_key IS 'the pack object whose slice holds the SourceFiles';
COMMENT ON COLUMN submissions.tests_length_bytes IS 'of the slice of the same pack with the InlineTests; 0 without';
COMMENT ON COLUMN submissions.record_position IS 'generation of the topic * 2^48 + offset of the record last produced';

CREATE INDEX submissions_by_tenant ON submissions (tenant, submission_id DESC);
CREATE INDEX submissions_by_problem ON submissions (tenant, problem, submission_id DESC) WHERE problem <> '';
CREATE INDEX submissions_by_label ON submissions USING gin (labels jsonb_path_ops);

CREATE TABLE judgements (
    submission_id uuid NOT NULL,
    judgement integer NOT NULL,
    tenant text NOT NULL,
    state smallint NOT NULL,
    verdict smallint NOT NULL,
    score double precision,
    cpu_time_ms bigint NOT NULL,
    wall_time_ms bigint NOT NULL,
    memory_bytes bigint NOT NULL,
    manifest_digest text NOT NULL,
    failure text NOT NULL,
    attempt text NOT NULL,
    worker text NOT NULL,
    language_version text NOT NULL,
    test_count integer NOT NULL,
    accept_time timestamptz,
    start_time timestamptz,
    end_time timestamptz,
    tests_key text NOT NULL,
    tests_sha256 text NOT NULL,
    tests_size_bytes bigint NOT NULL,
    compile bytea,
    compile_time timestamptz,
    compile_position bigint,
    compile_ordinal integer,
    attempt_position bigint,
    first_position bigint,
    applied_position bigint,
    end_position bigint,
    position bigint NOT NULL,
    PRIMARY KEY (submission_id, judgement)
) PARTITION BY RANGE (submission_id);

COMMENT ON COLUMN judgements.position IS 'of the last event that changed it: generation of the topic * 2^48 + offset';
COMMENT ON COLUMN judgements.tests_key IS 'the object with the facts of all tests; empty: they are in test_results';
COMMENT ON COLUMN judgements.compile IS 'gavel.submission.v1.CompileResult';

CREATE TABLE test_results (
    submission_id uuid NOT NULL,
    judgement integer NOT NULL,
    number integer NOT NULL,
    attempt text NOT NULL,
    test text NOT NULL,
    verdict smallint NOT NULL,
    cpu_time_ms bigint NOT NULL,
    wall_time_ms bigint NOT NULL,
    memory_bytes bigint NOT NULL,
    end_time timestamptz,
    facts bytea NOT NULL,
    shown_position bigint NOT NULL,
    shown_ordinal integer NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (submission_id, judgement, number)
) PARTITION BY RANGE (submission_id);

COMMENT ON TABLE test_results IS 'only those rows count whose attempt is that of the judgement';
COMMENT ON COLUMN test_results.facts IS 'gavel.submission.v1.TestResult, whole';

CREATE TABLE log_topics (
    topic_id text PRIMARY KEY,
    topic text NOT NULL,
    generation integer NOT NULL,
    UNIQUE (topic, generation)
);

COMMENT ON COLUMN log_topics.generation IS '0 for the first topic of that name; a topic made anew counts one more';

CREATE TABLE log_positions (
    topic_id text NOT NULL,
    partition integer NOT NULL,
    next_offset bigint NOT NULL,
    PRIMARY KEY (topic_id, partition)
);

COMMENT ON TABLE log_positions IS 'everything below next_offset is in the tables';
