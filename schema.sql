-- The whole database of Tollkeeper, readable top to bottom: version, types, tables, the change feed, the
-- hook's views, roles. Every rule stands beside the constraint that enforces it.
-- Units are in the names: _bps bit/s, _octets, _cents, _seconds. Times are timestamptz.
-- Load it once into an empty database:  psql -v ON_ERROR_STOP=1 -1 -f schema.sql

-- pg_temp last: or somebody's temporary table would stand in for one of these in the functions below
SET search_path = public, pg_temp;

-- ---------------------------------------------------------------------------------------------- version --

CREATE FUNCTION is_time_zone(name text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    PERFORM now() AT TIME ZONE name;
    RETURN name ~ '^(UTC|[A-Z][A-Za-z_]+(/[A-Za-z0-9_+-]+)+)$';      -- names of places: the others know no DST
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN false;
END $$;

CREATE TABLE installation (
    one_row         boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    schema_version  integer NOT NULL,                                -- programs refuse to start on another one
    id              uuid NOT NULL DEFAULT gen_random_uuid(),         -- tells a snapshot of another database apart
    -- the provider's; customers may have their own
    time_zone       text NOT NULL DEFAULT 'UTC' CHECK (is_time_zone(time_zone)),
    created_at      timestamptz NOT NULL DEFAULT now()
);
INSERT INTO installation (schema_version) VALUES (2);

-- ------------------------------------------------------------------------------------------------ types --

CREATE TYPE treatment AS ENUM (
    'reject',    -- Access-Reject
    'garden',    -- accept, with the group's pool / address list / redirect / speed
    'throttle'   -- accept, slower; only for a data cap
);

CREATE TYPE customer_type AS ENUM ('individual', 'company', 'sole_proprietor');
CREATE TYPE customer_kind AS ENUM ('normal', 'residential');  -- residential: a limited set of features

CREATE DOMAIN rate_bps AS bigint CHECK (VALUE > 0);

-- [["Attribute-Name", "operator", "value"], ...]; names and values are checked against FreeRADIUS's dictionaries
-- by whoever enters them
CREATE FUNCTION is_reply_attributes(value jsonb) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_typeof(value) = 'array' AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(value) AS item
        WHERE jsonb_typeof(item) <> 'array' OR jsonb_array_length(item) <> 3
           OR jsonb_typeof(item -> 0) <> 'string' OR jsonb_typeof(item -> 2) <> 'string'
           OR item ->> 1 NOT IN ('=', ':=', '+='))
$$;

-- ----------------------------------------------------------------------------------------------- groups --

CREATE TABLE customer_group (
    id                      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                    text NOT NULL UNIQUE CHECK (name = btrim(name) AND name <> ''),
    enabled                 boolean NOT NULL DEFAULT true,
    sends_reply_message     boolean NOT NULL DEFAULT false,          -- the reason, as Reply-Message, to the customer
    treatment_blocked       treatment NOT NULL DEFAULT 'reject' CHECK (treatment_blocked <> 'throttle'),
    treatment_deleted       treatment NOT NULL DEFAULT 'reject' CHECK (treatment_deleted <> 'throttle'),
    treatment_disabled      treatment NOT NULL DEFAULT 'reject' CHECK (treatment_disabled <> 'throttle'),
    treatment_group_disabled treatment NOT NULL DEFAULT 'reject' CHECK (treatment_group_disabled <> 'throttle'),
    treatment_expired       treatment NOT NULL DEFAULT 'reject' CHECK (treatment_expired <> 'throttle'),
    treatment_suspended     treatment NOT NULL DEFAULT 'reject' CHECK (treatment_suspended <> 'throttle'),
    treatment_cap           treatment NOT NULL DEFAULT 'reject',
    garden_pool             text CHECK (garden_pool <> ''),          -- an address pool on the NAS
    garden_profile          text CHECK (garden_profile <> ''),       -- address list, domain, filter: what the vendor has
    garden_redirect_url     text CHECK (garden_redirect_url ~ '^https?://[^[:space:]]+$'),
    garden_download_bps     rate_bps,
    garden_upload_bps       rate_bps,
    garden_session_seconds  integer NOT NULL DEFAULT 300 CHECK (garden_session_seconds >= 60),
    throttle_download_bps   rate_bps,
    throttle_upload_bps     rate_bps,
    created_at              timestamptz NOT NULL DEFAULT now(),
    -- a walled garden needs walls: without one of these it would be free access
    CONSTRAINT garden_has_walls CHECK (
        'garden' NOT IN (treatment_blocked, treatment_deleted, treatment_disabled, treatment_group_disabled,
                         treatment_expired, treatment_suspended, treatment_cap)
        OR num_nonnulls(garden_pool, garden_profile, garden_redirect_url) > 0),
    CONSTRAINT garden_rates_come_in_pairs CHECK (num_nonnulls(garden_download_bps, garden_upload_bps) IN (0, 2)),
    CONSTRAINT throttle_rates_come_in_pairs CHECK (num_nonnulls(throttle_download_bps, throttle_upload_bps) IN (0, 2)),
    CONSTRAINT throttle_has_rates CHECK (treatment_cap <> 'throttle' OR throttle_download_bps IS NOT NULL)
);

