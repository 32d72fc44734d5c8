-- A catalog as version 1 of the tables left it.
PRAGMA journal_mode=WAL;
BEGIN TRANSACTION;
CREATE TABLE aliases (
	repo_id VARCHAR(255) NOT NULL,
	"key" VARCHAR(24) NOT NULL,
	since BIGINT NOT NULL,
	PRIMARY KEY (repo_id)
);
INSERT INTO "aliases" VALUES('a/old','000000000000000000000001',1795262400000);
CREATE TABLE checkpoints (
	name VARCHAR(64) NOT NULL,
	next_url TEXT,
	started_at BIGINT NOT NULL,
	pages BIGINT NOT NULL,
	rows BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	finished_at BIGINT,
	last_finished_at BIGINT,
	PRIMARY KEY (name)
);
INSERT INTO "checkpoints" VALUES('full','https://hub/2',1795262400000,2,2,1795262400000,NULL,1795089600000);
CREATE TABLE models (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	"key" VARCHAR(24) NOT NULL,
	repo_id VARCHAR(255) NOT NULL,
	serial BIGINT NOT NULL,
	counters_serial BIGINT NOT NULL,
	fingerprint BIGINT NOT NULL,
	created_at BIGINT,
	updated_at BIGINT,
	sha VARCHAR(64),
	task VARCHAR(255),
	library VARCHAR(255),
	gated VARCHAR(6) NOT NULL,
	disabled BOOLEAN NOT NULL,
	params BIGINT,
	downloads BIGINT,
	downloads_all_time BIGINT,
	likes BIGINT,
	trending FLOAT,
	tags TEXT NOT NULL,
	files TEXT
);
INSERT INTO "models" VALUES(1,'000000000000000000000001','a/x',3,3,1776218634665392384,NULL,NULL,NULL,NULL,NULL,'no',0,NULL,8,NULL,NULL,NULL,'[]',NULL);
INSERT INTO "models" VALUES(2,'000000000000000000000002','a/y',2,2,-2616830102789728344,NULL,NULL,NULL,NULL,NULL,'no',0,NULL,0,NULL,NULL,NULL,'[]',NULL);
CREATE TABLE set_aside (
	id INTEGER NOT NULL,
	pass_name VARCHAR(64) NOT NULL,
	row_id VARCHAR(255) NOT NULL,
	reason TEXT NOT NULL,
	excerpt TEXT NOT NULL,
	seen_at BIGINT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "set_aside" VALUES(1,'full','c/odd','no key','older',1795262400000);
INSERT INTO "set_aside" VALUES(2,'full','c/odd','no key','newer',1795262400000);
CREATE TABLE state (
	id INTEGER NOT NULL,
	schema_version INTEGER NOT NULL,
	uuid VARCHAR(36) NOT NULL,
	serial BIGINT NOT NULL,
	models BIGINT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "state" VALUES(1,1,'2d19293c-1596-4543-8e93-cec1984645a9',5,2);
CREATE TABLE tombstones (
	"key" VARCHAR(24) NOT NULL,
	number BIGINT NOT NULL,
	repo_id VARCHAR(255) NOT NULL,
	serial BIGINT NOT NULL,
	reason VARCHAR(255) NOT NULL,
	removed_at BIGINT NOT NULL,
	PRIMARY KEY ("key")
);
INSERT INTO "tombstones" VALUES('000000000000000000000009',3,'a/gone',5,'gone',1795262400000);
CREATE UNIQUE INDEX models_key ON models ("key");
CREATE INDEX models_serial ON models (serial);
CREATE INDEX models_counters_serial ON models (counters_serial);
CREATE INDEX models_repo_id ON models (repo_id);
CREATE INDEX models_folded_id ON models (lower(repo_id));
CREATE INDEX ix_tombstones_serial ON tombstones (serial);
CREATE INDEX ix_aliases_key ON aliases ("key");
CREATE INDEX aliases_folded_id ON aliases (lower(repo_id));
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('models',3);
COMMIT;
