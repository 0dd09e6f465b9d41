-- What the serving role may do. Applied after the migrations at every start, in one transaction, so each statement can
-- be repeated; :serving is replaced by the quoted role. First everything is taken back: a right removed here is gone.

revoke all on all tables in schema public from :serving;
grant usage on schema public to :serving;

grant select on schema_migration to :serving;

-- Append-only: select, insert and nothing else. A lock needs the right to update, so no lock target stands here.

-- Changing: what the actions update or delete, by column where only some change.