-- -------------------------------------------------------------------------------------------- customers --

CREATE TABLE customer (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code            text NOT NULL UNIQUE CHECK (code ~ '^[A-Z0-9][A-Z0-9_-]{1,31}$'),
    group_id        bigint NOT NULL REFERENCES customer_group,       -- no DELETE of a group with customers in it
    parent_id       bigint REFERENCES customer CHECK (parent_id <> id),
    type            customer_type NOT NULL DEFAULT 'individual',
    kind            customer_kind NOT NULL DEFAULT 'normal',
    title           text,
    first_name      text,
    last_name       text,
    company_name    text,
    disabled        boolean NOT NULL DEFAULT false,
    suspended       boolean NOT NULL DEFAULT false,
    deleted_at      timestamptz(0),                                  -- delete = hide
    expires_at      timestamptz(0) CHECK (isfinite(expires_at)),     -- from then no authentication and no billing
    inherits_state  boolean NOT NULL DEFAULT true,                   -- a parent's disabled/suspended/expired covers it
    download_bps    rate_bps,                                        -- speed tier of the customer over the package's
    upload_bps      rate_bps,
    time_zone       text CHECK (is_time_zone(time_zone)),            -- NULL: the provider's
    billing_day     smallint NOT NULL DEFAULT 1 CHECK (billing_day BETWEEN 1 AND 31),
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT customer_has_a_name CHECK (
        coalesce(btrim(first_name), '') <> '' OR coalesce(btrim(last_name), '') <> ''
        OR coalesce(btrim(company_name), '') <> ''),
    CONSTRAINT company_has_its_name CHECK (type <> 'company' OR coalesce(btrim(company_name), '') <> ''),
    CONSTRAINT customer_rates_come_in_pairs CHECK (num_nonnulls(download_bps, upload_bps) IN (0, 2))
);
CREATE INDEX customer_group_id ON customer (group_id);
CREATE INDEX customer_parent_id ON customer (parent_id) WHERE parent_id IS NOT NULL;

-- a customer is never its own ancestor, and nobody is more than eight levels deep
CREATE FUNCTION check_customer_parents() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ancestor bigint := NEW.parent_id;
    levels integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('customer.parent_id'));   -- two moves at once could close a circle
    WHILE ancestor IS NOT NULL LOOP
        levels := levels + 1;
        IF ancestor = NEW.id OR levels > 8 THEN
            RAISE EXCEPTION 'customer % would be its own ancestor, or more than eight levels deep', NEW.code
                USING ERRCODE = 'check_violation', CONSTRAINT = 'customer_parents_form_a_tree';
        END IF;
        SELECT parent_id INTO ancestor FROM customer WHERE id = ancestor;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER customer_parents_form_a_tree BEFORE INSERT OR UPDATE OF parent_id ON customer
    FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION check_customer_parents();

-- the three-digit sequence of generated account codes: one row a prefix, locked while a code is taken
CREATE TABLE customer_code_sequence (
    prefix          text PRIMARY KEY,
    last_number     integer NOT NULL CHECK (last_number > 0)
);

-- --------------------------------------------------------------------------------------------- packages --

