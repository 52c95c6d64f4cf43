-- name: topic_generation
-- The generation of a topic id, given at its first mention. Callers hold the lock of register_topic.
WITH given AS (
    INSERT INTO log_topics (topic_id, topic, generation)
    SELECT %(topic_id)s, %(topic)s, coalesce(max(generation) + 1, 0) FROM log_topics WHERE topic = %(topic)s
    ON CONFLICT (topic_id) DO NOTHING
    RETURNING generation
)
SELECT generation FROM given UNION ALL SELECT generation FROM log_topics WHERE topic_id = %(topic_id)s

-- name: topics_by_id
-- Every topic id that was ever stored from.
SELECT topic_id, topic, generation FROM log_topics

-- name: log_positions
-- How far the partitions of some topics have been stored.
SELECT topic_id, partition, next_offset FROM log_positions WHERE topic_id = ANY (%(topic_ids)s)

-- name: advance_log_positions
-- Moves positions forward, never back.
INSERT INTO log_positions AS known (topic_id, partition, next_offset)
SELECT * FROM unnest(%(topic_ids)s::text[], %(partitions)s::int[], %(next_offsets)s::bigint[])
ON CONFLICT (topic_id, partition) DO UPDATE SET next_offset = excluded.next_offset
WHERE excluded.next_offset > known.next_offset

-- name: store_submissions
-- The first row of an id stays; a record that was produced again only tells where it lies now.
INSERT INTO submissions AS known (
    submission_id, tenant, language, lane, problem, labels, create_time, record, source_key, source_offset_bytes,
    source_length_bytes, tests_offset_bytes, tests_length_bytes, record_topic, record_partition, record_position,
    reproduce_count
)
SELECT
    id, tenant, language, lane, problem, labels::jsonb, timestamptz 'epoch' + create_time_us * interval '1 microsecond',
    record, source_key, source_offset_bytes, source_length_bytes, tests_offset_bytes, tests_length_bytes,
    record_topic, record_partition, record_position, reproduce_count
FROM unnest(
    %(ids)s::uuid[], %(tenants)s::text[], %(languages)s::text[], %(lanes)s::smallint[], %(problems)s::text[],
    %(labels)s::text[], %(create_times_us)s::bigint[], %(records)s::bytea[], %(source_keys)s::text[],
    %(source_offsets)s::bigint[], %(source_lengths)s::bigint[], %(tests_offsets)s::bigint[],
    %(tests_lengths)s::bigint[], %(record_topics)s::text[], %(record_partitions)s::int[],
    %(record_positions)s::bigint[], %(reproduce_counts)s::int[]
) AS row (
    id, tenant, language, lane, problem, labels, create_time_us, record, source_key, source_offset_bytes,
    source_length_bytes, tests_offset_bytes, tests_length_bytes, record_topic, record_partition, record_position,
    reproduce_count
)
ON CONFLICT (submission_id) DO UPDATE SET
    record_topic = excluded.record_topic, record_partition = excluded.record_partition,
    record_position = excluded.record_position, reproduce_count = excluded.reproduce_count
WHERE excluded.reproduce_count > known.reproduce_count AND excluded.tenant = known.tenant

-- name: store_judgements
-- One row for each judgement of a batch; a row never goes back to an earlier position.
INSERT INTO judgements AS known (
    submission_id, judgement, tenant, state, verdict, score, cpu_time_ms, wall_time_ms, memory_bytes, manifest_digest,
    failure, attempt, worker, language_version, test_count, accept_time, start_time, end_time, tests_key, tests_sha256,
    tests_size_bytes, groups, compile, compile_time, compile_position, compile_ordinal, attempt_position,
    first_position, applied_position, end_position, position
)
SELECT
    id, judgement, tenant, state, verdict, score, cpu_time_ms, wall_time_ms, memory_bytes, manifest_digest, failure,
    attempt, worker, language_version, test_count,
    timestamptz 'epoch' + nullif(accept_time_us, 0) * interval '1 microsecond',
    timestamptz 'epoch' + nullif(start_time_us, 0) * interval '1 microsecond',
    timestamptz 'epoch' + nullif(end_time_us, 0) * interval '1 microsecond',
    tests_key, tests_sha256, tests_size_bytes, groups, compile,
    timestamptz 'epoch' + nullif(compile_time_us, 0) * interval '1 microsecond',
    compile_position, compile_ordinal, attempt_position, first_position, applied_position, end_position, position
