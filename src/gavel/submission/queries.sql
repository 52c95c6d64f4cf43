-- name: upsert_problem
-- Lists a problem as its object says; an older saying never replaces a newer one.
INSERT INTO problems (tenant, name, display_name, manifest_digest, limits, test_count, update_time)
VALUES (%(tenant)s, %(name)s, %(display_name)s, %(manifest_digest)s, %(limits)s, %(test_count)s, %(update_time)s)
ON CONFLICT (tenant, name) DO UPDATE SET
    display_name = excluded.display_name,
    manifest_digest = excluded.manifest_digest,
    limits = excluded.limits,
    test_count = excluded.test_count,
    update_time = excluded.update_time
WHERE problems.update_time <= excluded.update_time

-- name: delete_problem
-- Takes a name whose object is gone out of the list, unless it was made anew since somebody looked.
DELETE FROM problems
WHERE tenant = %(tenant)s AND name = %(name)s AND update_time <= %(asked)s;

-- name: problems_after
-- A page of a tenant's problems by name, behind a name.
SELECT name, display_name, manifest_digest, limits, test_count, update_time
FROM problems
WHERE tenant = %(tenant)s AND name > %(after)s
ORDER BY name
LIMIT %(size)s