CREATE TABLE package (
    id                      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                    text NOT NULL UNIQUE CHECK (name = btrim(name) AND name <> ''),
    download_bps            rate_bps,                                -- NULL, both: no speed limit is sent
    upload_bps              rate_bps,
    burst_download_bps      rate_bps,
    burst_upload_bps        rate_bps,
    burst_threshold_download_bps rate_bps,                           -- NULL: the rate itself
    burst_threshold_upload_bps   rate_bps,
    burst_seconds           smallint CHECK (burst_seconds BETWEEN 1 AND 3600),
    priority                smallint CHECK (priority BETWEEN 1 AND 8),
    cap_octets              bigint CHECK (cap_octets > 0),           -- NULL: uncapped
    cap_treatment           treatment,                               -- NULL: the group's
    throttle_download_bps   rate_bps,                                -- NULL: the group's
    throttle_upload_bps     rate_bps,
    price_cents             bigint NOT NULL DEFAULT 0 CHECK (price_cents >= 0),
    topup_price_cents       bigint NOT NULL DEFAULT 0 CHECK (topup_price_cents >= 0),
    sessions_allowed        smallint CHECK (sessions_allowed BETWEEN 1 AND 1000),     -- NULL: any number
    session_seconds         integer CHECK (session_seconds BETWEEN 60 AND 31536000),
    idle_seconds            integer CHECK (idle_seconds BETWEEN 60 AND 31536000),
    interim_seconds         integer NOT NULL DEFAULT 300 CHECK (interim_seconds BETWEEN 60 AND 86400),  -- RFC 2869 5.16
    ipv4_pool               text CHECK (ipv4_pool <> ''),
    ipv6_pool               text CHECK (ipv6_pool <> ''),
    delegated_ipv6_pool     text CHECK (delegated_ipv6_pool <> ''),
    reply_attributes        jsonb NOT NULL DEFAULT '[]' CHECK (is_reply_attributes(reply_attributes)),
    created_at              timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT package_rates_come_in_pairs CHECK (num_nonnulls(download_bps, upload_bps) IN (0, 2)),
    CONSTRAINT burst_rates_come_in_pairs CHECK (num_nonnulls(burst_download_bps, burst_upload_bps) IN (0, 2)),
    CONSTRAINT thresholds_come_in_pairs CHECK (
        num_nonnulls(burst_threshold_download_bps, burst_threshold_upload_bps) IN (0, 2)),
    CONSTRAINT burst_is_above_the_rate CHECK (
        burst_download_bps IS NULL
        OR (download_bps IS NOT NULL AND burst_download_bps >= download_bps AND burst_upload_bps >= upload_bps)),
    CONSTRAINT burst_details_need_a_burst CHECK (
        burst_download_bps IS NOT NULL OR num_nonnulls(burst_threshold_download_bps, burst_seconds) = 0),
    CONSTRAINT package_throttle_rates_come_in_pairs CHECK (
        num_nonnulls(throttle_download_bps, throttle_upload_bps) IN (0, 2)),
    CONSTRAINT package_throttle_has_rates CHECK (
        cap_treatment IS DISTINCT FROM 'throttle' OR throttle_download_bps IS NOT NULL)
);

-- other speeds at certain hours, in the customer's time zone; the first band by position that fits wins
CREATE TABLE time_band (
    package_id      bigint NOT NULL REFERENCES package ON DELETE CASCADE,
    position        smallint NOT NULL CHECK (position > 0),
    weekdays        smallint NOT NULL DEFAULT 127 CHECK (weekdays BETWEEN 1 AND 127),  -- bits: 1 Monday ... 64 Sunday
    starts_minute   smallint NOT NULL CHECK (starts_minute BETWEEN 0 AND 1439),        -- of the day
    ends_minute     smallint NOT NULL CHECK (ends_minute BETWEEN 1 AND 1440),  -- before starts_minute: past midnight
    download_bps    rate_bps NOT NULL,
    upload_bps      rate_bps NOT NULL,
    PRIMARY KEY (package_id, position),
    CONSTRAINT band_is_not_empty CHECK (starts_minute <> ends_minute)
);

-- what the speed tier is called on this vendor's routers, where a profile is wanted instead of a number
CREATE TABLE package_profile (
    package_id      bigint NOT NULL REFERENCES package ON DELETE CASCADE,
    vendor          text NOT NULL CHECK (vendor ~ '^[a-z][a-z0-9_]*$'),
    download_profile text NOT NULL CHECK (download_profile <> ''),
    upload_profile  text NOT NULL CHECK (upload_profile <> ''),
    PRIMARY KEY (package_id, vendor)
);

-- ---------------------------------------------------------------------------------------------- routers --

CREATE TABLE nas (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    address         inet NOT NULL UNIQUE CHECK (masklen(address) = CASE family(address) WHEN 4 THEN 32 ELSE 128 END),
    secret          bytea NOT NULL,                                  -- AES-GCM; the key is in a file, not here
    vendor          text NOT NULL DEFAULT 'generic' CHECK (vendor ~ '^[a-z][a-z0-9_]*$'),
    coa_port        integer NOT NULL DEFAULT 3799 CHECK (coa_port BETWEEN 1 AND 65535),  -- RFC 5176; some use 1700
    requires_message_authenticator boolean NOT NULL DEFAULT true,    -- false only for a NAS that cannot (BlastRADIUS)
    created_at      timestamptz NOT NULL DEFAULT now()
);

-- --------------------------------------------------------------------------------------------- accounts --

