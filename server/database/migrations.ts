/** The schema, one step per version; a step that has shipped is never changed. Times are milliseconds since the epoch. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE sessions (
    key TEXT PRIMARY KEY,
    session_id TEXT NOT NULL UNIQUE,
    agent_id TEXT NOT NULL,
    label TEXT,
    display_name TEXT,
    category TEXT,
    model TEXT,
    thinking TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    archived INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0,
    -- 1 for a conversation over HTTP that nobody named: left out of lists, pruned after a day
    transient INTEGER NOT NULL DEFAULT 0,
    status TEXT,
    last_run_id TEXT,
    last_run_error TEXT,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    -- position of the newest row of the transcript, and of the newest reset marker
    last_seq INTEGER NOT NULL DEFAULT 0,
    reset_seq INTEGER NOT NULL DEFAULT 0
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX sessions_label ON sessions(label) WHERE label IS NOT NULL AND archived = 0;
  CREATE INDEX sessions_recent ON sessions(updated_at) WHERE transient = 0;
  CREATE INDEX sessions_of_agent ON sessions(agent_id, updated_at) WHERE transient = 0;
  CREATE INDEX sessions_transient ON sessions(updated_at) WHERE transient = 1;

  -- tables with long texts keep their rowid: without it, looking for one row reads the whole text of others
  CREATE TABLE messages (
    session_id TEXT NOT NULL REFERENCES sessions(session_id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    run_id TEXT,
    role TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    -- the row as clients see it, without what stands in the other columns
    body TEXT NOT NULL,
    PRIMARY KEY (session_id, seq)
  ) STRICT;

  CREATE TABLE runs (
    run_id TEXT NOT NULL PRIMARY KEY,
    session_key TEXT NOT NULL,
    session_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    status TEXT NOT NULL,
    accepted_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    error TEXT,
    stop_reason TEXT,
    provider TEXT,
    model TEXT,
    usage TEXT,
    reply TEXT
  ) STRICT;
  -- also finds the runs that have not ended
  CREATE INDEX runs_ended ON runs(ended_at);

  -- one row per group of events that was written together
  CREATE TABLE run_events (
    run_id TEXT NOT NULL REFERENCES runs(run_id) ON DELETE CASCADE,
    last_seq INTEGER NOT NULL,
    -- first sequence number of the message that the group's first text belongs to
    anchor_seq INTEGER NOT NULL,
    events TEXT NOT NULL,
    PRIMARY KEY (run_id, last_seq)
  ) STRICT;
  `,
  `
  CREATE TABLE devices (
    device_id TEXT PRIMARY KEY,
    public_key TEXT NOT NULL,
    -- given by an operator; wins over what the device calls itself
    label TEXT,
    -- what the client said of itself when it was approved, as JSON
    client TEXT NOT NULL,
    approved_via TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    approved_at INTEGER NOT NULL,
    last_seen_at INTEGER,
    last_seen_reason TEXT
  ) STRICT, WITHOUT ROWID;

  -- what a device may be, each with a token of its own; the token itself is derived from its generation
  CREATE TABLE device_roles (
    device_id TEXT NOT NULL REFERENCES devices(device_id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    -- approved, as JSON; and what the token carries of them
    scopes TEXT NOT NULL,
    token_scopes TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    rotated_at INTEGER,
    last_used_at INTEGER,
    revoked_at INTEGER,
    PRIMARY KEY (device_id, role)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE device_requests (
    request_id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL UNIQUE,
    public_key TEXT NOT NULL,
    client TEXT NOT NULL,
    -- the role that asked last, and the scopes of each role that asks, as JSON
    role TEXT NOT NULL,
    wanted TEXT NOT NULL,
    requested_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX device_requests_age ON device_requests(requested_at);

  -- the newest generation of all tokens: one that was used is never used again, also after its device was removed
  CREATE TABLE device_generation (id INTEGER PRIMARY KEY CHECK (id = 1), newest INTEGER NOT NULL) STRICT;
  INSERT INTO device_generation (id, newest) VALUES (1, 0);
  `,
  `
  -- what a session may be given besides its columns, as one JSON object; most have nothing
  ALTER TABLE sessions ADD COLUMN settings TEXT;
  ALTER TABLE sessions ADD COLUMN board_face TEXT;
  ALTER TABLE sessions ADD COLUMN parent_key TEXT;
  ALTER TABLE sessions ADD COLUMN spawned_by TEXT;
  ALTER TABLE sessions ADD COLUMN spawn_depth INTEGER;
  -- where a fork was taken from, as JSON
  ALTER TABLE sessions ADD COLUMN fork_source TEXT;
  ALTER TABLE sessions ADD COLUMN created_via TEXT;
  -- the idempotency key that made it
  ALTER TABLE sessions ADD COLUMN creation_key TEXT;
  ALTER TABLE sessions ADD COLUMN archived_at INTEGER;
  ALTER TABLE sessions ADD COLUMN pinned_at INTEGER;
  ALTER TABLE sessions ADD COLUMN last_interaction_at INTEGER;
  ALTER TABLE sessions ADD COLUMN last_activity_at INTEGER;
  ALTER TABLE sessions ADD COLUMN last_read_at INTEGER;
  ALTER TABLE sessions ADD COLUMN marked_unread_at INTEGER;
  -- beginnings of the first message since the reset, and of the newest
  ALTER TABLE sessions ADD COLUMN first_words TEXT;
  ALTER TABLE sessions ADD COLUMN last_words TEXT;
  -- key and names in lower case, for the filter of lists
  ALTER TABLE sessions ADD COLUMN names TEXT NOT NULL DEFAULT '';
  -- rows up to this one are not in the full-text index yet
  ALTER TABLE sessions ADD COLUMN backlog_seq INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE sessions ADD COLUMN activity_at INTEGER GENERATED ALWAYS AS (
    CASE WHEN last_activity_at IS NULL AND last_interaction_at IS NULL THEN updated_at
    ELSE max(coalesce(last_activity_at, 0), coalesce(last_interaction_at, 0)) END) VIRTUAL;
  UPDATE sessions SET
    names = lower(key || char(10) || coalesce(label, '') || char(10) || coalesce(display_name, '')),
    backlog_seq = iif(transient = 0, last_seq, 0),
    last_interaction_at = iif(last_seq > reset_seq, updated_at, NULL),
    archived_at = iif(archived = 1, updated_at, NULL),
    pinned_at = iif(pinned = 1, updated_at, NULL);
  DROP INDEX sessions_recent;
  DROP INDEX sessions_of_agent;
  -- one index for each order of lists: a page is read from it without sorting
  CREATE INDEX sessions_listed ON sessions(archived, pinned DESC, updated_at DESC, key, names) WHERE transient = 0;
  CREATE INDEX sessions_listed_of_agent ON sessions(agent_id, archived, pinned DESC, updated_at DESC, key, names) WHERE transient = 0;
  CREATE INDEX sessions_listed_all ON sessions(pinned DESC, updated_at DESC, key, agent_id, archived, names) WHERE transient = 0;
  CREATE INDEX sessions_by_interaction ON sessions(archived, last_interaction_at DESC, key) WHERE transient = 0;
  CREATE INDEX sessions_by_activity ON sessions(archived, activity_at DESC, key) WHERE transient = 0;
  CREATE INDEX sessions_at_work ON sessions(status) WHERE status IN ('queued', 'running');
  CREATE INDEX sessions_of_parent ON sessions(parent_key) WHERE parent_key IS NOT NULL;
  CREATE INDEX sessions_spawned ON sessions(spawned_by) WHERE spawned_by IS NOT NULL;
  CREATE UNIQUE INDEX sessions_created ON sessions(creation_key) WHERE creation_key IS NOT NULL;
  CREATE INDEX sessions_backlog ON sessions(key) WHERE backlog_seq > 0 AND transient = 0;

  -- where a message stands, by its id; doc is its number in the full-text index, larger for newer ones
  CREATE TABLE message_places (
    doc INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL REFERENCES sessions(session_id) ON DELETE CASCADE,
    seq INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX message_places_of_session ON message_places(session_id, seq);
  -- the words of what people and agents wrote; holds no text of its own
  CREATE VIRTUAL TABLE message_words USING fts5(place, text, content='', contentless_delete=1,
    tokenize="porter unicode61 remove_diacritics 2 categories 'L* N* Co So'");
  CREATE TRIGGER message_words_gone AFTER DELETE ON message_places BEGIN
    DELETE FROM message_words WHERE rowid = old.doc;
  END;
  `,
  // What models have taken, as sums by slots of time (server/usage/ledger.ts); kept when sessions and runs are deleted.
  `
  CREATE TABLE usage_tokens (
    -- agent:<id> or session:<id>
    scope TEXT NOT NULL,
    -- seconds of a slot: 86400 or 900
    unit INTEGER NOT NULL,
    -- seconds since the epoch
    slot INTEGER NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    -- priced, unpriced, uncounted
    state TEXT NOT NULL,
    calls INTEGER NOT NULL,
    input INTEGER NOT NULL,
    output INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    -- US dollars
    input_cost REAL NOT NULL,
    output_cost REAL NOT NULL,
    cache_read_cost REAL NOT NULL,
    cache_write_cost REAL NOT NULL,
    PRIMARY KEY (scope, unit, slot, provider, model, state)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE usage_activity (
    scope TEXT NOT NULL,
    unit INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    user_rows INTEGER NOT NULL,
    assistant_rows INTEGER NOT NULL,
    tool_calls INTEGER NOT NULL,
    tool_results INTEGER NOT NULL,
    errors INTEGER NOT NULL,
    PRIMARY KEY (scope, unit, slot)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE usage_tools (
    scope TEXT NOT NULL,
    unit INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    tool TEXT NOT NULL,
    calls INTEGER NOT NULL,
    PRIMARY KEY (scope, unit, slot, tool)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE usage_latency (
    scope TEXT NOT NULL,
    unit INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    -- steps of a tenth: 1.1 to the power of it is the longest latency in milliseconds
    step INTEGER NOT NULL,
    runs INTEGER NOT NULL,
    sum_ms INTEGER NOT NULL,
    min_ms INTEGER NOT NULL,
    max_ms INTEGER NOT NULL,
    PRIMARY KEY (scope, unit, slot, step)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE usage_sessions (
    session_id TEXT PRIMARY KEY,
    session_key TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX usage_sessions_recent ON usage_sessions(agent_id, last_at);
  CREATE INDEX usage_sessions_newest ON usage_sessions(last_at);
  CREATE INDEX usage_sessions_key ON usage_sessions(session_key, last_at);

  -- US dollars since the last reset; null when some of it has no price
  ALTER TABLE sessions ADD COLUMN cost_usd REAL DEFAULT 0;
  UPDATE sessions SET cost_usd = NULL WHERE input_tokens + output_tokens > 0;
  -- what the conversation fills of the model's window, and whether the provider counted it
  ALTER TABLE sessions ADD COLUMN context_tokens INTEGER;
  ALTER TABLE sessions ADD COLUMN context_fresh INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- along these a list walks whether or not it shows what is archived
  DROP INDEX sessions_by_interaction;
  DROP INDEX sessions_by_activity;
  CREATE INDEX sessions_by_interaction ON sessions(last_interaction_at DESC, key, archived, agent_id) WHERE transient = 0;
  CREATE INDEX sessions_by_activity ON sessions(activity_at DESC, key, archived, agent_id) WHERE transient = 0;
  CREATE INDEX sessions_of_face ON sessions(board_face) WHERE board_face IS NOT NULL;
  `,
  `
  -- an accepted message that is not in the transcript yet (JSON), with its place among all runs in the rowid
  ALTER TABLE runs ADD COLUMN input TEXT;
  -- the run whose reply answers this one's message, too
  ALTER TABLE runs ADD COLUMN answered_by TEXT;
  -- what a run's end says about the models asked and the tools used (JSON)
  ALTER TABLE runs ADD COLUMN receipt TEXT;
  CREATE INDEX runs_waiting ON runs(session_key) WHERE input IS NOT NULL;
  CREATE INDEX messages_of_run ON messages(run_id) WHERE run_id IS NOT NULL AND role = 'user';
  `,
  `
  -- texts of the configuration file, secrets and all: this database is as private as that file
  CREATE TABLE config_revisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    by TEXT NOT NULL,
    note TEXT,
    changed_paths TEXT NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE compactions (
    session_id TEXT NOT NULL REFERENCES sessions(session_id) ON DELETE CASCADE,
    -- position of the row that marks it
    seq INTEGER NOT NULL,
    -- models read the summary in place of the rows before this one
    kept_seq INTEGER NOT NULL,
    summary TEXT NOT NULL,
    tokens_before INTEGER NOT NULL,
    tokens_after INTEGER NOT NULL,
    PRIMARY KEY (session_id, seq)
  ) STRICT;
  ALTER TABLE sessions ADD COLUMN compactions INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE sessions ADD COLUMN compacted_seq INTEGER NOT NULL DEFAULT 0;
  -- rows before this one were cut off
  ALTER TABLE sessions ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 1;
  `,
  `
  -- their texts are sealed from now on; those from before are not
  DELETE FROM config_revisions;
  `,
  `
  -- newer messages are not in the full-text index yet
  CREATE TABLE message_words_mark (id INTEGER PRIMARY KEY CHECK (id = 1), doc INTEGER NOT NULL) STRICT;
  INSERT INTO message_words_mark (id, doc) SELECT 1, coalesce(max(max(doc), 0), 0) FROM message_places;
  -- merging stands in no commit's way: it is done beside, in slices
  INSERT INTO message_words (message_words, rank) VALUES ('automerge', 0);
  INSERT INTO message_words (message_words, rank) VALUES ('crisismerge', 1000);
  `,
  `
  -- sessions that were deleted, until their messages are removed
  CREATE INDEX sessions_gone ON sessions(key) WHERE transient = 2;
  `,
  `
  -- each merge of eight pieces of the full-text index, instead of four, moves every word a third less often
  INSERT INTO message_words (message_words, rank) VALUES ('usermerge', 8);
  `,
  `
  -- 1 when those who talk in it bring along what was said before, as chat programs over HTTP do
  ALTER TABLE sessions ADD COLUMN told_history INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- what was answered to POST /v1/responses (JSON), for as long as its run is kept
  CREATE TABLE responses (
    run_id TEXT PRIMARY KEY REFERENCES runs(run_id) ON DELETE CASCADE,
    answer TEXT NOT NULL
  ) STRICT;
  `,
  `
  -- what happened outside, until the next run of the session is told
  CREATE TABLE session_events (
    id INTEGER PRIMARY KEY,
    session_key TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX session_events_of ON session_events(session_key, id);

  -- how hooks were answered, for senders that send again
  CREATE TABLE hook_answers (
    claim TEXT PRIMARY KEY,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    answered_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX hook_answers_age ON hook_answers(answered_at);

  -- runs of hooks whose end nobody was told of yet
  CREATE TABLE hook_runs (
    run_id TEXT PRIMARY KEY,
    -- what is to be told to whom, as JSON
    announcement TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- sessions that runs of hooks have for themselves, until they are old
  CREATE TABLE hook_sessions (session_key TEXT PRIMARY KEY, used_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX hook_sessions_age ON hook_sessions(used_at);
  `,
  `
  -- ended runs of conversations that are not kept: what was said in them is the caller's
  CREATE INDEX runs_unkept ON runs(ended_at) WHERE session_id = run_id AND ended_at IS NOT NULL;
  `,
  `
  -- the included file that a text is of; null for the configuration file itself
  ALTER TABLE config_revisions ADD COLUMN file TEXT;
  `,
];