FROM unnest(
    %(ids)s::uuid[], %(judgements)s::int[], %(tenants)s::text[], %(states)s::smallint[], %(verdicts)s::smallint[],
    %(scores)s::float8[], %(cpu_times_ms)s::bigint[], %(wall_times_ms)s::bigint[], %(memories_bytes)s::bigint[],
    %(manifest_digests)s::text[], %(failures)s::text[], %(attempts)s::text[], %(workers)s::text[],
    %(language_versions)s::text[], %(test_counts)s::int[], %(accept_times_us)s::bigint[],
    %(start_times_us)s::bigint[], %(end_times_us)s::bigint[], %(tests_keys)s::text[], %(tests_sha256s)s::text[],
    %(tests_sizes_bytes)s::bigint[], %(groups)s::bytea[], %(compiles)s::bytea[], %(compile_times_us)s::bigint[],
    %(compile_positions)s::bigint[], %(compile_ordinals)s::int[], %(attempt_positions)s::bigint[],
    %(first_positions)s::bigint[], %(applied_positions)s::bigint[], %(end_positions)s::bigint[],
    %(positions)s::bigint[]
) AS row (
    id, judgement, tenant, state, verdict, score, cpu_time_ms, wall_time_ms, memory_bytes, manifest_digest, failure,
    attempt, worker, language_version, test_count, accept_time_us, start_time_us, end_time_us, tests_key, tests_sha256,
    tests_size_bytes, groups, compile, compile_time_us, compile_position, compile_ordinal, attempt_position,
    first_position, applied_position, end_position, position
)
ON CONFLICT (submission_id, judgement) DO UPDATE SET
    state = excluded.state, verdict = excluded.verdict, score = excluded.score, cpu_time_ms = excluded.cpu_time_ms,
    wall_time_ms = excluded.wall_time_ms, memory_bytes = excluded.memory_bytes,
    manifest_digest = excluded.manifest_digest, failure = excluded.failure, attempt = excluded.attempt,
    worker = excluded.worker, language_version = excluded.language_version, test_count = excluded.test_count,
    accept_time = excluded.accept_time, start_time = excluded.start_time, end_time = excluded.end_time,
    tests_key = excluded.tests_key, tests_sha256 = excluded.tests_sha256,
    tests_size_bytes = excluded.tests_size_bytes, groups = excluded.groups, compile = excluded.compile,
    compile_time = excluded.compile_time,
    compile_position = excluded.compile_position, compile_ordinal = excluded.compile_ordinal,
    attempt_position = excluded.attempt_position, first_position = excluded.first_position,
    applied_position = excluded.applied_position, end_position = excluded.end_position, position = excluded.position
WHERE excluded.position > known.position

-- name: store_test_results
-- One row for each test of a batch; a row never goes back to an earlier position.
INSERT INTO test_results AS known (
    submission_id, judgement, number, attempt, test, verdict, cpu_time_ms, wall_time_ms, memory_bytes, end_time, facts,
    shown_position, shown_ordinal, position
)
SELECT
    id, judgement, number, attempt, test, verdict, cpu_time_ms, wall_time_ms, memory_bytes,
    timestamptz 'epoch' + nullif(end_time_us, 0) * interval '1 microsecond', facts, shown_position, shown_ordinal,
    position
FROM unnest(
    %(ids)s::uuid[], %(judgements)s::int[], %(numbers)s::int[], %(attempts)s::text[], %(tests)s::text[],
    %(verdicts)s::smallint[], %(cpu_times_ms)s::bigint[], %(wall_times_ms)s::bigint[], %(memories_bytes)s::bigint[],
    %(end_times_us)s::bigint[], %(facts)s::bytea[], %(shown_positions)s::bigint[], %(shown_ordinals)s::int[],
    %(positions)s::bigint[]
) AS row (
    id, judgement, number, attempt, test, verdict, cpu_time_ms, wall_time_ms, memory_bytes, end_time_us, facts,
    shown_position, shown_ordinal, position
)
ON CONFLICT (submission_id, judgement, number) DO UPDATE SET
    attempt = excluded.attempt, test = excluded.test, verdict = excluded.verdict, cpu_time_ms = excluded.cpu_time_ms,
    wall_time_ms = excluded.wall_time_ms, memory_bytes = excluded.memory_bytes, end_time = excluded.end_time,
    facts = excluded.facts, shown_position = excluded.shown_position, shown_ordinal = excluded.shown_ordinal,
    position = excluded.position
WHERE excluded.position > known.position

-- name: tenant_of
-- Whose a submission is, by its row or, before that is stored, by its judgements.
SELECT tenant FROM submissions WHERE submission_id = %(id)s
UNION ALL SELECT tenant FROM judgements WHERE submission_id = %(id)s
LIMIT 1

-- name: load_judgements
-- Every judgement of some submissions with its tests, for a writer to fold on.
SELECT known.*, shown.*
FROM judgements AS known
LEFT JOIN LATERAL (
    SELECT
        array_agg(facts ORDER BY shown_position, shown_ordinal) AS test_facts,
        array_agg(shown_position ORDER BY shown_position, shown_ordinal) AS test_shown_positions,
        array_agg(shown_ordinal ORDER BY shown_position, shown_ordinal) AS test_shown_ordinals,
        array_agg(test_results.position ORDER BY shown_position, shown_ordinal) AS test_positions,
        array_agg(test_results.end_time ORDER BY shown_position, shown_ordinal) AS test_end_times
    FROM test_results
    WHERE test_results.submission_id = known.submission_id AND test_results.judgement = known.judgement
        AND test_results.attempt = known.attempt AND shown_position >= known.attempt_position
) AS shown ON true
WHERE known.submission_id = ANY (%(ids)s)