-- a data account is a RADIUS user
CREATE TABLE account (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer,
    package_id      bigint NOT NULL REFERENCES package,
    user_name       text NOT NULL UNIQUE CHECK (octet_length(user_name) BETWEEN 1 AND 253
                                                AND user_name !~ '[[:cntrl:]]'),  -- RFC 2865 5.1
    password        bytea,                                           -- AES-GCM; CHAP and MS-CHAP need it back
    password_hash   text CHECK (password_hash ~ '^\{[A-Za-z0-9+_-]+\}.'),        -- one-way: PAP only
    blocked         boolean NOT NULL DEFAULT false,
    suspended       boolean NOT NULL DEFAULT false,
    cap_reached     boolean NOT NULL DEFAULT false,                  -- set and cleared by the usage ledger
    expires_at      timestamptz(0) CHECK (isfinite(expires_at)),
    sessions_allowed smallint CHECK (sessions_allowed BETWEEN 1 AND 1000),         -- over the package's
    price_cents     bigint CHECK (price_cents >= 0),                 -- over the package's
    lock_to_devices boolean NOT NULL DEFAULT false,                  -- only its authorised devices may use it
    ipv4_address    inet UNIQUE CHECK (family(ipv4_address) = 4 AND masklen(ipv4_address) = 32),
    ipv4_netmask    inet CHECK (family(ipv4_netmask) = 4 AND masklen(ipv4_netmask) = 32),
    ipv6_prefix     cidr UNIQUE CHECK (family(ipv6_prefix) = 6),     -- of the link, RFC 3162
    delegated_ipv6_prefix cidr UNIQUE CHECK (family(delegated_ipv6_prefix) = 6),   -- RFC 4818
    routes          text[] NOT NULL DEFAULT '{}',                    -- Framed-Route, RFC 2865 5.22
    vlan_id         smallint CHECK (vlan_id BETWEEN 1 AND 4094),
    reply_attributes jsonb NOT NULL DEFAULT '[]' CHECK (is_reply_attributes(reply_attributes)),
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT one_kind_of_password CHECK (num_nonnulls(password, password_hash) <= 1)  -- none: certificate or MAC
);
CREATE INDEX account_customer_id ON account (customer_id);
CREATE INDEX account_package_id ON account (package_id);

-- where an account is listed here, only these NAS may authenticate it
CREATE TABLE account_nas (
    account_id      bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    nas_id          bigint NOT NULL REFERENCES nas,
    PRIMARY KEY (account_id, nas_id)
);
CREATE INDEX account_nas_nas_id ON account_nas (nas_id);

-- a package from a date on; the hook obeys it from that second, the scheduler then writes it into the account
CREATE TABLE package_change (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    package_id      bigint NOT NULL REFERENCES package,
    activates_at    timestamptz(0) NOT NULL CHECK (isfinite(activates_at)),
    comment         text,
    created_at      timestamptz NOT NULL DEFAULT now(),
    applied_at      timestamptz(0),
    cancelled_at    timestamptz(0),
    CONSTRAINT applied_or_cancelled CHECK (num_nonnulls(applied_at, cancelled_at) <= 1)
);
CREATE UNIQUE INDEX one_change_a_moment ON package_change (account_id, activates_at)
    WHERE applied_at IS NULL AND cancelled_at IS NULL;

