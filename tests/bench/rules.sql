-- SPDX-License-Identifier: MPL-2.0
-- Rules in PostgreSQL as a service without an index of its own would keep them, from the
-- tables raw (j jsonb: Moray records) and texts (j text: what is handed out).
CREATE FUNCTION list(j jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS
	'SELECT coalesce(array_agg(v), ''{}'') FROM jsonb_array_elements_text(j) v';
CREATE TABLE rules AS SELECT (r.j->>'key')::uuid AS uuid, (r.j->'value'->>'owner_uuid')::uuid AS owner,
	(r.j->'value'->>'enabled')::bool AS enabled, t.j AS json,
	list(r.j->'value'->'fromips')::inet[] AS fromips, list(r.j->'value'->'toips')::inet[] AS toips,
	list(r.j->'value'->'fromsubnets')::cidr[] AS fromsubnets,
	list(r.j->'value'->'tosubnets')::cidr[] AS tosubnets,
	list(r.j->'value'->'fromtagkeys') AS fromtagkeys, list(r.j->'value'->'totagkeys') AS totagkeys,
	list(r.j->'value'->'fromvms') AS fromvms, list(r.j->'value'->'tovms') AS tovms
	FROM raw r JOIN texts t ON t.j::jsonb->>'uuid' = r.j->>'key';
DROP TABLE raw, texts;
ALTER TABLE rules ADD PRIMARY KEY (uuid);
CREATE INDEX ON rules (owner);
CREATE INDEX ON rules USING gin (fromips);
CREATE INDEX ON rules USING gin (toips);
CREATE INDEX ON rules USING gin (fromsubnets);
CREATE INDEX ON rules USING gin (tosubnets);
CREATE INDEX ON rules USING gin (fromtagkeys);
CREATE INDEX ON rules USING gin (totagkeys);
CREATE TABLE targets_gist AS
	SELECT uuid, unnest(fromips || toips || fromsubnets::inet[] || tosubnets::inet[]) AS net
	FROM rules;
CREATE TABLE targets_spgist AS TABLE targets_gist;
CREATE TABLE targets_btree AS TABLE targets_gist;
CREATE INDEX ON targets_gist USING gist (net inet_ops);
CREATE INDEX ON targets_spgist USING spgist (net inet_ops);
CREATE INDEX ON targets_btree (net) INCLUDE (uuid);
CREATE FUNCTION parents(a inet) RETURNS inet[] LANGUAGE sql IMMUTABLE AS
	'SELECT array_agg(network(set_masklen(a, l))::inet) FROM generate_series(0, masklen(a)) l';
VACUUM ANALYZE;
