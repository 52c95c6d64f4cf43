"""Objects by key: a local folder or S3, GCS, Azure; where things lie, digests, packs."""