CREATE TABLE device (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    mac             macaddr NOT NULL UNIQUE,
    authorised      boolean NOT NULL DEFAULT true,
    mac_auth        boolean NOT NULL DEFAULT false,                  -- the MAC alone authenticates
    description     text,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX device_account_id ON device (account_id);

-- ------------------------------------------------------------------------------------------- accounting --

-- Written by radiusd's fold only, a batch in one transaction with the batch's place in its node's spool.
-- octets_in is what the router received from the customer (upload), octets_out what it sent (RFC 2866 5.3, 5.4).

-- how far each node's spool has been folded, and what became of its records, by the UTC day on which they arrived.
-- Set spool to '' where the spool of a node is known to go on from last_spool_id, and its -token file was lost.
CREATE TABLE accounting_node (
    node            text PRIMARY KEY CHECK (node <> ''),
    last_spool_id   bigint NOT NULL DEFAULT 0,                       -- with the batch, so that none is folded twice
    spool           text NOT NULL DEFAULT '',                        -- whose ids those are: two nodes never share a name
    folded_at       timestamptz NOT NULL DEFAULT now()               -- what arrived before is folded, all of it
);
CREATE TABLE accounting_day (
    node            text NOT NULL REFERENCES accounting_node,
    received_on     date NOT NULL,
    applied         bigint NOT NULL DEFAULT 0,                       -- told something new
    duplicate       bigint NOT NULL DEFAULT 0,                       -- told what the last record had told
    superseded      bigint NOT NULL DEFAULT 0,                       -- older or lower than what was known
    quarantined     bigint NOT NULL DEFAULT 0,                       -- could not be understood; a row below
    PRIMARY KEY (node, received_on)
);

CREATE TABLE accounting_quarantine (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    node            text NOT NULL REFERENCES accounting_node,
    spool_id        bigint NOT NULL,
    received_at     timestamptz NOT NULL,
    reason          text NOT NULL,
    body            text NOT NULL,                                   -- as FreeRADIUS sent it
    UNIQUE (node, spool_id)
);

-- when routers began anew: what one tells late of a session before that belongs to a session that has ended
CREATE TABLE accounting_reboot (
    nas_address     inet NOT NULL,
    rebooted_at     timestamptz NOT NULL,
    PRIMARY KEY (nas_address, rebooted_at)
);

-- open sessions
CREATE TABLE session (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_name       text NOT NULL,
    account_id      bigint REFERENCES account,                       -- NULL: nobody of ours, so no usage
    nas_address     inet NOT NULL,
    acct_session_id text NOT NULL,
    session_class   text,                                            -- the Class of our accept, 0x544b...
    started_at      timestamptz NOT NULL,
    last_heard_at   timestamptz NOT NULL,
    interim_seconds integer,                                         -- how often the router was asked to report
    port            text,
    calling_station_id text,
    called_station_id text,
    ipv4_address    inet,
    ipv6_prefix     cidr,
    delegated_ipv6_prefix cidr,
    session_seconds bigint NOT NULL DEFAULT 0,
    octets_in       bigint NOT NULL DEFAULT 0,
    octets_out      bigint NOT NULL DEFAULT 0,
    time_zone       text NOT NULL,                                   -- the customer's when the session began
    billing_day     smallint NOT NULL,
    flags           text[] NOT NULL DEFAULT '{}',                    -- clock_clamped, wrapped, reset, no_start, ...
    points          jsonb NOT NULL DEFAULT '[]',                     -- what policies/accounting needs to split usage by time
    state           text NOT NULL DEFAULT 'open' CHECK (state = 'open')
) WITH (fillfactor = 45);      -- interims update in place (HOT): what opened together reports together, a page at once
CREATE INDEX session_identity ON session (nas_address, acct_session_id, user_name);
CREATE INDEX session_class ON session (session_class) WHERE session_class IS NOT NULL;
CREATE INDEX session_account_id ON session (account_id);
CREATE INDEX session_user_name ON session (user_name);
CREATE INDEX session_started_at ON session (started_at, id);         -- newest first, from any place on
CREATE INDEX session_calling_station_id ON session (calling_station_id text_pattern_ops);  -- AA-BB-CC-DD-EE-FF:ssid
CREATE INDEX session_ipv4_address ON session (ipv4_address);
CREATE INDEX session_ipv6_prefix ON session (ipv6_prefix) WHERE ipv6_prefix IS NOT NULL;
CREATE INDEX session_delegated_ipv6_prefix ON session (delegated_ipv6_prefix) WHERE delegated_ipv6_prefix IS NOT NULL;

-- closed sessions, a partition a month; made ahead, and old ones can be detached
CREATE TABLE session_history (
    id              bigint NOT NULL,                                 -- as it had when open
    user_name       text NOT NULL,
    account_id      bigint,
    nas_address     inet NOT NULL,
    acct_session_id text NOT NULL,
    session_class   text,
    started_at      timestamptz NOT NULL,
    last_heard_at   timestamptz NOT NULL,
    interim_seconds integer,
    port            text,
    calling_station_id text,
    called_station_id text,
    ipv4_address    inet,
    ipv6_prefix     cidr,
    delegated_ipv6_prefix cidr,
    session_seconds bigint NOT NULL,
    octets_in       bigint NOT NULL,
    octets_out      bigint NOT NULL,
    time_zone       text NOT NULL,
    billing_day     smallint NOT NULL,
    flags           text[] NOT NULL,
    points          jsonb NOT NULL,
    stopped_at      timestamptz NOT NULL,
    terminate_cause text,                                            -- RFC 2866 5.10, as FreeRADIUS prints it
    state           text NOT NULL CHECK (state IN (
        'stopped',   -- the router said so
        'rebooted',  -- the router began anew (Accounting-On or -Off)
        'stale'      -- not heard of for several interims
    )),
    PRIMARY KEY (id, stopped_at)
) PARTITION BY RANGE (stopped_at);
CREATE INDEX session_history_identity ON session_history (nas_address, acct_session_id, user_name);
CREATE INDEX session_history_account_id ON session_history (account_id, stopped_at);
CREATE INDEX session_history_class ON session_history (session_class) WHERE session_class IS NOT NULL;
CREATE INDEX session_history_stopped_at ON session_history (stopped_at, id);
CREATE INDEX session_history_calling_station_id ON session_history (calling_station_id text_pattern_ops);
CREATE INDEX session_history_ipv4_address ON session_history (ipv4_address);
CREATE INDEX session_history_ipv6_prefix ON session_history (ipv6_prefix) WHERE ipv6_prefix IS NOT NULL;
CREATE INDEX session_history_delegated_ipv6_prefix ON session_history (delegated_ipv6_prefix)
    WHERE delegated_ipv6_prefix IS NOT NULL;

-- make the partitions from the month before `first` to `months_ahead` after it; those that are there stay. What has
-- gone into the default partition moves along, so a month that nobody made ahead is no obstacle to making it late.
CREATE FUNCTION make_session_partitions(first date, months_ahead integer) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    month date;
    name text;
    bounds text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('session_history'));      -- one node's fold makes them
    FOR month IN SELECT generate_series(date_trunc('month', first) - interval '1 month',
                                        date_trunc('month', first) + make_interval(months => months_ahead),
                                        interval '1 month')::date LOOP
        name := 'session_history_' || to_char(month, 'YYYY_MM');
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        bounds := format('(%L) TO (%L)', month::timestamp AT TIME ZONE 'UTC',
                         (month + interval '1 month')::timestamp AT TIME ZONE 'UTC');
        EXECUTE format('CREATE TABLE %I (LIKE session_history INCLUDING ALL)', name);
        EXECUTE format('WITH moved AS (DELETE FROM session_history_other WHERE stopped_at >= %L AND stopped_at < %L '
                       'RETURNING *) INSERT INTO %I SELECT * FROM moved',
                       month::timestamp AT TIME ZONE 'UTC',
                       (month + interval '1 month')::timestamp AT TIME ZONE 'UTC', name);
        EXECUTE format('ALTER TABLE session_history ATTACH PARTITION %I FOR VALUES FROM %s', name, bounds);
    END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION make_session_partitions(date, integer) FROM PUBLIC;
