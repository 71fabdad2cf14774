-- All times are milliseconds since 1970. States are numbers: 0 pending, 1 deferred, 2 pushing, 3 verifying, 4 succeeded,
-- 5 failed, 6 skipped, 7 cancelled. Keys that name a device of a rollout, or an event of one, are one number each, since
-- that is what SQLite finds fastest: (rollout << 32) + place, (rollout << 40) + number of the event.

CREATE TABLE rollout (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    spec TEXT NOT NULL
) STRICT;

-- What is written in every transaction of a rollout: its lease, and where its events and devices are.
CREATE TABLE tally (
    rollout INTEGER PRIMARY KEY,
    lease INTEGER NOT NULL DEFAULT 0,
    holder TEXT,
    renewed INTEGER NOT NULL DEFAULT 0,
    until INTEGER NOT NULL DEFAULT 0,
    seq INTEGER NOT NULL DEFAULT 0,
    pending INTEGER NOT NULL DEFAULT 0,
    deferred INTEGER NOT NULL DEFAULT 0,
    pushing INTEGER NOT NULL DEFAULT 0,
    verifying INTEGER NOT NULL DEFAULT 0,
    succeeded INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0
) STRICT;

-- What its driver wrote last.
CREATE TABLE course (
    rollout INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    status TEXT NOT NULL,
    engine TEXT NOT NULL,
    commands_done INTEGER NOT NULL
) STRICT;

-- The devices of rollouts: who they are, apart from what changes.
CREATE TABLE device (
    key INTEGER PRIMARY KEY,
    record TEXT NOT NULL
) STRICT;

CREATE TABLE target (
    key INTEGER PRIMARY KEY,
    state INTEGER NOT NULL DEFAULT 0,
    before INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    deferrals INTEGER NOT NULL DEFAULT 0,
    due INTEGER,
    first_deferred INTEGER,
    class TEXT,
    -- The number of the event that holds the outcome.
    outcome INTEGER,
    token TEXT
) STRICT;

-- The places of devices by their ids.
CREATE TABLE member (
    rollout INTEGER NOT NULL,
    device TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (rollout, device, place)
) WITHOUT ROWID, STRICT;

-- The log. A step of a device is its state before times 8, plus its state afterwards; an event of the rollout as a whole
-- has neither place nor step. The detail is the outcome of a device, or how long a deferred one asked to be left alone, or
-- the event of a rollout.
CREATE TABLE event (
    key INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    place INTEGER,
    step INTEGER,
    detail ANY
) STRICT;

CREATE TABLE command (
    rollout INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (rollout, number)
) WITHOUT ROWID, STRICT;

CREATE TABLE fleet (
    id TEXT PRIMARY KEY,
    record TEXT NOT NULL
) WITHOUT ROWID, STRICT;

CREATE TABLE heartbeat (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    device TEXT NOT NULL,
    at INTEGER NOT NULL,
    address TEXT,
    firmware_version TEXT
) STRICT;

-- For people who look into the file.
CREATE VIEW log AS
    SELECT
        rollout.id AS rollout,
        event.key & 0xffffffffff AS number,
        datetime(event.at / 1000.0, 'unixepoch', 'subsec') AS at,
        device.record ->> 'id' AS device,
        CASE event.step >> 3 WHEN 0 THEN 'pending' WHEN 1 THEN 'deferred' WHEN 2 THEN 'pushing' WHEN 3 THEN 'verifying'
            WHEN 4 THEN 'succeeded' WHEN 5 THEN 'failed' WHEN 6 THEN 'skipped' WHEN 7 THEN 'cancelled' END AS "from",
        CASE event.step & 7 WHEN 0 THEN 'pending' WHEN 1 THEN 'deferred' WHEN 2 THEN 'pushing' WHEN 3 THEN 'verifying'
            WHEN 4 THEN 'succeeded' WHEN 5 THEN 'failed' WHEN 6 THEN 'skipped' WHEN 7 THEN 'cancelled' END AS "to",
        event.detail AS detail
    FROM event
    JOIN rollout ON rollout.key = event.key >> 40
    LEFT JOIN device ON device.key = ((event.key >> 40) << 32) + event.place;
