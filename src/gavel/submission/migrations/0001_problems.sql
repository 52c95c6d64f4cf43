-- The problems of each tenant, for lists. A view of the objects `problems/<tenant>/<name>`, which are the truth.
CREATE TABLE problems (
    tenant text NOT NULL,
    name text COLLATE "C" NOT NULL,
    display_name text NOT NULL,
    manifest_digest text NOT NULL,
    limits jsonb NOT NULL,
    test_count integer NOT NULL,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (tenant, name)
);
