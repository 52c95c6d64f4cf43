-- What the groups of a problem that scores came to.

ALTER TABLE judgements ADD COLUMN groups bytea;

COMMENT ON COLUMN judgements.groups IS 'gavel.submission.v1.Judgement with its groups alone; NULL: none';