CREATE TABLE session_history_other PARTITION OF session_history DEFAULT;  -- absurd clocks; nothing is ever refused
DO $$
BEGIN
    PERFORM make_session_partitions(current_date, 3);
END $$;

-- the ledger of usage, by account and local day; what a record adds is added here in the record's own transaction
CREATE TABLE usage_day (
    account_id      bigint NOT NULL REFERENCES account,
    day             date NOT NULL,                                   -- in the session's time zone
    period_start    date NOT NULL,                                   -- the first day of its billing period
    octets_in       bigint NOT NULL DEFAULT 0,
    octets_out      bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (account_id, day, period_start)
) WITH (fillfactor = 70);
CREATE INDEX usage_day_period ON usage_day (period_start, account_id);

-- ------------------------------------------------------------------------------------------ change feed --

-- What changed, for the hook: (transaction, relation, key) for every row written, by whoever wrote it. A reader
-- takes what it has not seen WHERE xid >= the xmin of its previous read, so nothing committed late is missed.
-- key is what the reader finds the row by: account: user_name; device: mac; others: id; '*': everything.
CREATE TABLE change_log (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
    relation    text NOT NULL,
    key         text NOT NULL,
    logged_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX change_log_xid ON change_log (xid);
CREATE INDEX change_log_logged_at ON change_log (logged_at);

-- a reader whose position is older than this has missed something and loads everything
CREATE TABLE change_log_floor (
    one_row     boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    xid         xid8 NOT NULL DEFAULT '0'
);
INSERT INTO change_log_floor DEFAULT VALUES;

CREATE FUNCTION prune_change_log(keep interval) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    pruned bigint;
BEGIN
    WITH gone AS (DELETE FROM change_log WHERE logged_at < clock_timestamp() - keep RETURNING xid),
         floor AS (UPDATE change_log_floor
                   SET xid = greatest(change_log_floor.xid, (SELECT max(xid) FROM gone))
                   WHERE EXISTS (SELECT FROM gone))
    SELECT count(*) INTO pruned FROM gone;
    RETURN pruned;
END $$;

-- Statement-level, so a change of a million rows is one INSERT ... SELECT. Arguments: relation, key expression
-- over a row alias r, and an optional query that turns rows r of the table into keys of another relation.
-- SECURITY DEFINER: whoever may write a table need not be allowed to write the log.
CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    changed text := CASE TG_OP WHEN 'INSERT' THEN 'TABLE new_rows' WHEN 'DELETE' THEN 'TABLE old_rows'
                               ELSE 'TABLE old_rows UNION ALL TABLE new_rows' END;
    logged bigint;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO change_log (relation, key) VALUES (TG_ARGV[0], '*');
    ELSE
        EXECUTE format('INSERT INTO change_log (relation, key) SELECT DISTINCT %L, %s FROM (%s) AS r',
                       TG_ARGV[0], TG_ARGV[1], changed);
        GET DIAGNOSTICS logged = ROW_COUNT;
        IF logged = 0 THEN RETURN NULL; END IF;
    END IF;
    PERFORM pg_notify('tollkeeper_change', '');
    RETURN NULL;
END $$;

CREATE FUNCTION follow_changes(relation_name text, logged_as text, key_expression text,
                               events text[] DEFAULT '{INSERT,UPDATE,DELETE,TRUNCATE}') RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    event text;
BEGIN
    FOREACH event IN ARRAY events LOOP
        EXECUTE format('CREATE TRIGGER log_%s_%s AFTER %s ON %I %s FOR EACH STATEMENT '
                       'EXECUTE FUNCTION log_change(%L, %L)',
                       lower(event), logged_as, event, relation_name,
                       CASE event WHEN 'INSERT' THEN 'REFERENCING NEW TABLE AS new_rows'
                                  WHEN 'UPDATE' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
                                  WHEN 'DELETE' THEN 'REFERENCING OLD TABLE AS old_rows' ELSE '' END,
                       logged_as, key_expression);
    END LOOP;
END $$;

DO $$
BEGIN
    PERFORM follow_changes('customer_group', 'group', 'r.id::text');
    PERFORM follow_changes('customer', 'customer', 'r.id::text');
    PERFORM follow_changes('package', 'package', 'r.id::text');
    PERFORM follow_changes('time_band', 'package', 'r.package_id::text');
    PERFORM follow_changes('package_profile', 'package', 'r.package_id::text');
    PERFORM follow_changes('nas', 'nas', 'r.id::text');
    PERFORM follow_changes('account', 'account', 'r.user_name');
    PERFORM follow_changes('account_nas', 'account',
                          'coalesce((SELECT user_name FROM account WHERE id = r.account_id), '''')');
    PERFORM follow_changes('package_change', 'account',
                          'coalesce((SELECT user_name FROM account WHERE id = r.account_id), '''')');
    PERFORM follow_changes('device', 'device', 'r.mac::text');
    -- opened and closed only: a session that merely counts on is nothing new to the hook
    PERFORM follow_changes('session', 'session', 'r.id::text', '{INSERT,DELETE,TRUNCATE}');
    PERFORM follow_changes('installation', 'installation', '''*''');
END $$;

-- a renamed account takes its devices along
CREATE FUNCTION log_renamed_devices() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO change_log (relation, key)
    SELECT 'device', mac::text FROM device
    JOIN new_rows ON new_rows.id = device.account_id
    JOIN old_rows ON old_rows.id = new_rows.id AND old_rows.user_name <> new_rows.user_name;
    RETURN NULL;
END $$;
CREATE TRIGGER log_renamed_devices AFTER UPDATE ON account
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION log_renamed_devices();

-- ------------------------------------------------------------------------------------- the hook's views --

-- The rows as the hook keeps them in memory, column for column what policies/rows.py takes. Times are seconds
-- since 1970. What few rows have is in one jsonb column that is NULL for the others: memory at a million accounts.

CREATE VIEW hook_group AS
SELECT id, name, enabled, sends_reply_message,
       treatment_blocked::text, treatment_deleted::text, treatment_disabled::text, treatment_group_disabled::text,
       treatment_expired::text, treatment_suspended::text, treatment_cap::text,
       garden_pool, garden_profile, garden_redirect_url, garden_download_bps::bigint, garden_upload_bps::bigint,
       garden_session_seconds, throttle_download_bps::bigint, throttle_upload_bps::bigint
FROM customer_group;

CREATE VIEW hook_customer AS
SELECT customer.id, group_id, parent_id, disabled, deleted_at IS NOT NULL AS deleted, suspended,
       extract(epoch FROM expires_at)::bigint AS expires_at, inherits_state,
       download_bps::bigint, upload_bps::bigint, coalesce(customer.time_zone, installation.time_zone) AS time_zone
FROM customer CROSS JOIN installation;

CREATE VIEW hook_package AS
SELECT id, name, download_bps::bigint, upload_bps::bigint, burst_download_bps::bigint, burst_upload_bps::bigint,
       burst_threshold_download_bps::bigint, burst_threshold_upload_bps::bigint, burst_seconds, priority,
       cap_treatment::text, throttle_download_bps::bigint, throttle_upload_bps::bigint,
       sessions_allowed, session_seconds, idle_seconds, interim_seconds,
       ipv4_pool, ipv6_pool, delegated_ipv6_pool, reply_attributes,
       (SELECT jsonb_agg(jsonb_build_array(weekdays, starts_minute, ends_minute, time_band.download_bps,
                                           time_band.upload_bps) ORDER BY position)
        FROM time_band WHERE package_id = package.id) AS time_bands,
       (SELECT jsonb_object_agg(vendor, jsonb_build_array(download_profile, upload_profile))
        FROM package_profile WHERE package_id = package.id) AS profiles
FROM package;

CREATE VIEW hook_nas AS
SELECT id, name, host(address) AS address, secret, vendor, requires_message_authenticator FROM nas;

CREATE VIEW hook_account AS
SELECT user_name, customer_id, package_id, password, password_hash, blocked, suspended, cap_reached,
       extract(epoch FROM expires_at)::bigint AS expires_at, lock_to_devices,
       -- asked first, as building an object only to find it empty takes most of the time of a million rows
       CASE WHEN num_nonnulls(sessions_allowed, ipv4_address, ipv4_netmask, ipv6_prefix, delegated_ipv6_prefix,
                              vlan_id) > 0
              OR routes <> '{}' OR reply_attributes <> '[]'
              OR EXISTS (SELECT FROM account_nas WHERE account_id = account.id)
              OR EXISTS (SELECT FROM package_change
                         WHERE account_id = account.id AND applied_at IS NULL AND cancelled_at IS NULL)
       THEN jsonb_strip_nulls(jsonb_build_object(
           'sessions_allowed', sessions_allowed,
           'ipv4_address', host(ipv4_address), 'ipv4_netmask', host(ipv4_netmask),
           'ipv6_prefix', ipv6_prefix::text, 'delegated_ipv6_prefix', delegated_ipv6_prefix::text,
           'routes', nullif(to_jsonb(routes), '[]'), 'vlan_id', vlan_id,
           'reply_attributes', nullif(reply_attributes, '[]'),
           'nas_ids', (SELECT jsonb_agg(nas_id ORDER BY nas_id) FROM account_nas WHERE account_id = account.id),
           'package_changes', (SELECT jsonb_agg(jsonb_build_array(extract(epoch FROM activates_at)::bigint, package_id)
                                                ORDER BY activates_at)
                               FROM package_change
                               WHERE account_id = account.id AND applied_at IS NULL AND cancelled_at IS NULL)))
       END AS extras
FROM account;

CREATE VIEW hook_device AS
SELECT mac::text AS mac, account.user_name, authorised, mac_auth
FROM device JOIN account ON account.id = device.account_id;

-- open sessions, only of accounts that may not have any number of them
CREATE VIEW hook_session AS
SELECT session.id, account.user_name, host(session.nas_address) AS nas_address, session.session_class,
       session.calling_station_id, session.port
FROM session
JOIN account ON account.id = session.account_id
JOIN package ON package.id = account.package_id
WHERE coalesce(account.sessions_allowed, package.sessions_allowed) IS NOT NULL;

-- ------------------------------------------------------------------------------------------------ roles --

-- The owner of this schema provisions. The hook can read what it answers from, and change nothing.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tollkeeper_hook') THEN
        CREATE ROLE tollkeeper_hook LOGIN;                           -- roles are of the cluster, not of the database
    END IF;
END $$;
GRANT SELECT ON installation, change_log, change_log_floor, hook_group, hook_customer, hook_package, hook_nas,
    hook_account, hook_device, hook_session TO tollkeeper_hook;

-- The fold writes what it hears, and nothing that an operator decides.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tollkeeper_fold') THEN
        CREATE ROLE tollkeeper_fold LOGIN;
    END IF;
END $$;
GRANT SELECT ON installation, account, customer, package, device TO tollkeeper_fold;
GRANT SELECT, INSERT, UPDATE, DELETE ON accounting_node, accounting_day, accounting_quarantine, accounting_reboot,
    session, session_history, usage_day TO tollkeeper_fold;
GRANT USAGE ON SEQUENCE session_id_seq TO tollkeeper_fold;           -- a session may be over when we first hear of it
GRANT EXECUTE ON FUNCTION make_session_partitions(date, integer) TO tollkeeper_fold;