-- name: load_judgement
-- One judgement with its tests; judgement 0 is the current one.
SELECT known.*, shown.*
FROM (
    SELECT * FROM judgements
    WHERE submission_id = %(id)s
        AND CASE %(judgement)s::int
            WHEN 0 THEN judgement = 1 OR applied_position IS NOT NULL
            ELSE judgement = %(judgement)s
        END
    ORDER BY applied_position DESC NULLS LAST
    LIMIT 1
) AS known
LEFT JOIN LATERAL (
    SELECT
        array_agg(facts ORDER BY shown_position, shown_ordinal) AS test_facts,
        array_agg(shown_position ORDER BY shown_position, shown_ordinal) AS test_shown_positions,
        array_agg(shown_ordinal ORDER BY shown_position, shown_ordinal) AS test_shown_ordinals,
        array_agg(test_results.position ORDER BY shown_position, shown_ordinal) AS test_positions,
        array_agg(test_results.end_time ORDER BY shown_position, shown_ordinal) AS test_end_times
    FROM test_results
    WHERE test_results.submission_id = %(id)s AND test_results.judgement = known.judgement
        AND test_results.attempt = known.attempt AND shown_position >= known.attempt_position
) AS shown ON true

-- name: list_judgements
-- The judgements of a submission by number, without tests.
SELECT * FROM judgements
WHERE submission_id = %(id)s AND judgement > %(after)s
ORDER BY judgement
LIMIT %(size)s

-- name: submission_by_id
-- One submission.
SELECT * FROM submissions WHERE submission_id = %(id)s

-- name: list_submissions
-- Newest first, each with its current judgement; ids from `before` on are left out. Of two columns with one name the
-- submission's comes last and counts.
SELECT known.*, submissions.*
FROM submissions
LEFT JOIN LATERAL (
    SELECT * FROM judgements
    WHERE judgements.submission_id = submissions.submission_id
        AND (judgements.judgement = 1 OR judgements.applied_position IS NOT NULL)
    ORDER BY judgements.applied_position DESC NULLS LAST
    LIMIT 1
) AS known ON true
WHERE submissions.tenant = %(tenant)s
    AND submissions.submission_id < %(before)s
    AND submissions.submission_id >= %(first)s
    AND (%(create_time_min)s::timestamptz IS NULL OR submissions.create_time >= %(create_time_min)s)
    AND (%(problem)s = '' OR submissions.problem = %(problem)s)
    AND (%(language)s = '' OR %(language)s IN (submissions.language, split_part(submissions.language, '@', 1)))
    AND submissions.labels @> %(labels)s
    AND (%(state)s = 0 OR coalesce(known.state, 1) = %(state)s)
    AND (%(verdict)s = 0 OR known.verdict = %(verdict)s)
ORDER BY submissions.submission_id DESC
LIMIT %(size)s

-- name: snapshot
-- In one statement, so of one moment: how far the partition is stored, the submission's row, and the judgement as in
-- load_judgement. Always one row.
SELECT
    log_topics.generation, log_positions.next_offset,
    submissions.tenant AS submission_tenant, submissions.create_time, submissions.record_topic,
    submissions.record_partition, submissions.record_position,
    known.*, shown.*
FROM (SELECT 1) AS always
LEFT JOIN log_topics ON log_topics.topic_id = %(topic_id)s
LEFT JOIN log_positions ON log_positions.topic_id = %(topic_id)s AND log_positions.partition = %(partition)s
LEFT JOIN submissions ON submissions.submission_id = %(id)s
LEFT JOIN (
    SELECT * FROM judgements
    WHERE submission_id = %(id)s
        AND CASE %(judgement)s::int
            WHEN 0 THEN judgement = 1 OR applied_position IS NOT NULL
            ELSE judgement = %(judgement)s
        END
    ORDER BY applied_position DESC NULLS LAST
    LIMIT 1
) AS known ON true
LEFT JOIN LATERAL (
    SELECT
        array_agg(facts ORDER BY shown_position, shown_ordinal) AS test_facts,
        array_agg(shown_position ORDER BY shown_position, shown_ordinal) AS test_shown_positions,
        array_agg(shown_ordinal ORDER BY shown_position, shown_ordinal) AS test_shown_ordinals,
        array_agg(test_results.position ORDER BY shown_position, shown_ordinal) AS test_positions,
        array_agg(test_results.end_time ORDER BY shown_position, shown_ordinal) AS test_end_times
    FROM test_results
    WHERE test_results.submission_id = %(id)s AND test_results.judgement = known.judgement
        AND test_results.attempt = known.attempt AND shown_position >= known.attempt_position
) AS shown ON true
