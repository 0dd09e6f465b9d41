-- Gaps are told where sequences are joined: telling them afterwards took a second update of each row, which in the same
-- transaction checks the foreign key anew.

create function sequence_gaps(seen int8multirange) returns int8multirange language sql immutable parallel safe
return multirange(range_merge(seen)) - seen;
comment on function sequence_gaps is 'The numbers between the first and the last seen that were not seen.';
