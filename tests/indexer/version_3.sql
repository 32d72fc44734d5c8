-- A catalog as version 3 of the tables left it.
PRAGMA journal_mode=WAL;
BEGIN TRANSACTION;
CREATE TABLE aliases (
	repo_id VARCHAR(255) NOT NULL,
	"key" VARCHAR(24) NOT NULL,
	since BIGINT NOT NULL,
	PRIMARY KEY (repo_id)
);
INSERT INTO "aliases" VALUES('a/old','000000000000000000000001',1795262400000);
CREATE TABLE blobs (
	prefix BIGINT NOT NULL, 
	number INTEGER NOT NULL, 
	PRIMARY KEY (prefix, number)
)
 WITHOUT ROWID

;
INSERT INTO "blobs" VALUES(-5,1);
CREATE TABLE checkpoints (
	name VARCHAR(64) NOT NULL,
	next_url TEXT,
	started_at BIGINT NOT NULL,
	pages BIGINT NOT NULL,
	rows BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	finished_at BIGINT,
	last_finished_at BIGINT,
	origin BIGINT,
	position BIGINT,
	last_origin BIGINT,
	PRIMARY KEY (name)
);
INSERT INTO "checkpoints" VALUES('full','https://hub/full?page=1',1795089600000,1,4,1795262400000,NULL,NULL,1795089600000,NULL,NULL);
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
, gguf_params BIGINT, architecture VARCHAR(255), context_length BIGINT, dtypes TEXT);
INSERT INTO "models" VALUES(1,'000000000000000000000001','a/x',5,5,-4075454774344297425,NULL,NULL,'1111111111111111111111111111111111111111',NULL,NULL,'no',0,NULL,8,NULL,NULL,NULL,'["gguf"]','["README.md","m.gguf"]',NULL,NULL,NULL,NULL);
INSERT INTO "models" VALUES(2,'000000000000000000000002','a/y',2,2,-3014874483832001220,NULL,NULL,'2222222222222222222222222222222222222222',NULL,NULL,'no',0,NULL,0,NULL,NULL,NULL,'[]','["model.safetensors"]',NULL,NULL,NULL,NULL);
CREATE TABLE set_aside (
	id INTEGER NOT NULL,
	pass_name VARCHAR(64) NOT NULL,
	row_id VARCHAR(255) NOT NULL,
	reason TEXT NOT NULL,
	excerpt TEXT NOT NULL,
	seen_at BIGINT NOT NULL,
	times INTEGER DEFAULT '1' NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "set_aside" VALUES(1,'','c/odd','no key','{}',1795262400000,1);
CREATE TABLE sightings (
	number INTEGER NOT NULL,
	run BIGINT NOT NULL,
	PRIMARY KEY (number)
);
INSERT INTO "sightings" VALUES(1,1795089600000);
INSERT INTO "sightings" VALUES(2,1795089600000);
CREATE TABLE state (
	id INTEGER NOT NULL,
	schema_version INTEGER NOT NULL,
	uuid VARCHAR(36) NOT NULL,
	serial BIGINT NOT NULL,
	models BIGINT NOT NULL,
	PRIMARY KEY (id)
);
INSERT INTO "state" VALUES(1,3,'f2338f8f-bf99-4e90-9da8-7adf6b9aac10',5,2);
CREATE TABLE tombstones (
	"key" VARCHAR(24) NOT NULL,
	number BIGINT NOT NULL,
	repo_id VARCHAR(255) NOT NULL,
	serial BIGINT NOT NULL,
	reason VARCHAR(255) NOT NULL,
	removed_at BIGINT NOT NULL,
	PRIMARY KEY ("key")
);
INSERT INTO "tombstones" VALUES('000000000000000000000003',3,'a/gone',4,'gone',1795262400000);
CREATE TABLE trees (
	number INTEGER NOT NULL, 
	sha VARCHAR(64) NOT NULL, 
	read_at BIGINT NOT NULL, 
	files BLOB, 
	PRIMARY KEY (number)
);
INSERT INTO "trees" VALUES(1,'1111111111111111111111111111111111111111',1795262400000,NULL);
CREATE TABLE waypoints (
	position INTEGER NOT NULL,
	url TEXT NOT NULL,
	run BIGINT NOT NULL,
	PRIMARY KEY (position)
);
INSERT INTO "waypoints" VALUES(1795089600000,'https://hub/w',1795089600000);
CREATE INDEX models_moved_counters ON models (counters_serial, serial) WHERE counters_serial > serial;
CREATE INDEX models_folded_id ON models (lower(repo_id));
CREATE INDEX models_serial ON models (serial);
CREATE UNIQUE INDEX models_key ON models ("key");
CREATE INDEX ix_tombstones_serial ON tombstones (serial);
CREATE INDEX ix_aliases_key ON aliases ("key");
CREATE INDEX aliases_folded_id ON aliases (lower(repo_id));
CREATE UNIQUE INDEX set_aside_once ON set_aside (row_id, reason);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('models',3);
COMMIT;
