-- The whole database of Tollkeeper, readable top to bottom: version, types, tables, the change feed, the
-- hook's views, roles. Every rule stands beside the constraint that enforces it.
-- Units are in the names: _bps bit/s, _octets, _cents, _seconds. Times are timestamptz.
-- Load it once into an empty database:  psql -v ON_ERROR_STOP=1 -1 -f schema.sql

-- pg_temp last: or somebody's temporary table would stand in for one of these in the functions below
SET search_path = public, pg_temp;

CREATE EXTENSION IF NOT EXISTS pg_trgm;                              -- search inside words; the database's owner may

-- Nobody calls a function that was not granted to him: with a trigger's, on a table of his own with arguments of his
-- own, he would do as he likes in the owner's name.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;                          -- a cluster of before PostgreSQL 15 has it granted

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
    currency        text NOT NULL DEFAULT 'ZAR' CHECK (currency ~ '^[A-Z]{3}$'),   -- ISO 4217; of every _cents
    name            text NOT NULL DEFAULT 'Your provider' CHECK (btrim(name) <> ''),  -- as customers know it
    language        text NOT NULL DEFAULT 'en' CHECK (language ~ '^[a-z]{2,3}$'),  -- of messages, unless the customer's
    -- suspension for debt; minutes are of the customer's own day
    dunning_minute  smallint NOT NULL DEFAULT 480 CHECK (dunning_minute BETWEEN 0 AND 1439),  -- when notices are due
    debt_ignored_cents bigint NOT NULL DEFAULT 0 CHECK (debt_ignored_cents >= 0),  -- so little is no reason to suspend
    no_cut_weekdays smallint NOT NULL DEFAULT 0 CHECK (no_cut_weekdays BETWEEN 0 AND 126),  -- bits: 1 Monday ... 64 Sunday
    cut_from_minute smallint NOT NULL DEFAULT 0 CHECK (cut_from_minute BETWEEN 0 AND 1439),
    cut_until_minute smallint NOT NULL DEFAULT 1440 CHECK (cut_until_minute BETWEEN 1 AND 1440),
    brake_percent   numeric(5,2) NOT NULL DEFAULT 2 CHECK (brake_percent BETWEEN 0 AND 100),  -- of all customers, in a run
    brake_customers integer NOT NULL DEFAULT 10 CHECK (brake_customers >= 0),      -- so few never need to be approved
    -- no messages between these minutes of the customer's day; from after until: over midnight
    quiet_from_minute smallint CHECK (quiet_from_minute BETWEEN 0 AND 1439),
    quiet_until_minute smallint CHECK (quiet_until_minute BETWEEN 0 AND 1439),
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT cut_hours_are_some CHECK (cut_from_minute < cut_until_minute),
    CONSTRAINT quiet_hours_come_in_pairs CHECK (num_nonnulls(quiet_from_minute, quiet_until_minute) IN (0, 2))
);
INSERT INTO installation (schema_version) VALUES (4);

-- percentages of the data of a period at which the customer is told
CREATE FUNCTION are_percents(value smallint[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS
    $$ SELECT 1 <= ALL (value) AND 100 >= ALL (value) AND array_position(value, NULL) IS NULL $$;

-- ------------------------------------------------------------------------------------------------ types --

CREATE TYPE treatment AS ENUM (
    'reject',    -- Access-Reject
    'garden',    -- accept, with the group's pool / address list / redirect / speed
    'throttle'   -- accept, slower; only for a data cap
);

CREATE TYPE customer_type AS ENUM ('individual', 'company', 'sole_proprietor');
CREATE TYPE customer_kind AS ENUM ('normal', 'residential');  -- residential: a limited set of features

CREATE TYPE note_kind AS ENUM (
    'note',
    'popup',     -- shown first, whenever the customer is looked at
    'debtor'     -- about money owed
);
CREATE TYPE address_kind AS ENUM ('install', 'billing', 'postal', 'physical');
CREATE TYPE invoice_kind AS ENUM ('invoice', 'credit_note');

-- what operators may be permitted to see and to change
CREATE TYPE area AS ENUM ('nas', 'group', 'package', 'customer', 'account', 'session', 'usage', 'accounting',
                          'money', 'message', 'import', 'reseller', 'operator', 'audit', 'node');
CREATE TYPE permission AS ENUM ('view', 'edit');                     -- edit includes view

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

-- -------------------------------------------------------------------------------- resellers and operators --

-- a row's version counts its changes: who changes a row that somebody else has changed since he read it is refused
CREATE FUNCTION count_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;

-- no row is its own ancestor, and none is more than eight levels deep
CREATE FUNCTION check_parents() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    ancestor bigint := NEW.parent_id;
    levels integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext(TG_TABLE_NAME || '.parent_id'));  -- two moves at once could close a circle
    WHILE ancestor IS NOT NULL LOOP
        levels := levels + 1;
        IF ancestor = NEW.id OR levels > 8 THEN
            RAISE EXCEPTION '% % would be its own ancestor, or more than eight levels deep', TG_TABLE_NAME, NEW.id
                USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
        END IF;
        EXECUTE format('SELECT parent_id FROM %I WHERE id = $1', TG_TABLE_NAME) INTO ancestor USING ancestor;
    END LOOP;
    RETURN NEW;
END $$;

-- who sells: provider -> reseller -> reseller -> customer. What has no reseller is the provider's own.
CREATE TABLE reseller (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text NOT NULL UNIQUE CHECK (name = btrim(name) AND name <> ''),
    parent_id       bigint REFERENCES reseller CHECK (parent_id <> id),  -- NULL: directly below the provider
    brand           text CHECK (brand <> ''),                        -- what its customers know it by
    version         integer NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reseller_parent_id ON reseller (parent_id);
CREATE TRIGGER reseller_parents_form_a_tree BEFORE INSERT OR UPDATE OF parent_id ON reseller
    FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION check_parents();
CREATE TRIGGER count_version BEFORE UPDATE ON reseller FOR EACH ROW EXECUTE FUNCTION count_version();

CREATE TABLE operator_role (
    name            text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_-]{0,40}$'),
    description     text NOT NULL DEFAULT ''
);
CREATE TABLE operator_role_permission (
    role            text NOT NULL REFERENCES operator_role ON DELETE CASCADE,
    area            area NOT NULL,
    permission      permission NOT NULL,
    PRIMARY KEY (role, area)
);

-- An operator is a login role of PostgreSQL of the same name, which is a member of tollkeeper_operator: what it may
-- see and change is enforced below, by row-level security, whichever program it uses.
CREATE TABLE operator (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text NOT NULL UNIQUE CHECK (name ~ '^[a-z][a-z0-9_-]{1,40}$' AND name !~ '^(pg_|tollkeeper)'
                                                AND name NOT IN ('postgres', 'public', 'none')),
    role            text NOT NULL REFERENCES operator_role,
    reseller_id     bigint REFERENCES reseller,                      -- NULL: the provider's, who sees everything
    full_name       text,
    email           text CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    enabled         boolean NOT NULL DEFAULT true,
    version         integer NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX operator_reseller_id ON operator (reseller_id);
CREATE TRIGGER count_version BEFORE UPDATE ON operator FOR EACH ROW EXECUTE FUNCTION count_version();

INSERT INTO operator_role VALUES
    ('administrator', 'everything'),
    ('support', 'customers, accounts and sessions; sees the rest'),
    ('finance', 'invoices and payments; sees customers'),
    ('auditor', 'sees everything, changes nothing'),
    ('reseller', 'customers, accounts and money of a reseller, its packages and groups');
INSERT INTO operator_role_permission
SELECT 'administrator', area, 'edit'::permission FROM unnest(enum_range(NULL::area)) AS area UNION ALL
SELECT 'auditor', area, 'view' FROM unnest(enum_range(NULL::area)) AS area UNION ALL
SELECT 'support', area, CASE WHEN area IN ('customer', 'account', 'session', 'message') THEN 'edit' ELSE 'view' END::permission
FROM unnest(enum_range(NULL::area)) AS area WHERE area NOT IN ('operator', 'audit', 'import') UNION ALL
SELECT 'finance', area, CASE WHEN area IN ('money', 'message') THEN 'edit' ELSE 'view' END::permission
FROM unnest('{group,package,customer,account,usage,money,message}'::area[]) AS area UNION ALL
SELECT 'reseller', area, CASE WHEN area IN ('nas', 'usage', 'audit') THEN 'view' ELSE 'edit' END::permission
FROM unnest('{nas,group,package,customer,account,session,usage,money,message,import,reseller,operator,audit}'::area[])
     AS area;

-- No one is locked out for good: an administrator may do everything, always, and operators keep their names, which are
-- those of their logins.
CREATE FUNCTION keep_administrator() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the administrator may do everything'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'administrator_may_do_everything';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON operator_role
    FOR EACH ROW WHEN (OLD.name = 'administrator') EXECUTE FUNCTION keep_administrator();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON operator_role_permission
    FOR EACH ROW WHEN (OLD.role = 'administrator') EXECUTE FUNCTION keep_administrator();

CREATE FUNCTION keep_operator_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'operator % keeps its name', OLD.name
        USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_keeps_its_name';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OF name ON operator
    FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION keep_operator_name();

-- Who asks is the role that logged in (session_user), which SET ROLE does not change; so a pooler has to log in as the
-- operator too, and not as somebody of its own. The schema's owner is nobody's operator and may do everything.
-- tollkeeper.as_reseller and tollkeeper.as_customer (ids) can be set by anybody and only ever narrow what is seen.

CREATE FUNCTION asks_as_owner() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS
    $$ SELECT pg_has_role(session_user, current_user, 'MEMBER') $$;

CREATE FUNCTION may(wanted_area area, wanted permission) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT asks_as_owner() OR EXISTS (
        SELECT FROM operator JOIN operator_role_permission USING (role)
        WHERE operator.name = session_user AND enabled AND area = wanted_area AND permission >= wanted)
$$;

-- whether a role may do no more than who asks: nobody gives, or takes over, more than he has
CREATE FUNCTION is_within_mine(wanted_role text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT asks_as_owner() OR NOT EXISTS (
        SELECT FROM operator_role_permission WHERE role = wanted_role AND NOT may(area, permission))
$$;

-- the resellers whose part this is, below and including the one given
CREATE FUNCTION reseller_and_below(top bigint) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH RECURSIVE below AS (
        SELECT id FROM reseller WHERE id = top
        UNION ALL SELECT reseller.id FROM reseller JOIN below ON reseller.parent_id = below.id)
    SELECT coalesce(array_agg(id), '{}') FROM below
$$;

-- the reseller given and those above it, who may sell it what they have
CREATE FUNCTION reseller_and_above(bottom bigint) RETURNS bigint[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    WITH RECURSIVE above AS (
        SELECT id, parent_id FROM reseller WHERE id = bottom
        UNION ALL SELECT reseller.id, reseller.parent_id FROM reseller JOIN above ON reseller.id = above.parent_id)
    SELECT coalesce(array_agg(id), '{}') FROM above
$$;

CREATE FUNCTION my_reseller() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS
    $$ SELECT reseller_id FROM operator WHERE name = session_user AND enabled $$;

CREATE FUNCTION acting_as(what text) RETURNS bigint LANGUAGE sql STABLE SET search_path FROM CURRENT AS
    $$ SELECT nullif(current_setting('tollkeeper.as_' || what, true), '')::bigint $$;

-- whose a new row is, unless said
CREATE FUNCTION home_reseller() RETURNS bigint LANGUAGE sql STABLE SET search_path FROM CURRENT AS
    $$ SELECT coalesce(acting_as('reseller'), my_reseller()) $$;

CREATE FUNCTION is_providers() RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT asks_as_owner()
        OR EXISTS (SELECT FROM operator WHERE name = session_user AND enabled AND reseller_id IS NULL)
$$;

CREATE FUNCTION sees_all() RETURNS boolean LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT acting_as('reseller') IS NULL AND acting_as('customer') IS NULL AND is_providers()
$$;

-- every reseller for the provider's operators, its own part for a reseller's, and no more than the one acted as
CREATE FUNCTION my_resellers() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT coalesce(array_agg(id), '{}') FROM reseller
    WHERE (is_providers() OR id = ANY (reseller_and_below(my_reseller())))
      AND (acting_as('reseller') IS NULL OR id = ANY (reseller_and_below(acting_as('reseller'))))
$$;

ALTER TABLE reseller ALTER parent_id SET DEFAULT home_reseller();
ALTER TABLE operator ALTER reseller_id SET DEFAULT home_reseller();

-- --------------------------------------------------------------------------------------------- packages --

CREATE TABLE package (
    id                      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                    text NOT NULL UNIQUE CHECK (name = btrim(name) AND name <> ''),
    reseller_id             bigint DEFAULT home_reseller() REFERENCES reseller,  -- NULL: the provider's; all sell it
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
    version                 integer NOT NULL DEFAULT 1,
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
CREATE INDEX package_reseller_id ON package (reseller_id) WHERE reseller_id IS NOT NULL;
CREATE TRIGGER count_version BEFORE UPDATE ON package FOR EACH ROW EXECUTE FUNCTION count_version();

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

-- ----------------------------------------------------------------------------------------------- groups --

CREATE TABLE customer_group (
    id                      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name                    text NOT NULL UNIQUE CHECK (name = btrim(name) AND name <> ''),
    reseller_id             bigint DEFAULT home_reseller() REFERENCES reseller,  -- NULL: the provider's, open to all
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
    garden_profile          text CHECK (garden_profile <> ''),       -- address list, domain, filter: as the vendor has
    garden_redirect_url     text CHECK (garden_redirect_url ~ '^https?://[^[:space:]]+$'),
    garden_download_bps     rate_bps,
    garden_upload_bps       rate_bps,
    garden_session_seconds  integer NOT NULL DEFAULT 300 CHECK (garden_session_seconds >= 60),
    throttle_download_bps   rate_bps,
    throttle_upload_bps     rate_bps,
    -- defaults of its customers: days from an invoice's due date on
    overdue_days            smallint CHECK (overdue_days BETWEEN 0 AND 365),
    second_notice_days      smallint CHECK (second_notice_days BETWEEN 0 AND 365),
    suspension_days         smallint CHECK (suspension_days BETWEEN 0 AND 365),
    discount_percent        numeric(5,2) NOT NULL DEFAULT 0 CHECK (discount_percent BETWEEN 0 AND 100),
    default_package_id      bigint REFERENCES package,               -- of an account that is given none
    requires_credit_limit   boolean NOT NULL DEFAULT false,          -- before anything that costs
    usage_notice_percents   smallint[] NOT NULL DEFAULT '{75,90,100}' CHECK (are_percents(usage_notice_percents)),
    version                 integer NOT NULL DEFAULT 1,
    created_at              timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT notices_come_in_order CHECK (
        overdue_days <= second_notice_days AND second_notice_days <= suspension_days
        AND overdue_days <= suspension_days),
    -- a walled garden needs walls: without one of these it would be free access
    CONSTRAINT garden_has_walls CHECK (
        'garden' NOT IN (treatment_blocked, treatment_deleted, treatment_disabled, treatment_group_disabled,
                         treatment_expired, treatment_suspended, treatment_cap)
        OR num_nonnulls(garden_pool, garden_profile, garden_redirect_url) > 0),
    CONSTRAINT garden_rates_come_in_pairs CHECK (num_nonnulls(garden_download_bps, garden_upload_bps) IN (0, 2)),
    CONSTRAINT throttle_rates_come_in_pairs CHECK (num_nonnulls(throttle_download_bps, throttle_upload_bps) IN (0, 2)),
    CONSTRAINT throttle_has_rates CHECK (treatment_cap <> 'throttle' OR throttle_download_bps IS NOT NULL)
);
CREATE INDEX customer_group_reseller_id ON customer_group (reseller_id) WHERE reseller_id IS NOT NULL;
CREATE TRIGGER count_version BEFORE UPDATE ON customer_group FOR EACH ROW EXECUTE FUNCTION count_version();

-- -------------------------------------------------------------------------------------------- customers --

-- a company's name, else a person's, whatever the capitals and spaces
CREATE FUNCTION customer_name_key(company_name text, first_name text, last_name text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT lower(regexp_replace(btrim(coalesce(nullif(btrim(company_name), ''),
                                               coalesce(first_name, '') || ' ' || coalesce(last_name, ''))),
                                '[[:space:]]+', ' ', 'g'))
$$;

CREATE TABLE customer (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code            text NOT NULL UNIQUE CHECK (code ~ '^[A-Z0-9][A-Z0-9_-]{1,31}$'),
    reseller_id     bigint DEFAULT home_reseller() REFERENCES reseller,  -- NULL: the provider's own
    group_id        bigint NOT NULL REFERENCES customer_group,       -- no DELETE of a group with customers in it
    parent_id       bigint REFERENCES customer CHECK (parent_id <> id),
    type            customer_type NOT NULL DEFAULT 'individual',
    kind            customer_kind NOT NULL DEFAULT 'normal',
    title           text,
    first_name      text,
    last_name       text,
    company_name    text,
    namesake        boolean NOT NULL DEFAULT false,                  -- another customer may have the same name
    id_number       text CHECK (id_number <> ''),                    -- of a person, or of a company's registration
    phone           text CHECK (phone ~ '^[+]?[0-9][0-9 ()/.-]{2,28}$'),
    phone_verified_at timestamptz(0),
    email           text CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    billing_email   text CHECK (billing_email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    country         text CHECK (country ~ '^[A-Z]{2}$'),             -- ISO 3166-1
    language        text CHECK (language ~ '^[a-z]{2,3}$'),          -- ISO 639, of messages to the customer
    disabled        boolean NOT NULL DEFAULT false,
    suspended       boolean NOT NULL DEFAULT false,
    deleted_at      timestamptz(0),                                  -- delete = hide
    expires_at      timestamptz(0) CHECK (isfinite(expires_at)),     -- from then no authentication and no billing
    inherits_state  boolean NOT NULL DEFAULT true,                   -- a parent's disabled/suspended/expired covers it
    download_bps    rate_bps,                                        -- speed tier of the customer over the package's
    upload_bps      rate_bps,
    time_zone       text CHECK (is_time_zone(time_zone)),            -- NULL: the provider's
    billing_day     smallint NOT NULL DEFAULT 1 CHECK (billing_day BETWEEN 1 AND 31),
    billing_group   text CHECK (billing_group <> ''),
    payment_method  text CHECK (payment_method <> ''),               -- debit order, card, eft: as the provider says
    credit_limit_cents bigint CHECK (credit_limit_cents >= 0),       -- NULL: none was set
    -- suspension for debt: a payment ends it, and not one by hand. Days from an invoice's due date on; NULL: the group's
    suspended_for_debt boolean NOT NULL DEFAULT false,
    suspended_at    timestamptz(0),                                  -- for debt, and since when
    suspended_due_on date,                                           -- what was due by then has to be paid to end it
    suspension_exempt boolean NOT NULL DEFAULT false,                -- never for debt
    unsuspended_until timestamptz(0) CHECK (isfinite(unsuspended_until)),  -- not for debt before then
    overdue_days    smallint CHECK (overdue_days BETWEEN 0 AND 365),
    second_notice_days smallint CHECK (second_notice_days BETWEEN 0 AND 365),
    suspension_days smallint CHECK (suspension_days BETWEEN 0 AND 365),
    -- data that is left: for so many further periods; of top-ups NULL: for ever, 0: until the period ends
    rollover_months smallint NOT NULL DEFAULT 0 CHECK (rollover_months BETWEEN 0 AND 24),
    topup_months    smallint CHECK (topup_months BETWEEN 0 AND 60),
    usage_notice_percents smallint[] CHECK (are_percents(usage_notice_percents)),   -- NULL: the group's
    notices_by_email boolean NOT NULL DEFAULT true,
    notices_by_sms  boolean NOT NULL DEFAULT false,
    cycle_report    boolean NOT NULL DEFAULT false,                  -- by e-mail, when a billing period begins
    labels          text[] NOT NULL DEFAULT '{}',
    category        text CHECK (category <> ''),                     -- VIP
    attitude        text CHECK (attitude <> ''),
    registered_at   timestamptz(0),
    registered_ip   inet,
    portal_user_name text UNIQUE CHECK (portal_user_name ~ '^[^[:space:][:cntrl:]]{3,100}$'),
    portal_password_hash text CHECK (portal_password_hash LIKE '$argon2id$%'),
    version         integer NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    -- what the customer is called, in one writing
    name_key        text NOT NULL GENERATED ALWAYS AS (customer_name_key(company_name, first_name, last_name)) STORED,
    -- what the customer may be found by, any part of it
    search_text     text NOT NULL GENERATED ALWAYS AS (lower(
                        code || ' ' || coalesce(title, '') || ' ' || coalesce(first_name, '') || ' '
                        || coalesce(last_name, '') || ' ' || coalesce(company_name, '') || ' '
                        || coalesce(email, '') || ' '
                        || coalesce(billing_email, '') || ' '
                        || regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g') || ' '
                        || coalesce(id_number, '') || ' ' || coalesce(portal_user_name, ''))) STORED,
    CONSTRAINT customer_has_a_name CHECK (
        coalesce(btrim(first_name), '') <> '' OR coalesce(btrim(last_name), '') <> ''
        OR coalesce(btrim(company_name), '') <> ''),
    CONSTRAINT company_has_its_name CHECK (type <> 'company' OR coalesce(btrim(company_name), '') <> ''),
    CONSTRAINT residents_are_people CHECK (kind <> 'residential' OR type = 'individual'),
    CONSTRAINT verified_phone_is_there CHECK (phone_verified_at IS NULL OR phone IS NOT NULL),
    CONSTRAINT portal_password_needs_its_user CHECK (portal_password_hash IS NULL OR portal_user_name IS NOT NULL),
    CONSTRAINT customer_rates_come_in_pairs CHECK (num_nonnulls(download_bps, upload_bps) IN (0, 2)),
    CONSTRAINT suspended_for_debt_is_suspended CHECK (
        suspended_for_debt <= suspended AND suspended_for_debt = (suspended_at IS NOT NULL)
        AND suspended_for_debt = (suspended_due_on IS NOT NULL)),
    CONSTRAINT own_notices_come_in_order CHECK (
        overdue_days <= second_notice_days AND second_notice_days <= suspension_days
        AND overdue_days <= suspension_days)
);
-- names are unique among all resellers' customers, but for those of whom it was said that they are namesakes
CREATE UNIQUE INDEX customer_name_is_unique ON customer (name_key) WHERE NOT namesake AND deleted_at IS NULL;
CREATE INDEX customer_group_id ON customer (group_id);
CREATE INDEX customer_reseller_id ON customer (reseller_id) WHERE reseller_id IS NOT NULL;
CREATE INDEX customer_parent_id ON customer (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX customer_expires_at ON customer (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX customer_labels ON customer USING gin (labels);
CREATE INDEX customer_search_text ON customer USING gin (search_text gin_trgm_ops);

CREATE TRIGGER customer_parents_form_a_tree BEFORE INSERT OR UPDATE OF parent_id ON customer
    FOR EACH ROW WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION check_parents();
CREATE INDEX customer_suspended_for_debt ON customer (id) WHERE suspended_for_debt;
CREATE INDEX customer_unsuspended_until ON customer (unsuspended_until) WHERE unsuspended_until IS NOT NULL;
CREATE INDEX customer_time_zone ON customer (time_zone) WHERE time_zone IS NOT NULL;
CREATE TRIGGER count_version BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION count_version();

-- whoever ends a suspension, psql too, ends what was for debt; who is exempt from now on is not suspended for it
CREATE FUNCTION end_debt_suspension() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.suspended := NEW.suspended AND NOT NEW.suspended_for_debt;
    NEW.suspended_for_debt := false;
    NEW.suspended_at := NULL;
    NEW.suspended_due_on := NULL;
    RETURN NEW;
END $$;
CREATE TRIGGER end_debt_suspension BEFORE INSERT OR UPDATE OF suspended ON customer
    FOR EACH ROW WHEN (NOT NEW.suspended) EXECUTE FUNCTION end_debt_suspension();
CREATE TRIGGER end_debt_suspension_of_exempt BEFORE UPDATE OF suspension_exempt ON customer
    FOR EACH ROW WHEN (NEW.suspension_exempt AND NEW.suspended_for_debt) EXECUTE FUNCTION end_debt_suspension();

-- a customer is in a group of the provider or of its reseller's line, a sub-account has its parent's reseller, and a
-- residential customer has no sub-accounts and nothing static; packages go with it only where its reseller sells them
CREATE FUNCTION check_customer_belongs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE
    refused text;
BEGIN
    SELECT 'group_is_of_the_resellers_line' INTO refused FROM customer_group
    WHERE id = NEW.group_id AND reseller_id IS NOT NULL AND reseller_id <> ALL (reseller_and_above(NEW.reseller_id));
    IF refused IS NULL AND NEW.parent_id IS NOT NULL THEN
        SELECT CASE WHEN reseller_id IS DISTINCT FROM NEW.reseller_id THEN 'sub_account_has_its_parents_reseller'
                    WHEN kind = 'residential' THEN 'residents_have_no_sub_accounts' END
        INTO refused FROM customer WHERE id = NEW.parent_id;
    END IF;
    IF refused IS NULL AND TG_OP = 'UPDATE' THEN
        SELECT CASE WHEN NEW.kind = 'residential' THEN 'residents_have_no_sub_accounts'
                    ELSE 'sub_account_has_its_parents_reseller' END
        INTO refused FROM customer
        WHERE parent_id = NEW.id AND (NEW.kind = 'residential' OR reseller_id IS DISTINCT FROM NEW.reseller_id) LIMIT 1;
    END IF;
    IF refused IS NULL AND TG_OP = 'UPDATE' THEN
        SELECT account_is_refused(account, package, NEW) INTO refused
        FROM account JOIN package ON package.id = package_id
        WHERE customer_id = NEW.id AND account_is_refused(account, package, NEW) IS NOT NULL LIMIT 1;
    END IF;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION 'customer %: %', NEW.code, refused USING ERRCODE = 'check_violation', CONSTRAINT = refused;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION group_has_reseller(id bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS
    $$ SELECT reseller_id IS NOT NULL FROM customer_group WHERE customer_group.id = $1 $$;
-- deferred: a customer moves to another reseller together with its sub-accounts
CREATE CONSTRAINT TRIGGER customer_belongs AFTER INSERT ON customer DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.reseller_id IS NOT NULL OR NEW.parent_id IS NOT NULL OR group_has_reseller(NEW.group_id))
    EXECUTE FUNCTION check_customer_belongs();
CREATE CONSTRAINT TRIGGER customer_still_belongs AFTER UPDATE OF reseller_id, group_id, parent_id, kind ON customer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_customer_belongs();

-- the customer acted as, and its sub-accounts, if who asks may see it
CREATE FUNCTION acting_customers() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS $$
    WITH RECURSIVE below AS (
        SELECT id FROM customer
        WHERE id = acting_as('customer')
          AND (is_providers() AND acting_as('reseller') IS NULL OR reseller_id = ANY (my_resellers()))
        UNION ALL SELECT customer.id FROM customer JOIN below ON customer.parent_id = below.id)
    SELECT coalesce(array_agg(id), '{}') FROM below
$$;
-- what row-level security says of a customer, for functions that look further than who calls them
CREATE FUNCTION may_see_customer(customer_id bigint) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS $$
    SELECT may('customer', 'view') AND (sees_all() OR EXISTS (
        SELECT FROM customer WHERE id = may_see_customer.customer_id
        AND (acting_as('customer') IS NULL AND reseller_id = ANY (my_resellers()) OR id = ANY (acting_customers()))))
$$;

CREATE TABLE contact (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    name            text NOT NULL CHECK (btrim(name) <> ''),
    purposes        text[] NOT NULL DEFAULT '{}',                    -- what it is used for: technical, billing, ...
    phone           text CHECK (phone ~ '^[+]?[0-9][0-9 ()/.-]{2,28}$'),
    email           text CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$'),
    search_text     text NOT NULL GENERATED ALWAYS AS (lower(
                        name || ' ' || coalesce(email, '') || ' '
                        || regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g'))) STORED,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT contact_can_be_reached CHECK (num_nonnulls(phone, email) > 0)
);
CREATE INDEX contact_customer_id ON contact (customer_id);
CREATE INDEX contact_search_text ON contact USING gin (search_text gin_trgm_ops);

CREATE TABLE address (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    kind            address_kind NOT NULL DEFAULT 'install',
    street          text NOT NULL CHECK (btrim(street) <> ''),
    city            text,
    region          text,
    postal_code     text,
    country         text CHECK (country ~ '^[A-Z]{2}$'),             -- ISO 3166-1; NULL: the customer's
    latitude        double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude       double precision CHECK (longitude BETWEEN -180 AND 180),
    search_text     text NOT NULL GENERATED ALWAYS AS (lower(
                        street || ' ' || coalesce(city, '') || ' ' || coalesce(region, '') || ' '
                        || coalesce(postal_code, ''))) STORED,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT coordinates_come_in_pairs CHECK (num_nonnulls(latitude, longitude) IN (0, 2))
);
CREATE INDEX address_customer_id ON address (customer_id);
CREATE INDEX address_search_text ON address USING gin (search_text gin_trgm_ops);

CREATE TABLE note (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    kind            note_kind NOT NULL DEFAULT 'note',
    text            text NOT NULL CHECK (btrim(text) <> ''),
    author          text NOT NULL DEFAULT session_user,
    created_at      timestamptz NOT NULL DEFAULT now(),
    removed_at      timestamptz(0)
);
CREATE INDEX note_customer_id ON note (customer_id, id);

-- the octets are in a file named by their SHA-256, below TOLLKEEPER_HOME/attachments
CREATE TABLE attachment (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    file_name       text NOT NULL CHECK (file_name <> '' AND file_name !~ '[/[:cntrl:]]'
                                         AND file_name NOT IN ('.', '..')),
    media_type      text NOT NULL,                                   -- told by the content, not by the name
    octets          bigint NOT NULL CHECK (octets >= 0),
    sha256          text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    description     text,
    author          text NOT NULL DEFAULT session_user,
    created_at      timestamptz NOT NULL DEFAULT now(),
    removed_at      timestamptz(0)
);
CREATE INDEX attachment_customer_id ON attachment (customer_id, id);
CREATE INDEX attachment_sha256 ON attachment (sha256);

-- what other systems call a customer: looked up both ways
CREATE TABLE external_id (
    system          text NOT NULL CHECK (system ~ '^[a-z][a-z0-9_.-]{0,40}$'),
    value           text NOT NULL CHECK (btrim(value) <> ''),
    customer_id     bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    PRIMARY KEY (system, value)
);
CREATE UNIQUE INDEX external_id_of_a_customer ON external_id (customer_id, system);
CREATE INDEX external_id_value ON external_id (value);                 -- of whatever system

-- a link to choose another portal password; only the hash of its token is kept
CREATE TABLE portal_reset (
    token_sha256    text PRIMARY KEY CHECK (token_sha256 ~ '^[0-9a-f]{64}$'),
    customer_id     bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    expires_at      timestamptz(0) NOT NULL,
    used_at         timestamptz(0),
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX portal_reset_customer_id ON portal_reset (customer_id);

-- the three-digit sequence of generated account codes: one row a prefix, locked while a code is taken
CREATE TABLE customer_code_sequence (
    prefix          text PRIMARY KEY,
    last_number     integer NOT NULL CHECK (last_number > 0)
);

-- the next so many codes with these letters that nobody has, whoever sees him; held until the transaction ends. Many
-- are taken at once: a row that is updated a thousand times in one transaction is found ever more slowly.
CREATE FUNCTION next_customer_codes(letters text, wanted integer) RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE
    missing integer := wanted;
    last integer;
    free text[];
BEGIN
    IF NOT may('customer', 'edit') OR letters !~ '^[A-Z0-9]{1,3}$' OR wanted NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'no code begins with %', letters USING ERRCODE = 'insufficient_privilege';
    END IF;
    WHILE missing > 0 LOOP
        INSERT INTO customer_code_sequence AS taken VALUES (letters, missing)
        ON CONFLICT (prefix) DO UPDATE SET last_number = taken.last_number + missing RETURNING last_number INTO last;
        SELECT array_agg(made ORDER BY number) INTO free
        FROM generate_series(last - missing + 1, last) AS number,
             concat(letters, CASE WHEN number < 1000 THEN lpad(number::text, 3, '0') ELSE number::text END) AS made
        WHERE NOT EXISTS (SELECT FROM customer WHERE code = made);
        RETURN QUERY SELECT unnest(free);
        missing := missing - coalesce(cardinality(free), 0);
    END LOOP;
END $$;

-- ---------------------------------------------------------------------------------------------- routers --

CREATE TABLE nas (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
    address         inet NOT NULL UNIQUE CHECK (masklen(address) = CASE family(address) WHEN 4 THEN 32 ELSE 128 END),
    secret          bytea NOT NULL,                                  -- AES-GCM; the key is in a file, not here
    vendor          text NOT NULL DEFAULT 'generic' CHECK (vendor ~ '^[a-z][a-z0-9_]*$'),
    coa_port        integer NOT NULL DEFAULT 3799 CHECK (coa_port BETWEEN 1 AND 65535),  -- RFC 5176; some use 1700
    requires_message_authenticator boolean NOT NULL DEFAULT true,    -- false only for a NAS that cannot (BlastRADIUS)
    -- what it is told about those who are online: speeds by CoA where it can, else by Disconnect; NULL: as the vendor does
    takes_coa       boolean,
    takes_disconnect boolean NOT NULL DEFAULT true,                  -- false: nothing can be told
    coa_packets_a_second smallint NOT NULL DEFAULT 50 CHECK (coa_packets_a_second BETWEEN 1 AND 10000),
    version         integer NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER count_version BEFORE UPDATE ON nas FOR EACH ROW EXECUTE FUNCTION count_version();

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
    cap_reached     boolean NOT NULL DEFAULT false,                  -- set and cleared by settle_allowances
    prepaid         boolean NOT NULL DEFAULT false,                  -- no data of the month, only what is bought ahead
    expires_at      timestamptz(0) CHECK (isfinite(expires_at)),
    sessions_allowed smallint CHECK (sessions_allowed BETWEEN 1 AND 1000),         -- over the package's
    price_cents     bigint CHECK (price_cents >= 0),                 -- over the package's
    topup_price_cents bigint CHECK (topup_price_cents >= 0),         -- over the package's
    cancelled_at    timestamptz(0),                                  -- as if it were not there; its usage stays
    lock_to_devices boolean NOT NULL DEFAULT false,                  -- only its authorised devices may use it
    ipv4_address    inet UNIQUE CHECK (family(ipv4_address) = 4 AND masklen(ipv4_address) = 32),
    ipv4_netmask    inet CHECK (family(ipv4_netmask) = 4 AND masklen(ipv4_netmask) = 32),
    ipv6_prefix     cidr UNIQUE CHECK (family(ipv6_prefix) = 6),     -- of the link, RFC 3162
    delegated_ipv6_prefix cidr UNIQUE CHECK (family(delegated_ipv6_prefix) = 6),   -- RFC 4818
    routes          text[] NOT NULL DEFAULT '{}',                    -- Framed-Route, RFC 2865 5.22
    vlan_id         smallint CHECK (vlan_id BETWEEN 1 AND 4094),
    reply_attributes jsonb NOT NULL DEFAULT '[]' CHECK (is_reply_attributes(reply_attributes)),
    version         integer NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT one_kind_of_password CHECK (num_nonnulls(password, password_hash) <= 1)  -- none: certificate or MAC
);
CREATE INDEX account_customer_id ON account (customer_id);
CREATE INDEX account_package_id ON account (package_id);
CREATE INDEX account_user_name_search ON account USING gin (user_name gin_trgm_ops);
CREATE INDEX account_routes ON account (id) WHERE routes <> '{}';     -- few: whose an address is, is asked of each
CREATE INDEX account_ipv6_prefixes ON account USING gist (ipv6_prefix inet_ops) WHERE ipv6_prefix IS NOT NULL;
CREATE INDEX account_delegated_ipv6_prefixes ON account USING gist (delegated_ipv6_prefix inet_ops)
    WHERE delegated_ipv6_prefix IS NOT NULL;
CREATE INDEX account_vlan_id ON account (vlan_id) WHERE vlan_id IS NOT NULL;
CREATE TRIGGER count_version BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION count_version();

-- a package is the provider's or of the customer's reseller's line; a residential customer has nothing static
CREATE FUNCTION account_is_refused(account account, package package, customer customer) RETURNS text
LANGUAGE sql STABLE AS $$
    -- the CONSTRAINT = refused
    SELECT CASE WHEN package.reseller_id IS NOT NULL
                     AND package.reseller_id <> ALL (reseller_and_above(customer.reseller_id))
                THEN 'package_is_of_the_resellers_line'
                WHEN customer.kind = 'residential' AND (num_nonnulls(account.ipv4_address, account.ipv6_prefix,
                                                                     account.delegated_ipv6_prefix, account.vlan_id) > 0
                                                        OR account.routes <> '{}')
                THEN 'residents_have_nothing_static' END
$$;
CREATE FUNCTION check_account_belongs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE
    refused text;
BEGIN
    SELECT account_is_refused(NEW, package, customer)
    INTO refused FROM package, customer WHERE package.id = NEW.package_id AND customer.id = NEW.customer_id;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION 'account %: %', NEW.user_name, refused USING ERRCODE = 'check_violation', CONSTRAINT = refused;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER account_belongs AFTER INSERT OR UPDATE OF customer_id, package_id, ipv4_address, ipv6_prefix,
    delegated_ipv6_prefix, vlan_id, routes ON account FOR EACH ROW EXECUTE FUNCTION check_account_belongs();

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
    price_cents     bigint CHECK (price_cents >= 0),                 -- from then on; NULL: the package's
    topup_price_cents bigint CHECK (topup_price_cents >= 0),         -- from then on; NULL: the package's
    comment         text,
    author          text NOT NULL DEFAULT session_user,
    created_at      timestamptz NOT NULL DEFAULT now(),
    applied_at      timestamptz(0),
    cancelled_at    timestamptz(0),
    CONSTRAINT applied_or_cancelled CHECK (num_nonnulls(applied_at, cancelled_at) <= 1)
);
CREATE UNIQUE INDEX one_change_a_moment ON package_change (account_id, activates_at)
    WHERE applied_at IS NULL AND cancelled_at IS NULL;
CREATE INDEX package_change_to_come ON package_change (activates_at) WHERE applied_at IS NULL AND cancelled_at IS NULL;

-- Which other account has an address, a prefix or a route that overlaps one of these; which one of another customer has
-- this VLAN on a router where this account may be. Of all accounts; of one that may not be seen, only that it is there.
CREATE FUNCTION static_holders(wanted inet[], own bigint) RETURNS TABLE (asked inet, held inet, holder bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT asked, CASE WHEN seen THEN held ELSE asked END, CASE WHEN seen THEN holder END
    FROM unnest(wanted) AS asked, LATERAL (
        SELECT ipv4_address AS held, id AS holder FROM account
        WHERE ipv4_address BETWEEN host(network(asked))::inet AND host(broadcast(asked))::inet
        UNION ALL SELECT ipv6_prefix, id FROM account WHERE ipv6_prefix && asked
        UNION ALL SELECT delegated_ipv6_prefix, id FROM account WHERE delegated_ipv6_prefix && asked
        UNION ALL SELECT prefix, id FROM account, unnest(routes) AS route,
                         CAST(substring(route FROM '^[0-9.]+/[0-9]+') AS inet) AS prefix
                  WHERE routes <> '{}' AND prefix && asked) AS found,
    LATERAL (SELECT may_see_customer(customer_id) AS seen FROM account WHERE account.id = holder) AS whose
    WHERE holder IS DISTINCT FROM own ORDER BY masklen(held) DESC LIMIT 1
$$;
CREATE FUNCTION vlan_holder(vlan integer, own bigint, owner bigint, nas_ids bigint[]) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT CASE WHEN may_see_customer(customer_id) THEN id ELSE 0 END FROM account
    WHERE vlan_id = vlan AND id IS DISTINCT FROM own AND customer_id <> owner AND cancelled_at IS NULL
      AND (nas_ids = '{}' OR NOT EXISTS (SELECT FROM account_nas WHERE account_id = account.id)
           OR EXISTS (SELECT FROM account_nas WHERE account_id = account.id AND nas_id = ANY (nas_ids)))
    ORDER BY id LIMIT 1
$$;

-- what an account is to have, and what a group gives, is of the same line as what an account has
CREATE FUNCTION check_package_to_come() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE
    reseller bigint;
    package bigint;
BEGIN
    IF TG_TABLE_NAME = 'package_change' THEN
        SELECT reseller_id, NEW.package_id INTO reseller, package
        FROM account JOIN customer ON customer.id = customer_id WHERE account.id = NEW.account_id;
    ELSE
        reseller := NEW.reseller_id;
        package := NEW.default_package_id;
    END IF;
    IF EXISTS (SELECT FROM package AS wanted
               WHERE id = package AND reseller_id IS NOT NULL
                 AND reseller_id <> ALL (reseller_and_above(reseller))) THEN
        RAISE EXCEPTION 'package %', package
            USING ERRCODE = 'check_violation', CONSTRAINT = 'package_is_of_the_resellers_line';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER package_belongs AFTER INSERT OR UPDATE OF account_id, package_id ON package_change
    FOR EACH ROW EXECUTE FUNCTION check_package_to_come();
CREATE TRIGGER package_belongs AFTER INSERT OR UPDATE OF reseller_id, default_package_id ON customer_group
    FOR EACH ROW WHEN (NEW.default_package_id IS NOT NULL) EXECUTE FUNCTION check_package_to_come();

-- a reseller, a package or a group that moves leaves nobody behind with what his own reseller's line does not have
CREATE FUNCTION check_lines() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    refused text;
BEGIN
    SELECT rule INTO refused FROM (
        SELECT DISTINCT 'package_is_of_the_resellers_line' AS rule, package.reseller_id AS seller,
               customer.reseller_id AS buyer
        FROM package JOIN account ON package_id = package.id JOIN customer ON customer.id = customer_id
        UNION SELECT 'group_is_of_the_resellers_line', customer_group.reseller_id, customer.reseller_id
        FROM customer_group JOIN customer ON group_id = customer_group.id
        UNION SELECT 'package_is_of_the_resellers_line', package.reseller_id, customer_group.reseller_id
        FROM package JOIN customer_group ON default_package_id = package.id) AS sold
    WHERE seller IS NOT NULL AND seller <> ALL (reseller_and_above(buyer)) LIMIT 1;
    IF refused IS NOT NULL THEN
        RAISE EXCEPTION '%', refused USING ERRCODE = 'check_violation', CONSTRAINT = refused;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER lines_hold AFTER UPDATE OF parent_id ON reseller
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_lines();
CREATE CONSTRAINT TRIGGER lines_hold AFTER UPDATE OF reseller_id ON package
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_lines();
CREATE CONSTRAINT TRIGGER lines_hold AFTER UPDATE OF reseller_id ON customer_group
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION check_lines();

CREATE TABLE device (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      bigint REFERENCES account ON DELETE CASCADE,     -- NULL: in the inventory
    reseller_id     bigint DEFAULT home_reseller() REFERENCES reseller,  -- whose inventory; NULL: the provider's
    mac             macaddr NOT NULL UNIQUE,
    authorised      boolean NOT NULL DEFAULT true,
    mac_auth        boolean NOT NULL DEFAULT false,                  -- the MAC alone authenticates
    description     text,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX device_account_id ON device (account_id);

-- ------------------------------------------------------------------------------------------------ money --

-- As far as access depends on it. A customer's balance is what it owes: invoices less credit notes less payments.
CREATE TABLE invoice (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer,
    kind            invoice_kind NOT NULL DEFAULT 'invoice',
    number          text NOT NULL UNIQUE CHECK (number = btrim(number) AND number <> ''),
    issued_on       date NOT NULL,
    due_on          date NOT NULL,
    amount_cents    bigint NOT NULL CHECK (amount_cents > 0),
    allocated_cents bigint NOT NULL DEFAULT 0,                       -- paid, or of a credit note: used; by trigger
    description     text,
    voided_at       timestamptz(0),
    author          text NOT NULL DEFAULT session_user,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT due_after_issue CHECK (due_on >= issued_on),
    CONSTRAINT invoice_is_not_overpaid CHECK (allocated_cents BETWEEN 0 AND amount_cents),
    CONSTRAINT voided_invoice_is_unpaid CHECK (voided_at IS NULL OR allocated_cents = 0)
);
CREATE INDEX invoice_customer_id ON invoice (customer_id, due_on);
CREATE INDEX invoice_open ON invoice (due_on)
    WHERE kind = 'invoice' AND voided_at IS NULL AND allocated_cents < amount_cents;

CREATE TABLE payment (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer,
    receipt         text NOT NULL UNIQUE CHECK (receipt = btrim(receipt) AND receipt <> ''),
    received_on     date NOT NULL,
    amount_cents    bigint NOT NULL CHECK (amount_cents > 0),
    allocated_cents bigint NOT NULL DEFAULT 0,                       -- to invoices; by trigger
    method          text CHECK (method <> ''),
    reference       text CHECK (reference <> ''),
    voided_at       timestamptz(0),
    author          text NOT NULL DEFAULT session_user,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT payment_is_not_overspent CHECK (allocated_cents BETWEEN 0 AND amount_cents),
    CONSTRAINT voided_payment_is_unused CHECK (voided_at IS NULL OR allocated_cents = 0)
);
CREATE INDEX payment_customer_id ON payment (customer_id, received_on);
CREATE SEQUENCE receipt_number;

-- which money pays which invoice
CREATE TABLE allocation (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer,             -- of invoice and payment alike
    invoice_id      bigint NOT NULL REFERENCES invoice,
    payment_id      bigint REFERENCES payment,
    credit_note_id  bigint REFERENCES invoice,
    amount_cents    bigint NOT NULL CHECK (amount_cents > 0),
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT allocation_has_one_source CHECK (num_nonnulls(payment_id, credit_note_id) = 1)
);
CREATE INDEX allocation_customer_id ON allocation (customer_id);
CREATE INDEX allocation_invoice_id ON allocation (invoice_id);
CREATE INDEX allocation_payment_id ON allocation (payment_id);
CREATE INDEX allocation_credit_note_id ON allocation (credit_note_id);

CREATE TABLE customer_balance (
    customer_id     bigint PRIMARY KEY REFERENCES customer ON DELETE CASCADE,
    balance_cents   bigint NOT NULL DEFAULT 0                        -- owed; below zero: paid ahead; by trigger
);
CREATE INDEX customer_balance_balance_cents ON customer_balance (balance_cents);

-- why a customer may have nothing more that costs, whoever asks: 'no limit', 'exceeded', NULL for no reason
CREATE FUNCTION credit_refusal(customer_id bigint) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS $$
    SELECT CASE WHEN credit_limit_cents IS NULL THEN 'no limit'
                WHEN balance_cents > credit_limit_cents THEN 'exceeded' END
    FROM customer JOIN customer_group ON customer_group.id = group_id
    LEFT JOIN customer_balance ON customer_balance.customer_id = customer.id
    WHERE customer.id = credit_refusal.customer_id AND requires_credit_limit AND may_see_customer(customer.id)
$$;

CREATE FUNCTION count_balance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    sign integer;
BEGIN
    -- what is owed, of each customer, after less before; kind is an invoice's only
    FOR sign IN
        SELECT unnest(CASE TG_OP WHEN 'INSERT' THEN '{1}' WHEN 'DELETE' THEN '{-1}' ELSE '{-1,1}' END::integer[])
    LOOP
        INSERT INTO customer_balance
        SELECT customer_id, sign * CASE kind WHEN 'invoice' THEN amount_cents ELSE -amount_cents END
        FROM jsonb_to_record(to_jsonb(CASE sign WHEN 1 THEN NEW ELSE OLD END))
             AS money (customer_id bigint, kind text, amount_cents bigint, voided_at timestamptz)
        WHERE voided_at IS NULL
        ON CONFLICT (customer_id) DO UPDATE
        SET balance_cents = customer_balance.balance_cents + excluded.balance_cents;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER count_balance AFTER INSERT OR UPDATE OF customer_id, amount_cents, voided_at OR DELETE ON invoice
    FOR EACH ROW EXECUTE FUNCTION count_balance();
CREATE TRIGGER count_balance AFTER INSERT OR UPDATE OF customer_id, amount_cents, voided_at OR DELETE ON payment
    FOR EACH ROW EXECUTE FUNCTION count_balance();

-- what is allocated is added up where it came from and where it went; all of one customer
CREATE FUNCTION count_allocation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    row allocation := CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    added bigint := CASE TG_OP WHEN 'DELETE' THEN -OLD.amount_cents ELSE NEW.amount_cents END;
BEGIN
    IF EXISTS (SELECT FROM invoice WHERE id IN (row.invoice_id, row.credit_note_id) AND (
                   customer_id <> row.customer_id OR voided_at IS NOT NULL
                   OR kind <> CASE id WHEN row.invoice_id THEN 'invoice' ELSE 'credit_note' END::invoice_kind))
       OR EXISTS (SELECT FROM payment WHERE id = row.payment_id AND (
                   customer_id <> row.customer_id OR voided_at IS NOT NULL)) THEN
        RAISE EXCEPTION 'allocation between what does not belong together'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'allocation_is_of_one_customer';
    END IF;
    UPDATE invoice SET allocated_cents = allocated_cents + added WHERE id IN (row.invoice_id, row.credit_note_id);
    UPDATE payment SET allocated_cents = allocated_cents + added WHERE id = row.payment_id;
    RETURN NULL;
END $$;
CREATE TRIGGER count_allocation AFTER INSERT OR DELETE ON allocation
    FOR EACH ROW EXECUTE FUNCTION count_allocation();

-- ---------------------------------------------------------------------------------- suspension for debt --

-- a customer said when it will pay: until then it is not suspended for debt
CREATE TABLE promise (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    pays_on         date NOT NULL,                                   -- the last day, where the customer is
    comment         text CHECK (comment <> ''),
    author          text NOT NULL DEFAULT session_user,
    created_at      timestamptz NOT NULL DEFAULT now(),
    ended_at        timestamptz(0),
    outcome         text CHECK (outcome IN ('kept', 'broken', 'withdrawn')),
    CONSTRAINT promise_ends_somehow CHECK ((ended_at IS NULL) = (outcome IS NULL))
);
CREATE UNIQUE INDEX one_promise_at_a_time ON promise (customer_id) WHERE ended_at IS NULL;
CREATE INDEX promise_customer_id ON promise (customer_id);
CREATE INDEX promise_open ON promise (pays_on) WHERE ended_at IS NULL;

-- holidays of the provider's: nobody is suspended for debt on them
CREATE TABLE no_cut_day (
    day             date PRIMARY KEY,
    name            text NOT NULL DEFAULT ''
);

-- a run that suspended somebody, or that would have suspended too many and waits to be approved
CREATE TABLE suspension_run (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ran_for         timestamptz(0) NOT NULL,                         -- the moment, whenever it was done
    customers       bigint NOT NULL,                                 -- all that could have been suspended
    candidates      bigint NOT NULL,
    suspended       bigint NOT NULL DEFAULT 0,
    state           text NOT NULL CHECK (state IN ('done', 'stopped', 'approved', 'discarded')),
    decided_by      text,
    decided_at      timestamptz(0),
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX one_stopped_run ON suspension_run (state) WHERE state = 'stopped';
CREATE TABLE suspension_candidate (                                  -- of runs that were stopped
    run_id          bigint NOT NULL REFERENCES suspension_run ON DELETE CASCADE,
    customer_id     bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    invoice         text NOT NULL,                                   -- the one that is due longest
    due_on          date NOT NULL,
    owed_cents      bigint NOT NULL,
    PRIMARY KEY (run_id, customer_id)
);
CREATE INDEX suspension_candidate_customer_id ON suspension_candidate (customer_id);

-- when it is so late on a day somewhere; a minute that DST leaves out is the first one there is after it
CREATE FUNCTION local_moment(day date, minute integer, zone text) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
    local timestamp := day + make_interval(mins => minute);
BEGIN
    WHILE local AT TIME ZONE zone AT TIME ZONE zone <> local LOOP
        local := local + interval '1 min';
    END LOOP;
    RETURN local AT TIME ZONE zone;
END $$;

-- the last day there on which notices and suspensions were due by a moment
CREATE FUNCTION dunning_day(zone text, at timestamptz) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT today - (local_moment(today, dunning_minute, zone) > at)::integer
    FROM installation, CAST(at AT TIME ZONE zone AS date) AS today
$$;

-- the first moment from one on at which somebody there may be suspended; NULL: not within a year
CREATE FUNCTION cut_moment(zone text, since timestamptz) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
    provider installation;
    today date := since AT TIME ZONE zone;
    opens timestamptz;
BEGIN
    SELECT * INTO provider FROM installation;
    FOR days IN 0..400 LOOP
        opens := greatest(since, local_moment(today, provider.cut_from_minute, zone));
        IF provider.no_cut_weekdays & (1 << extract(isodow FROM today)::integer - 1) = 0
           AND opens < local_moment(today, provider.cut_until_minute, zone)
           AND NOT EXISTS (SELECT FROM no_cut_day WHERE day = today) THEN
            RETURN opens;
        END IF;
        today := today + 1;
    END LOOP;
    RETURN NULL;
END $$;

-- where there are customers: one step in the index for each
CREATE FUNCTION customer_zones() RETURNS SETOF text LANGUAGE sql STABLE ROWS 10 SET search_path FROM CURRENT AS $$
    WITH RECURSIVE zone AS (
        (SELECT time_zone FROM customer WHERE time_zone IS NOT NULL ORDER BY time_zone LIMIT 1)
        UNION ALL
        SELECT (SELECT customer.time_zone FROM customer
                WHERE customer.time_zone > zone.time_zone ORDER BY customer.time_zone LIMIT 1)
        FROM zone WHERE time_zone IS NOT NULL)
    SELECT time_zone FROM zone WHERE time_zone IS NOT NULL UNION SELECT time_zone FROM installation
$$;

-- A payment, a credit note, whatever makes an open invoice less, ends a suspension for debt as part of itself. It takes
-- turns with whoever suspends, on the customer's row: who comes second sees what the first has done.
CREATE FUNCTION end_suspension_of_payer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE
    since timestamptz;
    due_by date;
BEGIN
    SELECT suspended_at, suspended_due_on INTO since, due_by
    FROM customer WHERE id = OLD.customer_id FOR NO KEY UPDATE;
    IF since IS NULL THEN                                            -- not for debt; most are not
        RETURN NULL;
    END IF;
    IF (SELECT coalesce(sum(amount_cents - allocated_cents), 0) FROM invoice
        WHERE customer_id = OLD.customer_id AND due_on <= due_by
          AND kind = 'invoice' AND voided_at IS NULL AND allocated_cents < amount_cents)
       <= (SELECT debt_ignored_cents FROM installation) THEN
        UPDATE customer SET suspended = false WHERE id = OLD.customer_id;
        INSERT INTO notice (customer_id, kind, about, noticed_at)
        VALUES (OLD.customer_id, 'unsuspended', to_char(since AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SSZ'), now())
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER end_suspension_of_payer
    AFTER UPDATE OF customer_id, kind, due_on, amount_cents, allocated_cents, voided_at ON invoice
    FOR EACH ROW WHEN (OLD.kind = 'invoice' AND OLD.voided_at IS NULL AND OLD.allocated_cents < OLD.amount_cents)
    EXECUTE FUNCTION end_suspension_of_payer();
CREATE TRIGGER end_suspension_of_payer_removed AFTER DELETE ON invoice
    FOR EACH ROW WHEN (OLD.kind = 'invoice') EXECUTE FUNCTION end_suspension_of_payer();

-- so does a promise
CREATE FUNCTION end_suspension_of_promiser() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM FROM customer WHERE id = NEW.customer_id FOR NO KEY UPDATE;   -- in turns too
    UPDATE customer SET suspended = false WHERE id = NEW.customer_id AND suspended_for_debt;
    RETURN NULL;
END $$;
CREATE TRIGGER end_suspension_of_promiser AFTER INSERT ON promise
    FOR EACH ROW WHEN (NEW.ended_at IS NULL) EXECUTE FUNCTION end_suspension_of_promiser();

-- who is suspended for debt is told, whoever suspends
CREATE FUNCTION tell_suspended() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO notice (customer_id, kind, about, noticed_at, details)
    SELECT NEW.id, 'suspended', to_char(NEW.suspended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SSZ'),
           NEW.suspended_at,
           jsonb_build_object('invoice', (array_agg(number ORDER BY due_on, id))[1], 'due_on', min(due_on),
                              'owed_cents', coalesce(sum(amount_cents - allocated_cents), 0))
    FROM invoice WHERE customer_id = NEW.id AND due_on <= NEW.suspended_due_on
     AND kind = 'invoice' AND voided_at IS NULL AND allocated_cents < amount_cents
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER tell_suspended AFTER UPDATE OF suspended_for_debt ON customer
    FOR EACH ROW WHEN (NEW.suspended_for_debt AND NOT OLD.suspended_for_debt) EXECUTE FUNCTION tell_suspended();

-- ----------------------------------------------------------------------------------------------- messages --

CREATE TYPE message_channel AS ENUM ('email', 'sms');

-- What a customer was to be told, each thing once. What it was told of it is in message; with no way to reach it, nothing.
CREATE TABLE notice (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint NOT NULL REFERENCES customer ON DELETE CASCADE,
    kind            text NOT NULL CHECK (kind ~ '^[a-z][a-z_]*$'),   -- overdue, second_notice, suspended, usage, ...
    about           text NOT NULL,                                   -- once each: invoice; account, period and percent
    noticed_at      timestamptz(0) NOT NULL,                         -- the moment it was due
    details         jsonb NOT NULL DEFAULT '{}',                     -- fields of its template
    composed_at     timestamptz(0),                                  -- since when its messages are there
    error           text,                                            -- why they cannot be: what its template says
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (customer_id, kind, about)
);
CREATE INDEX notice_noticed_at ON notice (noticed_at);
CREATE INDEX notice_to_compose ON notice (noticed_at, id) WHERE composed_at IS NULL AND error IS NULL;
CREATE INDEX notice_error ON notice (kind) WHERE error IS NOT NULL;  -- once its template is another, it is tried again
CREATE INDEX customer_cycle_report ON customer (time_zone, billing_day) WHERE cycle_report AND deleted_at IS NULL;

-- every message that was sent or is to be
CREATE TABLE message (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_id     bigint REFERENCES customer ON DELETE CASCADE,
    notice_id       bigint REFERENCES notice ON DELETE CASCADE,
    channel         message_channel NOT NULL,
    recipient       text NOT NULL CHECK (recipient <> ''),           -- an address (RFC 5321), a number (E.164)
    subject         text NOT NULL DEFAULT '',
    body            text NOT NULL,
    html            text,                                            -- of an e-mail, beside the text
    template        text,                                            -- NULL: written for this message
    language        text,
    category        text,
    state           text NOT NULL DEFAULT 'queued' CHECK (state IN (
        'queued',
        'sent',      -- the next server has taken it
        'failed',    -- tried for long enough, or refused for good
        'bounced',   -- taken, and came back
        'cancelled')),
    not_before      timestamptz(0) NOT NULL DEFAULT now(),           -- quiet hours, the next try
    attempts        smallint NOT NULL DEFAULT 0,
    last_error      text,
    reference       text DEFAULT gen_random_uuid()::text,            -- of the Message-ID, or what the gateway called it
    sent_at         timestamptz(0),
    ended_at        timestamptz(0),                                  -- failed, bounced, cancelled
    author          text NOT NULL DEFAULT session_user,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX message_customer_id ON message (customer_id, id);
CREATE INDEX message_notice_id ON message (notice_id);
CREATE INDEX message_queued ON message (channel, not_before, id) WHERE state = 'queued';
CREATE INDEX message_reference ON message (reference);
CREATE INDEX message_not_delivered ON message (id) WHERE state IN ('failed', 'bounced');  -- few, and looked for
CREATE TABLE message_attachment (
    message_id      bigint NOT NULL REFERENCES message ON DELETE CASCADE,
    sha256          text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'), -- of the file below TOLLKEEPER_HOME/attachments
    file_name       text NOT NULL CHECK (file_name <> '' AND file_name !~ '[/[:cntrl:]]'),
    media_type      text NOT NULL,
    PRIMARY KEY (message_id, sha256)
);

-- what a customer knows its reseller by; whoever writes to it says so, whether he may see resellers or not
CREATE FUNCTION brand_for(customer_id bigint) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS $$
    SELECT brand FROM customer JOIN reseller ON reseller.id = reseller_id
    WHERE customer.id = brand_for.customer_id AND may_see_customer(customer.id)
$$;

-- the provider's own words in place of those that come with Tollkeeper (provisioning/messages/templates); Jinja2
CREATE TABLE message_template (
    name            text NOT NULL CHECK (name ~ '^[a-z][a-z0-9_]{0,60}$'),
    language        text NOT NULL CHECK (language ~ '^[a-z]{2,3}$'),
    channel         message_channel NOT NULL,
    category        text CHECK (category <> ''),
    subject         text NOT NULL DEFAULT '',
    body            text NOT NULL CHECK (btrim(body) <> ''),
    html            text,
    PRIMARY KEY (name, language, channel)
);

-- by whom messages leave: a mail server, an SMS provider's HTTP interface
CREATE TABLE message_gateway (
    channel         message_channel PRIMARY KEY,
    enabled         boolean NOT NULL DEFAULT true,
    sender          text NOT NULL CHECK (sender <> ''),
    host            text CHECK (host ~ '^[^[:space:][:cntrl:]]+$'),  -- email
    port            integer CHECK (port BETWEEN 1 AND 65535),        -- email
    tls             text CHECK (tls IN ('starttls', 'tls', 'none')), -- email
    url             text CHECK (url ~ '^https?://[^[:cntrl:]]+$'),   -- sms; a template, as is the body
    method          text CHECK (method IN ('GET', 'POST', 'PUT')),   -- sms
    body            text,                                            -- sms
    headers         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(headers) = 'object'),  -- sms
    user_name       text CHECK (user_name <> ''),
    secret          bytea,                                           -- password or token; AES-GCM
    messages_a_second smallint NOT NULL DEFAULT 10 CHECK (messages_a_second BETWEEN 1 AND 1000),
    CONSTRAINT gateway_of_email_has_a_host CHECK (channel <> 'email' OR num_nonnulls(host, port, tls) = 3),
    CONSTRAINT gateway_of_sms_has_a_url CHECK (channel <> 'sms' OR num_nonnulls(url, method) = 2)
);

-- --------------------------------------------------------------------------------------------- operating --

-- what an import did, row by row, so that it can be taken back
CREATE TABLE import_run (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    operator        text NOT NULL DEFAULT session_user,
    reseller_id     bigint DEFAULT home_reseller(),                  -- whose it was when it was applied
    kind            text NOT NULL CHECK (kind <> ''),                -- customers, invoices, payments, radius
    file_name       text NOT NULL,
    file_sha256     text NOT NULL,
    created_rows    integer NOT NULL,
    changed_rows    integer NOT NULL,
    unchanged_rows  integer NOT NULL,
    applied_at      timestamptz NOT NULL DEFAULT now(),
    undone_at       timestamptz(0)
);
CREATE TABLE import_row (
    run_id          bigint NOT NULL REFERENCES import_run ON DELETE CASCADE,
    position        integer NOT NULL,                                -- in the order in which it was done
    relation        text NOT NULL,
    row_key         jsonb NOT NULL,                                  -- its primary key
    before          jsonb,                                           -- NULL: the import made it
    after           jsonb NOT NULL,
    PRIMARY KEY (run_id, position)
);

CREATE TABLE saved_filter (
    operator        text NOT NULL DEFAULT session_user,
    name            text NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9 _.-]{0,60}$'),
    options         jsonb NOT NULL CHECK (jsonb_typeof(options) = 'object'),
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (operator, name)
);

-- ------------------------------------------------------------------------------------------- accounting --

-- Written by radiusd's fold only, a batch in one transaction with the batch's place in its node's spool.
-- octets_in is what the router received from the customer (upload), octets_out what it sent (RFC 2866 5.3, 5.4).

-- how far each node's spool has been folded, and what became of its records, by the UTC day on which they arrived.
-- Set spool to '' where the spool of a node is known to go on from last_spool_id, and its -token file was lost.
CREATE TABLE accounting_node (
    node            text PRIMARY KEY CHECK (node <> ''),
    last_spool_id   bigint NOT NULL DEFAULT 0,                       -- with the batch, so that none is folded twice
    spool           text NOT NULL DEFAULT '',                        -- whose ids those are: nodes never share a name
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
    points          jsonb NOT NULL DEFAULT '[]',                     -- for policies/accounting to split usage by time
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

-- ---------------------------------------------------------------------------------------------- data caps --

-- data bought on top of the month's, or ahead (prepaid): used up in order of expiry, after the month's
CREATE TABLE topup (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    octets          bigint NOT NULL CHECK (octets > 0),
    used_octets     bigint NOT NULL DEFAULT 0,                       -- by settle_allowances
    starts_at       timestamptz(0) NOT NULL DEFAULT date_trunc('second', now()),
    expires_at      timestamptz(0) CHECK (isfinite(expires_at)),     -- NULL: never
    price_cents     bigint NOT NULL CHECK (price_cents >= 0),
    comment         text CHECK (comment <> ''),
    author          text NOT NULL DEFAULT session_user,
    created_at      timestamptz NOT NULL DEFAULT now(),
    cancelled_at    timestamptz(0),
    CONSTRAINT topup_is_not_overused CHECK (used_octets BETWEEN 0 AND octets),
    CONSTRAINT topup_lasts CHECK (expires_at > starts_at)
);
CREATE INDEX topup_account_id ON topup (account_id);

-- What an account with a cap has in a billing period, and what became of it. What is left of it rolls over, for as long
-- as the customer's rollover_months say. By settle_allowances alone. The periods of an account never overlap: where its
-- billing day was changed, one of them is shorter.
CREATE TABLE allowance (
    account_id      bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    period_start    date NOT NULL,                                   -- where the customer is
    ends_on         date NOT NULL,                                   -- the first day of the next
    octets          bigint NOT NULL CHECK (octets >= 0),             -- the package's cap; 0: prepaid
    used_octets     bigint NOT NULL DEFAULT 0,                       -- of this, in this period and after
    counted_octets  bigint NOT NULL DEFAULT 0,                       -- all usage of the period, whatever paid for it
    over_octets     bigint NOT NULL DEFAULT 0,                       -- of that what nothing was left for
    starts_at       timestamptz(0) NOT NULL,
    ends_at         timestamptz(0) NOT NULL,                         -- the period's
    expires_at      timestamptz(0) NOT NULL,                         -- what is left is gone
    next_at         timestamptz(0),                                  -- when time alone changes something; NULL: over
    PRIMARY KEY (account_id, period_start),
    CONSTRAINT allowance_is_not_overused CHECK (used_octets BETWEEN 0 AND octets)
) WITH (fillfactor = 80);                                            -- what is used is added in place (HOT)
CREATE INDEX allowance_next_at ON allowance (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX allowance_rolled ON allowance (account_id) WHERE expires_at > ends_at;

-- accounts whose allowance has to be looked at again: used, bought, changed. Whoever does that adds them, any number of
-- times; settle_allowances takes them out.
CREATE TABLE allowance_due (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id      bigint NOT NULL,
    since           date                                             -- used on this day, or later; NULL: lately
);

-- Days and billing periods as policies/accounting/days.py has them. A billing period begins on the billing day of a
-- month; in a month without that day, on its last.
CREATE FUNCTION billing_date(of_month date, billing_day integer) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT least(date_trunc('month', of_month::timestamp) + make_interval(days => billing_day - 1),
                 date_trunc('month', of_month::timestamp) + interval '1 month - 1 day')::date
$$;
CREATE FUNCTION billing_period_start(day date, billing_day integer) RETURNS date LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN day >= billing_date(day, billing_day) THEN billing_date(day, billing_day)
                ELSE billing_date((date_trunc('month', day::timestamp) - interval '1 month')::date, billing_day) END
$$;
-- the first day of the period that comes so many after the one in which a day lies
CREATE FUNCTION later_period_start(day date, billing_day integer, periods integer) RETURNS date
LANGUAGE sql IMMUTABLE AS $$
    SELECT billing_date((date_trunc('month', billing_period_start(day, billing_day)::timestamp)
                         + make_interval(months => periods))::date, billing_day)
$$;
-- the first moment at which the clock shows 00:00: PostgreSQL gives the last one where it shows that twice
CREATE FUNCTION day_begins(day date, time_zone text) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT min(moment) FROM (
        SELECT day::timestamp AT TIME ZONE time_zone - put_back AS moment
        FROM unnest('{0h,30min,1h,2h,3h}'::interval[]) AS put_back) AS candidate
    WHERE moment AT TIME ZONE time_zone = day::timestamp OR moment = day::timestamp AT TIME ZONE time_zone
$$;
CREATE FUNCTION local_day(at timestamptz, time_zone text) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN at >= day_begins(day + 1, time_zone) THEN day + 1 ELSE day END   -- put back over midnight
    FROM CAST(at AT TIME ZONE time_zone AS date) AS day
$$;

-- what accounts with a cap are to have at a moment; the others, and cancelled ones, are left out
CREATE FUNCTION allowance_terms(at timestamptz, ids bigint[])
RETURNS TABLE (account_id bigint, octets bigint, time_zone text, billing_day integer, rollover integer, today date,
               starts_on date, ends_on date, starts_at timestamptz, ends_at timestamptz, expires_at timestamptz)
LANGUAGE sql STABLE AS $$
    WITH capped AS MATERIALIZED (
        SELECT account.id, CASE WHEN prepaid THEN 0 ELSE cap_octets END AS octets,
               coalesce(customer.time_zone, installation.time_zone) AS time_zone, billing_day, rollover_months
        FROM unnest(ids) AS wanted (id) JOIN account USING (id) JOIN package ON package.id = package_id
        JOIN customer ON customer.id = customer_id CROSS JOIN installation
        WHERE cap_octets IS NOT NULL AND cancelled_at IS NULL),
    day AS MATERIALIZED (                                            -- computed once, not for each account
        SELECT time_zone, local_day(at, time_zone) AS today FROM (SELECT DISTINCT time_zone FROM capped) AS zone),
    period AS MATERIALIZED (
        SELECT kind.*, today, starts_on, ends_on, day_begins(starts_on, time_zone) AS starts_at,
               day_begins(ends_on, time_zone) AS ends_at,
               day_begins(later_period_start(ends_on, billing_day, rollover_months), time_zone) AS expires_at
        FROM (SELECT DISTINCT time_zone, billing_day, rollover_months FROM capped) AS kind JOIN day USING (time_zone),
             LATERAL (SELECT billing_period_start(today, billing_day) AS starts_on,
                             later_period_start(today, billing_day, 1) AS ends_on) AS span)
    SELECT id, octets, time_zone, billing_day::integer, rollover_months::integer, today, starts_on, ends_on,
           starts_at, ends_at, expires_at
    FROM capped JOIN period USING (time_zone, billing_day, rollover_months)
$$;

-- Open the periods of these accounts, end those that are over, change those that are under way as cap, billing day,
-- time zone and roll-over were. What was used stays used, and no period becomes longer. Returns how many were opened.
CREATE FUNCTION open_allowances(at timestamptz, ids bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    done bigint;
BEGIN
    PERFORM FROM unnest(ids) AS wanted (id) JOIN allowance ON account_id = id
    WHERE next_at IS NOT NULL ORDER BY id FOR NO KEY UPDATE OF allowance;              -- one at a time settles each
    WITH term AS MATERIALIZED (SELECT * FROM allowance_terms(at, ids)),
    last AS MATERIALIZED (                                       -- the last period of each, as it was and is to be
        SELECT id, last.*, term.octets AS cap, term.starts_at AS term_starts_at, term.ends_at AS term_ends_at,
               term.starts_on AS term_starts_on, term.ends_on AS term_ends_on, term.expires_at AS term_expires_at,
               time_zone, billing_day, rollover, today,
               CASE WHEN last.ends_on > today AND term.ends_on > period_start
                    THEN least(last.ends_on, term.ends_on) ELSE last.ends_on END AS new_ends_on
        FROM unnest(ids) AS wanted (id) LEFT JOIN term ON term.account_id = id LEFT JOIN LATERAL (
            SELECT * FROM allowance WHERE account_id = id ORDER BY period_start DESC LIMIT 1) AS last ON true),
    changed AS (
        UPDATE allowance SET octets = new.octets, ends_on = new.ends_on, ends_at = new.ends_at,
                             expires_at = new.expires_at, next_at = new.next_at
        FROM (
            SELECT account_id, period_start, new_ends_on AS ends_on,
                   CASE WHEN new_ends_on > today THEN greatest(cap, used_octets) ELSE octets END AS octets,
                   CASE new_ends_on WHEN term_ends_on THEN term_ends_at WHEN term_starts_on THEN term_starts_at
                                    ELSE day_begins(new_ends_on, time_zone) END AS ends_at,
                   CASE WHEN new_ends_on <= today THEN expires_at
                        WHEN new_ends_on = term_ends_on THEN term_expires_at
                        ELSE day_begins(greatest(new_ends_on, later_period_start(new_ends_on, billing_day, rollover)),
                                        time_zone) END AS expires_at,
                   CASE WHEN new_ends_on > today THEN coalesce(next_at, starts_at) END AS next_at
            FROM last WHERE cap IS NOT NULL AND (next_at IS NOT NULL OR new_ends_on > today)
            UNION ALL
            SELECT account_id, period_start, ends_on, octets, ends_at, expires_at, NULL
            FROM last WHERE cap IS NULL AND next_at IS NOT NULL) AS new
        WHERE allowance.account_id = new.account_id AND allowance.period_start = new.period_start
          AND (allowance.octets, allowance.ends_on, allowance.ends_at, allowance.expires_at, allowance.next_at)
              IS DISTINCT FROM (new.octets, new.ends_on, new.ends_at, new.expires_at, new.next_at)),
    opened AS (
        INSERT INTO allowance AS known
               (account_id, period_start, ends_on, octets, starts_at, ends_at, expires_at, next_at)
        SELECT id, greatest(term_starts_on, new_ends_on), term_ends_on, cap, starts_at, term_ends_at, term_expires_at,
               -- where there is more than the month's, conclude_allowances says when; an update costs as much again
               CASE WHEN EXISTS (SELECT FROM topup WHERE account_id = new.id AND used_octets < octets)
                      OR EXISTS (SELECT FROM allowance AS older WHERE account_id = new.id AND expires_at > ends_at)
                    THEN starts_at ELSE term_ends_at END
        FROM (SELECT *, CASE WHEN new_ends_on > term_starts_on THEN day_begins(new_ends_on, time_zone)
                             ELSE term_starts_at END AS starts_at
              FROM (SELECT id, cap, term_starts_on, term_ends_on, term_starts_at, term_ends_at, term_expires_at,
                           new_ends_on, time_zone
                    FROM last WHERE cap IS NOT NULL AND coalesce(new_ends_on <= today, true)) AS those) AS new
        ON CONFLICT (account_id, period_start) DO UPDATE SET next_at = known.next_at   -- another has: wait for it
        RETURNING 1)
    SELECT count(*) INTO done FROM opened;
    RETURN done;
END $$;

-- Charge what was used, and has not been counted, to what the account had then: the month's data, what rolled over in
-- order of expiry, top-ups in order of expiry; the rest is over. What ended is charged for the last time by whoever
-- settles first after its end. Where the ledger has moved octets to another period, they are given back the other way.
CREATE FUNCTION charge_allowances(at timestamptz, ids bigint[], since date[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    accounts bigint[];
    starts date[];
    totals bigint[];
    turns integer[];
BEGIN
    SELECT array_agg(account_id), array_agg(period_start), array_agg(total), array_agg(turn)
    INTO accounts, starts, totals, turns FROM (
        SELECT allowance.account_id, allowance.period_start, total,
               row_number() OVER (PARTITION BY id ORDER BY allowance.period_start) AS turn
        FROM unnest(ids, since) AS used (id, since)
        JOIN allowance AS open ON open.account_id = id AND open.next_at IS NOT NULL
        JOIN allowance ON allowance.account_id = id
                       AND (allowance.next_at IS NOT NULL OR allowance.ends_on > used.since), LATERAL (
            SELECT greatest(0, least(coalesce(sum(octets_in::numeric + octets_out), 0),
                                     2::numeric ^ 62))::bigint AS total        -- absurd counters are no obstacle
            FROM usage_day
            WHERE usage_day.account_id = allowance.account_id AND day >= allowance.period_start
              AND day < allowance.ends_on) AS ledger
        WHERE total <> allowance.counted_octets) AS moved;
    FOR this_turn IN 1 .. coalesce((SELECT max(turn) FROM unnest(turns) AS turn), 0) LOOP
        WITH period AS (
            SELECT allowance.*, total, total - counted_octets AS moved, sign(total - counted_octets) AS way,
                   coalesce(next_at, starts_at) AS since_at
            FROM unnest(accounts, starts, totals, turns) AS delta (account_id, period_start, total, turn)
            JOIN allowance USING (account_id, period_start) WHERE turn = this_turn),
        others AS (SELECT * FROM period WHERE way > 0 OR counted_octets - over_octets > used_octets),
        source AS (                                                  -- what there is to be charged, or given back
            SELECT account_id, moved, way, 0 AS rank, 'infinity'::timestamptz AS until, 0::bigint AS id, period_start,
                   CASE WHEN way > 0 THEN octets - used_octets ELSE used_octets END AS room FROM period
            UNION ALL
            SELECT account_id, moved, way, 1, rolled.expires_at, 0, rolled.period_start,
                   CASE WHEN way > 0 THEN rolled.octets - rolled.used_octets ELSE rolled.used_octets END
            FROM others JOIN allowance AS rolled USING (account_id)
            WHERE rolled.expires_at > rolled.ends_at AND rolled.period_start < others.period_start
              AND rolled.expires_at > others.starts_at AND rolled.expires_at >= since_at
            UNION ALL
            SELECT account_id, moved, way, 2, coalesce(topup.expires_at, 'infinity'), topup.id, NULL,
                   CASE WHEN way > 0 THEN topup.octets - topup.used_octets ELSE topup.used_octets END
            FROM others JOIN topup USING (account_id)
            WHERE cancelled_at IS NULL AND topup.starts_at <= at AND topup.starts_at < ends_at
              AND coalesce(topup.expires_at > others.starts_at
                           AND (topup.expires_at >= since_at OR topup.expires_at > at), true)  -- or bought just now
            UNION ALL
            SELECT account_id, moved, way, 3, 'infinity', 0, period_start,
                   CASE WHEN way > 0 THEN moved ELSE over_octets END FROM period),
        placed AS (
            SELECT *, sum(room) OVER (
                PARTITION BY account_id
                ORDER BY way * rank, CASE WHEN way > 0 THEN until END, until DESC, way * id
                ROWS UNBOUNDED PRECEDING) - room AS before
            FROM source WHERE room > 0),
        share AS (
            SELECT account_id, rank, id, period_start, (way * least(room, abs(moved) - before))::bigint AS octets
            FROM placed WHERE before < abs(moved)),
        bought AS (UPDATE topup SET used_octets = used_octets + share.octets FROM share
                   WHERE rank = 2 AND topup.id = share.id)
        UPDATE allowance SET used_octets = used_octets + paid, over_octets = over_octets + over,
                             counted_octets = coalesce(counted, counted_octets)
        FROM (
            SELECT account_id, period_start, coalesce(sum(octets) FILTER (WHERE rank < 2), 0)::bigint AS paid,
                   coalesce(sum(octets) FILTER (WHERE rank = 3), 0)::bigint AS over, max(total) AS counted
            FROM (SELECT account_id, period_start, rank, octets, NULL::bigint AS total FROM share WHERE rank <> 2
                  UNION ALL SELECT account_id, period_start, NULL, NULL, total FROM period) AS part
            GROUP BY account_id, period_start) AS charged
        WHERE allowance.account_id = charged.account_id AND allowance.period_start = charged.period_start;
    END LOOP;
END $$;

-- what these accounts have left, and when time alone will change that
CREATE FUNCTION allowance_left(at timestamptz, ids bigint[])
RETURNS TABLE (account_id bigint, period_start date, ends_on date, charged bigint, remaining bigint,
               since_at timestamptz, next_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT account_id, period_start, ends_on, counted_octets - over_octets,
           (octets - used_octets + coalesce(rolled.remaining, 0) + coalesce(bought.remaining, 0))::bigint,
           allowance.next_at, least(ends_at, rolled.next_at, bought.next_at)
    FROM unnest(ids) AS wanted (id) JOIN allowance ON account_id = id AND allowance.next_at IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT sum(octets - used_octets) AS remaining, min(expires_at) AS next_at FROM allowance AS older
        WHERE account_id = wanted.id AND older.period_start < allowance.period_start AND expires_at > ends_at
          AND expires_at > at AND used_octets < octets) AS rolled ON true
    LEFT JOIN LATERAL (
        SELECT sum(octets - used_octets) FILTER (WHERE starts_at <= at) AS remaining,
               min(CASE WHEN starts_at > at THEN starts_at ELSE expires_at END) AS next_at FROM topup
        WHERE account_id = wanted.id AND cancelled_at IS NULL AND used_octets < octets
          AND (expires_at > at OR expires_at IS NULL)) AS bought ON true
$$;

-- Set and clear cap_reached, tell customers what part of all that they have is used, and what they have lost. Of the
-- percentages that were passed at once, only the highest is told.
CREATE FUNCTION conclude_allowances(at timestamptz, ids bigint[], OUT reached bigint, OUT lifted bigint,
                                    OUT told bigint) LANGUAGE sql AS $$
    WITH standing AS MATERIALIZED (SELECT * FROM allowance_left(at, ids)),
    lost AS (
        INSERT INTO notice (customer_id, kind, about, noticed_at, details)
        SELECT customer_id, 'topup_expired', topup.id, at, jsonb_build_object(
                   'account', user_name, 'octets', octets, 'left_octets', octets - used_octets,
                   'expires_at', topup.expires_at)
        FROM standing JOIN topup USING (account_id) JOIN account ON account.id = account_id
        JOIN customer ON customer.id = customer_id
        WHERE topup.expires_at BETWEEN since_at AND at AND used_octets < octets AND topup.cancelled_at IS NULL
          AND deleted_at IS NULL
        ON CONFLICT DO NOTHING RETURNING id),
    passed AS (
        SELECT customer_id, user_name, standing.*, percent, max(percent) OVER (PARTITION BY account_id) AS highest
        FROM standing JOIN account ON account.id = account_id JOIN customer ON customer.id = customer_id
        JOIN customer_group ON customer_group.id = group_id,
        unnest(coalesce(customer.usage_notice_percents, customer_group.usage_notice_percents)) AS percent
        WHERE charged > 0 AND charged::numeric * 100 >= percent * (charged::numeric + remaining)
          AND deleted_at IS NULL),
    notices AS (
        INSERT INTO notice (customer_id, kind, about, noticed_at, details, composed_at)
        SELECT DISTINCT customer_id, 'usage', concat_ws(' ', account_id, period_start, percent), at, jsonb_build_object(
                   'account', user_name, 'percent', percent, 'used_octets', charged, 'octets', charged + remaining,
                   'period_start', period_start, 'ends_on', ends_on),
               CASE WHEN percent < highest THEN at END
        FROM passed
        WHERE NOT EXISTS (SELECT FROM notice WHERE notice.customer_id = passed.customer_id AND kind = 'usage'
                          AND about = concat_ws(' ', account_id, period_start, percent))
        ON CONFLICT DO NOTHING RETURNING composed_at),
    timed AS (
        UPDATE allowance SET next_at = standing.next_at FROM standing
        WHERE allowance.account_id = standing.account_id AND allowance.period_start = standing.period_start
          AND allowance.next_at <> standing.next_at),
    marked AS (
        UPDATE account SET cap_reached = NOT cap_reached
        FROM unnest(ids) AS wanted (id) LEFT JOIN standing ON account_id = id
        WHERE account.id = wanted.id AND cap_reached <> coalesce(remaining <= 0, false) RETURNING cap_reached)
    SELECT count(*) FILTER (WHERE cap_reached), count(*) FILTER (WHERE NOT cap_reached),
           (SELECT count(*) FROM lost) + (SELECT count(*) FROM notices WHERE composed_at IS NULL)
    FROM marked
$$;

-- Bring the allowances of accounts up to a moment: of these, or of all that are due. Late, it does what it would have
-- done in time, period by period. Returns what was done, by name. The fold may go on meanwhile. Each account is looked
-- up in indexes, whatever the planner makes of their number: tables that grow meanwhile have other statistics.
CREATE FUNCTION settle_allowances(at timestamptz, accounts bigint[] DEFAULT NULL,
                                  OUT periods bigint, OUT reached bigint, OUT lifted bigint, OUT told bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET jit = off SET work_mem = '64MB'
SET plan_cache_mode = force_custom_plan SET enable_seqscan = off AS $$
DECLARE
    used date[];
    moment timestamptz;
    ids bigint[];
    days date[];
    done record;
BEGIN
    periods := 0; reached := 0; lifted := 0; told := 0;
    IF accounts IS NULL THEN
        WITH taken AS (DELETE FROM allowance_due RETURNING account_id, since)
        SELECT array_agg(account_id), array_agg(since) INTO accounts, used FROM (
            SELECT account_id, min(since) AS since
            FROM (TABLE taken UNION ALL SELECT account_id, NULL FROM allowance WHERE next_at <= at) AS every
            GROUP BY account_id) AS due;
    END IF;
    WHILE accounts IS NOT NULL AND moment IS DISTINCT FROM at LOOP
        SELECT ends_at, array_agg(id), array_agg(since) INTO moment, ids, days
        FROM unnest(accounts, used) AS due (id, since) JOIN allowance ON account_id = id
        WHERE next_at IS NOT NULL AND ends_at < at AND ends_at > coalesce(moment, '-infinity')
        GROUP BY ends_at ORDER BY ends_at LIMIT 1;
        IF moment IS NULL THEN
            moment := at; ids := accounts; days := used;
        END IF;
        periods := periods + open_allowances(moment, ids);
        PERFORM charge_allowances(moment, ids, days);
        SELECT * INTO done FROM conclude_allowances(moment, ids);
        reached := reached + done.reached; lifted := lifted + done.lifted; told := told + done.told;
    END LOOP;
    IF periods > 10000 THEN
        ANALYZE allowance;                                           -- or the next plans take it to be as it was
    END IF;
END $$;
-- of one account, for operators: as of now
CREATE FUNCTION settle_account(account bigint, at timestamptz DEFAULT now()) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT may('account', 'edit') OR NOT EXISTS (
        SELECT FROM account AS mine WHERE mine.id = settle_account.account AND may_see_customer(customer_id)) THEN
        RAISE EXCEPTION 'account % is not yours to change', account USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM settle_allowances(CASE WHEN asks_as_owner() THEN at ELSE now() END, ARRAY[account]);
END $$;

-- a customer is told of each top-up, whoever sold it
CREATE FUNCTION tell_of_topup() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO notice (customer_id, kind, about, noticed_at, details)
    SELECT customer_id, 'topup', NEW.id, NEW.starts_at,
           jsonb_build_object('account', user_name, 'octets', NEW.octets, 'expires_at', NEW.expires_at)
    FROM account JOIN customer ON customer.id = customer_id WHERE account.id = NEW.account_id AND deleted_at IS NULL
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER told AFTER INSERT ON topup FOR EACH ROW EXECUTE FUNCTION tell_of_topup();

-- whatever changes what accounts are to have puts them into allowance_due; the argument says which, $1 being the row
CREATE FUNCTION note_allowance_due() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    EXECUTE format('INSERT INTO allowance_due (account_id) SELECT account.id FROM account WHERE %s', TG_ARGV[0])
    USING CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    RETURN NULL;
END $$;
CREATE FUNCTION note_new_allowances_due() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO allowance_due (account_id)
    SELECT new_rows.id FROM new_rows JOIN package ON package.id = package_id WHERE cap_octets IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER allowance_due AFTER INSERT ON account REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION note_new_allowances_due();
CREATE TRIGGER allowance_is_due AFTER UPDATE OF package_id, prepaid, cancelled_at, customer_id ON account FOR EACH ROW
    WHEN ((OLD.package_id, OLD.prepaid, OLD.cancelled_at IS NULL, OLD.customer_id)
          <> (NEW.package_id, NEW.prepaid, NEW.cancelled_at IS NULL, NEW.customer_id))
    EXECUTE FUNCTION note_allowance_due('id = $1.id');
CREATE TRIGGER allowance_is_due AFTER UPDATE OF cap_octets ON package FOR EACH ROW
    WHEN (OLD.cap_octets IS DISTINCT FROM NEW.cap_octets)
    EXECUTE FUNCTION note_allowance_due('package_id = $1.id');
CREATE TRIGGER allowance_is_due AFTER UPDATE OF billing_day, time_zone, rollover_months ON customer FOR EACH ROW
    WHEN ((OLD.billing_day, OLD.time_zone, OLD.rollover_months)
          IS DISTINCT FROM (NEW.billing_day, NEW.time_zone, NEW.rollover_months))
    EXECUTE FUNCTION note_allowance_due('customer_id = $1.id');
CREATE TRIGGER allowance_is_due AFTER UPDATE OF time_zone ON installation FOR EACH ROW
    WHEN (OLD.time_zone <> NEW.time_zone)
    EXECUTE FUNCTION note_allowance_due('EXISTS (SELECT FROM allowance WHERE account_id = account.id)');
CREATE TRIGGER allowance_is_due AFTER INSERT OR DELETE ON topup FOR EACH ROW
    EXECUTE FUNCTION note_allowance_due('id = $1.account_id');
CREATE TRIGGER allowance_changed AFTER UPDATE OF octets, starts_at, expires_at, cancelled_at ON topup FOR EACH ROW
    EXECUTE FUNCTION note_allowance_due('id = $1.account_id');

-- -------------------------------------------------------------------------------------------- enforcement --

-- What an open session was last told, and what it should be: `treatment` marks (policies/treatment.py). A session
-- without a row has what its login was answered, which its Class says. Rows of sessions that are over are taken away.
CREATE TABLE session_treatment (
    session_id      bigint PRIMARY KEY,
    account_id      bigint,
    nas_address     inet NOT NULL,
    applied         text,                                            -- NULL: nobody knows
    session_class   text,                                            -- of the login; another one: it was told anew
    desired         text NOT NULL,
    reason          text NOT NULL,                                   -- policies/reasons.py, or ordered
    action          text NOT NULL CHECK (action IN ('coa', 'disconnect', 'none')),
    state           text NOT NULL CHECK (state IN (
        'waiting',       -- to be sent, at next_attempt_at
        'acknowledged',  -- the router said yes; a Disconnect is proved by the end of the session
        'agreed',        -- applied is desired
        'failed',        -- tried as often as is allowed; enforcement retry begins anew
        'impossible')),  -- nothing that this router takes would do it
    attempts        smallint NOT NULL DEFAULT 0,
    next_attempt_at timestamptz,
    acknowledged_at timestamptz,
    changed_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX session_treatment_waiting ON session_treatment (nas_address, next_attempt_at)
    WHERE state IN ('waiting', 'acknowledged');
CREATE INDEX session_treatment_account_id ON session_treatment (account_id);

-- what a mark stands for: the attributes that say speed and walls, for what is told beside the old ones
CREATE TABLE treatment_mark (
    mark            text PRIMARY KEY CHECK (mark ~ '^[0-9a-f]{8}$'),
    attributes      jsonb NOT NULL CHECK (is_reply_attributes(attributes))
);

-- sessions that an operator wants ended, whatever the rules say; taken away when they are over
CREATE TABLE disconnect_order (
    session_id      bigint PRIMARY KEY,
    account_id      bigint,
    user_name       text NOT NULL,
    nas_address     inet NOT NULL,
    operator        text NOT NULL DEFAULT session_user,
    ordered_at      timestamptz NOT NULL DEFAULT now()
);

-- Begin anew with what has not been brought about, of an account, a router, or all: what a session was told is not for
-- operators to write, only that it is to be told again. Of sessions that they see; how many they were.
CREATE FUNCTION retry_enforcement(wanted_account bigint, wanted_nas inet) RETURNS bigint LANGUAGE sql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
    WITH begun AS (
        UPDATE session_treatment SET state = 'waiting', attempts = 0, next_attempt_at = now(), acknowledged_at = NULL
        WHERE state <> 'agreed' AND may('session', 'edit')
          AND (wanted_account IS NULL OR account_id = wanted_account)
          AND (wanted_nas IS NULL OR nas_address = wanted_nas)
          AND (sees_all() OR EXISTS (SELECT FROM account WHERE account.id = session_treatment.account_id
                                     AND may_see_customer(customer_id)))
        RETURNING session_id)
    SELECT count(*) FROM begun
$$;

CREATE TABLE enforcement_attempt (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    session_id      bigint NOT NULL,
    account_id      bigint,
    user_name       text NOT NULL,
    nas_address     inet NOT NULL,
    action          text NOT NULL CHECK (action IN ('coa', 'disconnect')),
    attributes      jsonb NOT NULL,                                  -- what was sent, without the signature
    reason          text NOT NULL,
    attempt         smallint NOT NULL,
    sent_at         timestamptz NOT NULL,
    answered_at     timestamptz,
    outcome         text NOT NULL CHECK (outcome IN ('ack', 'nak', 'timeout', 'unreachable')),
    error_cause     integer,                                         -- RFC 5176 3.5
    discarded       smallint NOT NULL DEFAULT 0                      -- answers that were not the router's
);
CREATE INDEX enforcement_attempt_session_id ON enforcement_attempt (session_id);
CREATE INDEX enforcement_attempt_account_id ON enforcement_attempt (account_id, id);
CREATE INDEX enforcement_attempt_sent_at ON enforcement_attempt (sent_at);

-- how far the change log has been read by the enforcer, as the hook's feed does
CREATE TABLE enforcement_position (
    one_row         boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    snapshot        pg_snapshot NOT NULL DEFAULT pg_current_snapshot(),
    looked_until    timestamptz NOT NULL DEFAULT now()               -- up to which moment expiries have been looked at
);
INSERT INTO enforcement_position DEFAULT VALUES;
CREATE INDEX account_expires_at ON account (expires_at) WHERE expires_at IS NOT NULL;

-- --------------------------------------------------------------------------------------------------- jobs --

-- how far each job of the scheduler has come: with what the job did, in its transaction, so nothing is done twice
CREATE TABLE job (
    name            text PRIMARY KEY,
    done_until      timestamptz NOT NULL,
    enabled         boolean NOT NULL DEFAULT true
);
CREATE TABLE job_run (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job             text NOT NULL,
    ran_for         timestamptz NOT NULL,                            -- the moment, whenever it was done
    started_at      timestamptz NOT NULL,
    ended_at        timestamptz NOT NULL,
    node            text NOT NULL,
    operator        text NOT NULL DEFAULT session_user,              -- whoever ran it by hand, or the scheduler
    outcome         text NOT NULL CHECK (outcome IN ('done', 'failed')),
    counts          jsonb NOT NULL DEFAULT '{}',                     -- what was done, by name
    error           text
);
CREATE INDEX job_run_job ON job_run (job, id);
CREATE INDEX job_run_started_at ON job_run (started_at);

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
    PERFORM follow_changes('disconnect_order', 'disconnect', 'r.session_id::text', '{INSERT}');
    PERFORM follow_changes('installation', 'installation', '''*''');
END $$;

-- an account that is renamed, cancelled or taken up again takes its devices along
CREATE FUNCTION log_renamed_devices() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO change_log (relation, key)
    SELECT 'device', mac::text FROM device
    JOIN new_rows ON new_rows.id = device.account_id
    JOIN old_rows ON old_rows.id = new_rows.id
     AND (old_rows.user_name, old_rows.cancelled_at IS NULL) <> (new_rows.user_name, new_rows.cancelled_at IS NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER log_renamed_devices AFTER UPDATE ON account
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION log_renamed_devices();

-- ------------------------------------------------------------------------------------------------ audit --

-- Who did what, when, and what each row was before and after. Written by triggers, so psql and every other writer is in
-- it. An act is an entry, its rows are its changes; when the transaction commits, each entry is sealed: its hash covers
-- its changes and the hash of the entry before, so what is edited, missing or put in between shows (audit_flaws).
-- Known weaknesses: act, detail and program are what the client says; operator and changes are not. Who owns the
-- database can make the whole chain anew: note its head elsewhere now and then (audit verify --head). Who may write may
-- also hold locks for as long as his transaction is open, the chain's too (SET CONSTRAINTS ALL IMMEDIATE).
CREATE TABLE audit_entry (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT clock_timestamp(),
    operator        text NOT NULL DEFAULT session_user,              -- the role that logged in
    reseller_id     bigint,                                          -- whose operator that was; NULL: the provider's
    program         text NOT NULL DEFAULT current_setting('application_name'),
    act             text NOT NULL,                                   -- customer suspend; sql: by hand
    detail          text,                                            -- why: a comment, a job, whom it acted as
    position        bigint UNIQUE,                                   -- in the chain, without gaps; at commit
    previous_hash   bytea,
    hash            bytea UNIQUE
);
CREATE INDEX audit_entry_at ON audit_entry (at);
CREATE INDEX audit_entry_operator ON audit_entry (operator, id);

CREATE TABLE audit_change (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id        bigint NOT NULL REFERENCES audit_entry,
    relation        text NOT NULL,
    key             text NOT NULL,                                   -- as operators know the row: code, user name, MAC
    customer_id     bigint,                                          -- whom it concerns
    reseller_id     bigint,                                          -- whose operator did it, as in the entry
    before          jsonb,                                           -- NULL: added. Of an edit: what has changed
    after           jsonb                                            -- NULL: removed
);
CREATE INDEX audit_change_entry_id ON audit_change (entry_id);
CREATE INDEX audit_change_key ON audit_change (relation, key, id);
CREATE INDEX audit_change_customer_id ON audit_change (customer_id, id) WHERE customer_id IS NOT NULL;

CREATE TABLE audit_head (
    one_row         boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    position        bigint NOT NULL DEFAULT 0,
    hash            bytea NOT NULL DEFAULT '\x'
);
INSERT INTO audit_head DEFAULT VALUES;

-- The entry of the act under way, made with its first change; whoever begins another act clears tollkeeper.audit_entry.
-- An entry that can be seen and is not sealed is this transaction's own. It is sealed at commit, with all its changes,
-- whatever the client has set for its constraints.
CREATE FUNCTION audit_entry_of_this_act() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    entry bigint := nullif(current_setting('tollkeeper.audit_entry', true), '');
BEGIN
    IF entry IS NULL OR NOT EXISTS (SELECT FROM audit_entry WHERE id = entry AND hash IS NULL) THEN
        SET CONSTRAINTS seal_audit_entry DEFERRED;
        INSERT INTO audit_entry (reseller_id, act, detail)
        VALUES (my_reseller(), coalesce(nullif(current_setting('tollkeeper.act', true), ''), 'sql'),
                nullif(concat_ws('; ',
                    'as ' || (SELECT name FROM reseller
                              WHERE id = acting_as('reseller') AND id = ANY (my_resellers())),
                    'as ' || (SELECT code FROM customer
                              WHERE id = acting_as('customer') AND id = ANY (acting_customers())),
                    nullif(current_setting('tollkeeper.detail', true), '')), ''))
        RETURNING id INTO entry;
        PERFORM set_config('tollkeeper.audit_entry', entry::text, true);
    END IF;
    RETURN entry;
END $$;

-- Arguments: what the rows are called, key and customer as expressions over a row r, secret columns, primary key. A row
-- is kept without what only counts, of an edit what differs; secrets by name only. A row whose primary key was changed
-- was removed, and another one added. One pass: of a statement that changes a hundred thousand rows it costs as much as
-- the statement itself.
CREATE FUNCTION audit_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    counted text := '{version,name_key,search_text,allocated_cents,done_until,used_octets}';
    kept text := format('jsonb_strip_nulls(to_jsonb(r) - %L::text[])', counted);
    same text := format('(%s) = (%s)', regexp_replace(TG_ARGV[4], '(\w+)', 'o.\1', 'g'),
                                       regexp_replace(TG_ARGV[4], '(\w+)', 'r.\1', 'g'));
    added text := format('SELECT NULL::jsonb AS before, %s AS after, r.* FROM new_rows AS r', kept);
    removed text := format('SELECT %s AS before, NULL::jsonb AS after, r.* FROM old_rows AS r', kept);
    edited text := format(
        'SELECT difference.before, difference.after, r.* FROM new_rows AS r JOIN old_rows AS o ON %s, '
        'LATERAL (SELECT to_jsonb(o) AS old OFFSET 0) AS was, '
        'LATERAL (SELECT jsonb_object_agg(key, was.old -> key) AS before, jsonb_object_agg(key, value) AS after '
                 'FROM jsonb_each(to_jsonb(r)) WHERE value <> was.old -> key AND key <> ALL (%L)) AS difference '
        'WHERE difference.before IS NOT NULL', same, counted);
    rows text := CASE TG_OP WHEN 'INSERT' THEN added WHEN 'DELETE' THEN removed ELSE concat_ws(' UNION ALL ',
        edited, removed || ' WHERE NOT EXISTS (SELECT FROM new_rows AS o WHERE ' || same || ')',
        added || ' WHERE NOT EXISTS (SELECT FROM old_rows AS o WHERE ' || same || ')') END;
    told text := '%s';
    secret text;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO audit_change (entry_id, relation, key, reseller_id, before)
        VALUES (audit_entry_of_this_act(), TG_ARGV[0], '*', my_reseller(), '{}');
        RETURN NULL;
    END IF;
    FOREACH secret IN ARRAY TG_ARGV[3]::text[] LOOP
        told := format('CASE WHEN %%1$s ->> %L IS NULL THEN %s ELSE jsonb_set(%2$s, %3$L, %4$L) END',
                       secret, replace(told, '%s', '%1$s'), ARRAY[secret], '"(secret)"');
    END LOOP;
    -- the entry is asked for with the first row that there is, and once
    EXECUTE format('INSERT INTO audit_change (entry_id, relation, key, customer_id, reseller_id, before, after) '
                   'SELECT (SELECT audit_entry_of_this_act()), %L, %s, %s, (SELECT my_reseller()), %s, %s '
                   'FROM (%s OFFSET 0) AS r',                         -- or each use of a side would make it again
                   TG_ARGV[0], TG_ARGV[1], TG_ARGV[2], format(told, 'before'), format(told, 'after'), rows);
    RETURN NULL;
END $$;

CREATE FUNCTION audit_table(relation_name text, known_as text, key_expression text, customer_expression text,
                            secrets text[] DEFAULT '{}', primary_key text DEFAULT 'id',
                            events text[] DEFAULT '{INSERT,UPDATE,DELETE,TRUNCATE}') RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    event text;
BEGIN
    FOREACH event IN ARRAY events LOOP
        EXECUTE format('CREATE TRIGGER audit_%s AFTER %s ON %I %s FOR EACH STATEMENT '
                       'EXECUTE FUNCTION audit_rows(%L, %L, %L, %L, %L)',
                       lower(event), event, relation_name,
                       CASE event WHEN 'INSERT' THEN 'REFERENCING NEW TABLE AS new_rows'
                                  WHEN 'UPDATE' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
                                  WHEN 'DELETE' THEN 'REFERENCING OLD TABLE AS old_rows' ELSE '' END,
                       known_as, key_expression, customer_expression, secrets, primary_key);
    END LOOP;
END $$;

DO $$
DECLARE
    of_account text := '(SELECT customer_id FROM account WHERE id = r.account_id)';
    account_name text := 'coalesce((SELECT user_name FROM account WHERE id = r.account_id), ''-'')';
    code text := 'coalesce((SELECT code FROM customer WHERE id = r.customer_id), r.customer_id::text)';
    package_name text := 'coalesce((SELECT name FROM package WHERE id = r.package_id), r.package_id::text)';
BEGIN
    PERFORM audit_table('installation', 'installation', '''installation''', 'NULL::bigint', '{}', 'one_row');
    PERFORM audit_table('reseller', 'reseller', 'r.name', 'NULL::bigint');
    PERFORM audit_table('operator_role', 'role', 'r.name', 'NULL::bigint', '{}', 'name');
    PERFORM audit_table('operator_role_permission', 'role permission', 'r.role || '' '' || r.area', 'NULL::bigint',
                        '{}', 'role, area');
    PERFORM audit_table('operator', 'operator', 'r.name', 'NULL::bigint');
    PERFORM audit_table('package', 'package', 'r.name', 'NULL::bigint');
    PERFORM audit_table('time_band', 'time band', package_name || ' || '' '' || r.position', 'NULL::bigint', '{}',
                        'package_id, position');
    PERFORM audit_table('package_profile', 'profile', package_name || ' || '' '' || r.vendor', 'NULL::bigint', '{}',
                        'package_id, vendor');
    PERFORM audit_table('customer_group', 'group', 'r.name', 'NULL::bigint');
    PERFORM audit_table('customer', 'customer', 'r.code', 'r.id', '{portal_password_hash}');
    PERFORM audit_table('contact', 'contact', code, 'r.customer_id');
    PERFORM audit_table('address', 'address', code, 'r.customer_id');
    PERFORM audit_table('note', 'note', code, 'r.customer_id');
    PERFORM audit_table('attachment', 'attachment', code, 'r.customer_id');
    PERFORM audit_table('external_id', 'external id', code, 'r.customer_id', '{}', 'system, value');
    PERFORM audit_table('portal_reset', 'portal reset', code, 'r.customer_id', '{token_sha256}', 'token_sha256');
    PERFORM audit_table('nas', 'nas', 'r.name', 'NULL::bigint', '{secret}');
    PERFORM audit_table('account', 'account', 'r.user_name', 'r.customer_id', '{password,password_hash}');
    PERFORM audit_table('account_nas', 'account nas', account_name, of_account, '{}', 'account_id, nas_id');
    PERFORM audit_table('package_change', 'package change', account_name, of_account);
    PERFORM audit_table('device', 'device', 'r.mac::text', of_account);
    PERFORM audit_table('invoice', 'invoice', 'r.number', 'r.customer_id');
    PERFORM audit_table('payment', 'payment', 'r.receipt', 'r.customer_id');
    PERFORM audit_table('allocation', 'allocation', code, 'r.customer_id');
    PERFORM audit_table('import_run', 'import', 'r.id::text', 'NULL::bigint');
    PERFORM audit_table('promise', 'promise', code, 'r.customer_id');
    PERFORM audit_table('no_cut_day', 'no-cut day', 'r.day::text', 'NULL::bigint', '{}', 'day');
    PERFORM audit_table('suspension_run', 'suspension run', 'r.id::text', 'NULL::bigint');
    PERFORM audit_table('topup', 'topup', account_name, of_account);
    PERFORM audit_table('message_gateway', 'message gateway', 'r.channel::text', 'NULL::bigint', '{secret}', 'channel');
    PERFORM audit_table('disconnect_order', 'disconnect', 'r.user_name', of_account, '{}', 'session_id');
    PERFORM audit_table('job', 'job', 'r.name', 'NULL::bigint', '{}', 'name', '{UPDATE,DELETE}');
    PERFORM audit_table('message_template', 'message template', 'r.name || '' '' || r.language || '' '' || r.channel',
                        'NULL::bigint', '{}', 'name, language, channel');
END $$;
-- what the fold puts there is no act; what an operator takes away is
CREATE TRIGGER audit_delete AFTER DELETE ON accounting_quarantine REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT
    EXECUTE FUNCTION audit_rows('quarantine', 'r.id::text', 'NULL::bigint', '{}', 'id');

CREATE FUNCTION audit_hash(previous bytea, entry audit_entry) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(previous
                  || convert_to(jsonb_build_array(entry.position, extract(epoch FROM entry.at)::text, entry.operator,
                                                  entry.reseller_id, entry.program, entry.act,
                                                  entry.detail)::text, 'UTF8')
                  || coalesce((SELECT string_agg(sha256(convert_to(jsonb_build_array(
                                   relation, key, customer_id, reseller_id, before, after)::text, 'UTF8')), ''::bytea
                                          ORDER BY id)
                               FROM audit_change WHERE entry_id = entry.id), ''::bytea))
$$;

-- entries join the chain as their transactions commit, one at a time, so nobody waits while acts are under way
CREATE FUNCTION seal_audit_entry() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    head audit_head;
    entry audit_entry;
BEGIN
    SELECT * INTO STRICT head FROM audit_head FOR UPDATE;
    SELECT * INTO entry FROM audit_entry WHERE id = NEW.id;
    entry.position := head.position + 1;
    UPDATE audit_entry SET position = entry.position, previous_hash = head.hash, hash = audit_hash(head.hash, entry)
    WHERE id = entry.id RETURNING hash INTO entry.hash;
    UPDATE audit_head SET position = entry.position, hash = entry.hash;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER seal_audit_entry AFTER INSERT ON audit_entry DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION seal_audit_entry();

-- the chain catches who gets past these
CREATE FUNCTION refuse_audit_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is only ever added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER sealed BEFORE UPDATE ON audit_entry FOR EACH ROW WHEN (OLD.hash IS NOT NULL)
    EXECUTE FUNCTION refuse_audit_edit();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_edit();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_edit();

CREATE FUNCTION check_may_verify() RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF NOT (may('audit', 'view') AND sees_all()) THEN
        RAISE EXCEPTION 'who sees a part of the audit cannot verify it' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- how far the chain goes, and the hash to be noted elsewhere
CREATE FUNCTION audit_chain(OUT last_position bigint, OUT last_hash bytea, OUT entries bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT check_may_verify();
    SELECT position, hash, (SELECT count(*) FROM audit_entry) FROM audit_head
$$;

-- what is wrong with a part of the chain, in its order; nothing where it is whole
CREATE FUNCTION audit_flaws(after_position bigint, up_to bigint) RETURNS TABLE (place bigint, flaw text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT check_may_verify();
    WITH before AS (
        SELECT position, hash FROM audit_entry WHERE position <= after_position ORDER BY position DESC LIMIT 1),
    linked AS (
        SELECT entry, position, previous_hash, hash,
               lag(position, 1, coalesce((SELECT position FROM before), 0)) OVER chain AS position_before,
               lag(hash, 1, coalesce((SELECT hash FROM before), '\x')) OVER chain AS hash_before
        FROM audit_entry AS entry WHERE position > after_position AND position <= up_to
        WINDOW chain AS (ORDER BY position))
    SELECT position, 'entries are missing before this one' FROM linked WHERE position <> position_before + 1
    UNION ALL
    SELECT position, 'does not follow the entry before it' FROM linked
    WHERE position = position_before + 1 AND previous_hash IS DISTINCT FROM hash_before
    UNION ALL
    SELECT position, 'was edited, or its changes were' FROM linked
    WHERE hash IS DISTINCT FROM audit_hash(previous_hash, entry)
    ORDER BY 1
$$;

-- what is wrong with its end, and what is in no place of it
CREATE FUNCTION audit_loose_ends() RETURNS TABLE (place bigint, flaw text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT check_may_verify();
    SELECT audit_head.position, 'the last entries are not those that were sealed last' FROM audit_head
    WHERE (audit_head.position, audit_head.hash) IS DISTINCT FROM
          ROW(coalesce((SELECT max(position) FROM audit_entry), 0),
              coalesce((SELECT hash FROM audit_entry ORDER BY position DESC NULLS LAST LIMIT 1), '\x'))
    UNION ALL
    SELECT NULL, 'the head of the chain is missing' WHERE NOT EXISTS (SELECT FROM audit_head)
    UNION ALL
    SELECT position, 'an entry was never sealed, or has no place: ' || act FROM audit_entry
    WHERE hash IS NULL OR position IS NULL OR position < 1
    UNION ALL
    SELECT NULL, 'a change belongs to no entry: ' || relation || ' ' || key FROM audit_change
    WHERE NOT EXISTS (SELECT FROM audit_entry WHERE id = entry_id)
$$;

-- What the transaction under way has changed so far, and whom that concerns: for a dry run, and to ask before much is
-- done.
CREATE FUNCTION my_changes() RETURNS SETOF audit_change LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS $$
    SELECT audit_change.* FROM audit_entry JOIN audit_change ON entry_id = audit_entry.id
    WHERE hash IS NULL AND operator = session_user AND at >= transaction_timestamp() ORDER BY audit_change.id
$$;

-- customers that were changed themselves, with the sub-accounts that this covers; that lost or got something; that are
-- in a changed group; that have, or will have, a changed package. What is called otherwise now is nobody's concern.
CREATE FUNCTION customers_reached() RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS $$
    WITH RECURSIVE changed AS MATERIALIZED (
        SELECT relation, key, customer_id, before FROM my_changes()
        WHERE relation NOT IN ('group', 'package') OR before - 'name' <> '{}'),
    changed_package AS (
        SELECT id FROM package WHERE name IN (
            SELECT CASE relation WHEN 'package' THEN key ELSE regexp_replace(key, ' [^ ]*$', '') END
            FROM changed WHERE relation IN ('package', 'time band', 'profile'))),
    covered (id) AS (
        SELECT customer_id FROM changed
        WHERE relation = 'customer' AND before ?| '{disabled,suspended,expires_at,inherits_state,parent_id}'
        UNION SELECT customer.id FROM customer JOIN covered ON parent_id = covered.id WHERE inherits_state)
    SELECT id FROM covered
    UNION SELECT customer_id FROM changed WHERE customer_id IS NOT NULL
    UNION SELECT (before ->> 'customer_id')::bigint FROM changed WHERE before ->> 'customer_id' IS NOT NULL
    UNION SELECT customer_id FROM account WHERE id IN (SELECT (before ->> 'account_id')::bigint FROM changed)
    UNION SELECT id FROM customer
          WHERE group_id IN (SELECT customer_group.id
                             FROM customer_group JOIN changed ON name = key AND relation = 'group')
    UNION SELECT customer_id FROM account WHERE package_id IN (SELECT id FROM changed_package)
    UNION SELECT customer_id FROM account WHERE id IN (
              SELECT account_id FROM package_change
              WHERE package_id IN (SELECT id FROM changed_package) AND applied_at IS NULL AND cancelled_at IS NULL)
$$;

-- all open sessions of accounts of theirs, or that are on a router which is changed. Arrays, as nobody can estimate how
-- many.
CREATE FUNCTION sessions_reached() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS $$
    WITH router AS (SELECT ARRAY(SELECT (side ->> 'address')::inet
                                 FROM my_changes(), unnest(ARRAY[before, after]) AS side
                                 WHERE relation = 'nas' AND side ? 'address') AS addresses),
    concerned AS (SELECT ARRAY(SELECT id FROM account WHERE customer_id = ANY (ARRAY(SELECT customers_reached()))
                               UNION SELECT account_id FROM session, router WHERE nas_address = ANY (addresses)) AS ids)
    SELECT ARRAY(SELECT session.id FROM session, concerned WHERE account_id = ANY (ids))
$$;

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
FROM account WHERE cancelled_at IS NULL;

CREATE VIEW hook_device AS
SELECT mac::text AS mac, account.user_name, authorised, mac_auth
FROM device JOIN account ON account.id = device.account_id WHERE cancelled_at IS NULL;

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
GRANT INSERT ON allowance_due TO tollkeeper_fold;
GRANT USAGE ON SEQUENCE session_id_seq TO tollkeeper_fold;           -- a session may be over when we first hear of it
GRANT EXECUTE ON FUNCTION make_session_partitions(date, integer) TO tollkeeper_fold;

-- Operators: every statement of theirs passes these policies. What has no reseller is the provider's own; packages and
-- groups of the provider, and of the resellers above, may be seen and used, not changed. What anybody can learn of
-- others: that a name, an address or a number is taken (they are unique among all), the names of login roles, and about
-- how many rows there are (ids count up, EXPLAIN estimates).
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tollkeeper_operator') THEN
        CREATE ROLE tollkeeper_operator NOLOGIN;
    END IF;
    EXECUTE format('GRANT tollkeeper_operator TO %I', current_user);
EXCEPTION WHEN invalid_grant_operation OR insufficient_privilege THEN NULL;          -- a superuser needs no membership
END $$;

-- one policy to see, one each to add, change and remove; conditions that are the same for all rows are asked once. Who
-- wrote a row, and what triggers add up, is nobody's to type.
CREATE FUNCTION guard(relation_name text, guarded area, visible text, editable text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    seen text := format('(SELECT may(%L, ''view'')) AND (%s)', guarded, visible);
    changed text := format('(SELECT may(%L, ''edit'')) AND (%s)', guarded, coalesce(editable, visible));
    columns text;
BEGIN
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', relation_name);
    EXECUTE format('GRANT SELECT ON %I TO tollkeeper_operator', relation_name);
    EXECUTE format('CREATE POLICY seen ON %I FOR SELECT TO tollkeeper_operator USING (%s)', relation_name, seen);
    IF editable IS DISTINCT FROM 'false' THEN
        SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
        WHERE attrelid = relation_name::regclass AND attnum > 0 AND NOT attisdropped
          AND attname <> ALL ('{author,operator,allocated_cents,used_octets}');
        EXECUTE format('GRANT INSERT (%s), UPDATE (%1$s), DELETE ON %I TO tollkeeper_operator', columns, relation_name);
        EXECUTE format('CREATE POLICY added ON %I FOR INSERT TO tollkeeper_operator WITH CHECK (%s)',
                       relation_name, changed);
        EXECUTE format('CREATE POLICY changed ON %I FOR UPDATE TO tollkeeper_operator USING (%s)',
                       relation_name, changed);
        EXECUTE format('CREATE POLICY removed ON %I FOR DELETE TO tollkeeper_operator USING (%s)',
                       relation_name, changed);
    END IF;
END $$;

-- whose packages and groups may be sold, though not changed
CREATE FUNCTION sellable_resellers() RETURNS bigint[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS $$
    SELECT CASE
        WHEN acting_as('customer') IS NOT NULL THEN (
            SELECT reseller_and_above(reseller_id) FROM customer
            WHERE id = acting_as('customer') AND id = ANY (acting_customers()))
        WHEN acting_as('reseller') IS NULL THEN my_resellers() || reseller_and_above(my_reseller())
        WHEN acting_as('reseller') = ANY (my_resellers())
        THEN my_resellers() || reseller_and_above(acting_as('reseller'))
    END
$$;

DO $$
DECLARE
    everything text := '(SELECT sees_all())';
    not_as_customer text := '(SELECT acting_as(''customer'') IS NULL)';
    my_part text := not_as_customer || ' AND reseller_id = ANY ((SELECT my_resellers())::bigint[])';
    mine text := '(SELECT sees_all()) OR ' || my_part;
    sold text := '(SELECT sees_all()) OR reseller_id IS NULL'
                 ' OR reseller_id = ANY ((SELECT sellable_resellers())::bigint[])';
    below_me text := '(SELECT sees_all()) OR ' || not_as_customer
                     || ' AND %s = ANY ((SELECT my_resellers())::bigint[])';
    -- who sees all need not be asked about each row: half a second less with a hundred thousand of them
    of_customer text := '((SELECT sees_all()) OR EXISTS (SELECT FROM customer WHERE customer.id = customer_id))';
    of_account text := '((SELECT sees_all()) OR EXISTS (SELECT FROM account WHERE account.id = account_id))';
    of_package text := 'EXISTS (SELECT FROM package WHERE package.id = package_id)';
    my_package text := 'EXISTS (SELECT FROM package WHERE package.id = package_id AND (' || mine || '))';
    relation text;
BEGIN
    PERFORM guard('customer', 'customer', mine || ' OR id = ANY ((SELECT acting_customers())::bigint[])');
    FOREACH relation IN ARRAY '{contact,address,note,attachment,external_id,portal_reset}'::text[] LOOP
        PERFORM guard(relation, 'customer', of_customer);
    END LOOP;
    FOREACH relation IN ARRAY '{invoice,payment,allocation}'::text[] LOOP
        PERFORM guard(relation, 'money', of_customer);
    END LOOP;
    PERFORM guard('customer_balance', 'money', of_customer, 'false');
    PERFORM guard('promise', 'money', of_customer);
    PERFORM guard('suspension_run', 'money', everything);
    PERFORM guard('suspension_candidate', 'money', of_customer, 'false');
    PERFORM guard('no_cut_day', 'money', 'true', everything);
    PERFORM guard('notice', 'message', of_customer, 'false');
    PERFORM guard('message', 'message', '(SELECT sees_all()) OR customer_id IS NOT NULL AND ' || of_customer);
    PERFORM guard('message_attachment', 'message', 'EXISTS (SELECT FROM message WHERE message.id = message_id)');
    PERFORM guard('message_template', 'message', 'true', everything);
    PERFORM guard('message_gateway', 'node', everything);
    PERFORM guard('account', 'account', of_customer);
    PERFORM guard('topup', 'account', of_account);
    PERFORM guard('allowance', 'usage', of_account, 'false');
    PERFORM guard('session_treatment', 'session',
                  everything || ' OR account_id IS NOT NULL AND ' || of_account, 'false');
    PERFORM guard('disconnect_order', 'session',
                  everything || ' OR account_id IS NOT NULL AND ' || of_account);
    PERFORM guard('treatment_mark', 'session', everything, 'false');
    PERFORM guard('enforcement_attempt', 'session',
                  everything || ' OR account_id IS NOT NULL AND ' || of_account, 'false');
    FOREACH relation IN ARRAY '{job,job_run}'::text[] LOOP
        PERFORM guard(relation, 'node', everything, 'false');
    END LOOP;
    PERFORM guard('account_nas', 'account', of_account);
    PERFORM guard('package_change', 'account', of_account);
    PERFORM guard('device', 'account',
                  'CASE WHEN account_id IS NULL THEN ' || mine || ' ELSE ' || of_account || ' END');
    PERFORM guard('package', 'package', sold, mine);
    PERFORM guard('time_band', 'package', of_package, my_package);
    PERFORM guard('package_profile', 'package', of_package, my_package);
    PERFORM guard('customer_group', 'group', sold, mine);
    PERFORM guard('nas', 'nas', 'true', everything);
    -- one that is just being added is not among them yet, but its parent is
    PERFORM guard('reseller', 'reseller', format(below_me, 'id') || ' OR ' || format(below_me, 'parent_id'),
                  format(below_me, 'parent_id'));
    PERFORM guard('operator', 'operator', mine || ' OR name = session_user',
                  '(' || mine || ') AND is_within_mine(role)');
    PERFORM guard('operator_role', 'operator', 'true', everything || ' AND is_within_mine(name)');
    PERFORM guard('operator_role_permission', 'operator', 'true', everything || ' AND may(area, permission)');
    PERFORM guard('session', 'session',
                  everything || ' OR account_id IS NOT NULL AND ' || of_account, 'false');
    PERFORM guard('session_history', 'session',
                  everything || ' OR account_id IS NOT NULL AND ' || of_account, 'false');
    PERFORM guard('usage_day', 'usage', of_account, 'false');
    FOREACH relation IN ARRAY '{accounting_node,accounting_day,accounting_reboot}'::text[] LOOP
        PERFORM guard(relation, 'accounting', everything, 'false');
    END LOOP;
    PERFORM guard('accounting_quarantine', 'accounting', everything);
    PERFORM guard('audit_change', 'audit',
                  mine || ' OR customer_id IS NOT NULL AND ' || of_customer, 'false');
    PERFORM guard('audit_entry', 'audit', mine || ' OR EXISTS (SELECT FROM audit_change JOIN customer'
                  ' ON customer.id = customer_id WHERE entry_id = audit_entry.id)', 'false');
    PERFORM guard('import_run', 'import', mine);
    PERFORM guard('import_row', 'import', 'EXISTS (SELECT FROM import_run WHERE import_run.id = run_id)');
END $$;

-- everybody sees who he is himself, and what he may do
CREATE POLICY own ON operator FOR SELECT TO tollkeeper_operator USING (name = session_user);
CREATE POLICY own ON operator_role FOR SELECT TO tollkeeper_operator
    USING (name = (SELECT role FROM operator WHERE operator.name = session_user));
CREATE POLICY own ON operator_role_permission FOR SELECT TO tollkeeper_operator
    USING (role = (SELECT role FROM operator WHERE operator.name = session_user));
ALTER TABLE installation ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON installation FOR SELECT USING (true);
CREATE POLICY changed ON installation FOR UPDATE TO tollkeeper_operator
    USING ((SELECT may('node', 'edit') AND sees_all()));
GRANT SELECT, UPDATE (time_zone, currency, name, language, dunning_minute, debt_ignored_cents, no_cut_weekdays,
    cut_from_minute, cut_until_minute, brake_percent, brake_customers, quiet_from_minute, quiet_until_minute)
    ON installation TO tollkeeper_operator;
CREATE POLICY changed ON job FOR UPDATE TO tollkeeper_operator USING ((SELECT may('node', 'edit') AND sees_all()));
GRANT UPDATE (enabled) ON job TO tollkeeper_operator;

-- Customers that an operator may see, by words of their own, of their contacts or addresses, or in their user names: as
-- many as `most` or somewhat more, some of them twice. LIKE is not leakproof, so under row-level security no index
-- answers it, and all rows would be read. Here the owner looks up in the index, and asks customer's own policy about
-- what is found.
CREATE FUNCTION customers_by_text(relations text[], patterns text[], most integer) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    visible text := (SELECT pg_get_expr(polqual, polrelid) FROM pg_policy
                     WHERE polrelid = 'customer'::regclass AND polname = 'seen');
    relation text;
    matching text;
    here integer;
    found_so_far integer := 0;
BEGIN
    FOREACH relation IN ARRAY relations LOOP
        CONTINUE WHEN relation <> ALL ('{customer,contact,address,account}')
                   OR relation = 'account' AND NOT may('account', 'view');
        SELECT string_agg(CASE relation WHEN 'account' THEN format('user_name ILIKE %L', pattern)
                                        ELSE format('search_text LIKE %L', lower(pattern)) END, ' AND ')
        INTO matching FROM unnest(patterns) AS pattern;
        RETURN QUERY EXECUTE format(
            CASE relation WHEN 'customer' THEN 'SELECT id FROM %1$I WHERE (%2$s) AND (%3$s) LIMIT %4$s'
                          ELSE 'SELECT mine.id FROM %1$I AS found, '
                               'LATERAL (SELECT id FROM customer WHERE customer.id = found.customer_id AND (%3$s)) '
                               'AS mine WHERE (%2$s) LIMIT %4$s' END,
            relation, coalesce(matching, 'false'), visible, most);
        GET DIAGNOSTICS here = ROW_COUNT;
        found_so_far := found_so_far + here;
        EXIT WHEN found_so_far >= most;
    END LOOP;
END $$;

ALTER TABLE saved_filter ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON saved_filter TO tollkeeper_operator USING (operator = session_user);
GRANT SELECT, INSERT, UPDATE, DELETE ON saved_filter TO tollkeeper_operator;
GRANT USAGE ON SEQUENCE receipt_number TO tollkeeper_operator;

-- A login role is this installation's where its comment says so: roles are of the cluster, where others have theirs.
CREATE FUNCTION login_mark() RETURNS text LANGUAGE sql STABLE AS
    $$ SELECT 'operator of Tollkeeper ' || id FROM installation $$;
CREATE FUNCTION is_our_login(operator_name text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = operator_name
                   AND shobj_description(oid, 'pg_authid') = login_mark())
$$;

-- Make an operator's login role, or give it another password, as its SCRAM verifier: an operator may do so for whom it
-- may edit, and for itself.
CREATE FUNCTION set_operator_login(operator_name text, verifier text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM operator WHERE name = operator_name AND (
            name = session_user
            OR may('operator', 'edit') AND is_within_mine(role)
               AND (sees_all() OR acting_as('customer') IS NULL AND reseller_id = ANY (my_resellers())))) THEN
        RAISE EXCEPTION 'no operator is named %', operator_name USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF verifier !~ '^SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/]+=*\$[A-Za-z0-9+/]+=*:[A-Za-z0-9+/]+=*$' THEN
        RAISE EXCEPTION 'a password comes as its SCRAM verifier' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = operator_name) THEN
        EXECUTE format('CREATE ROLE %I IN ROLE tollkeeper_operator', operator_name);
        EXECUTE format('COMMENT ON ROLE %I IS %L', operator_name, login_mark());
    ELSIF NOT is_our_login(operator_name) THEN
        RAISE EXCEPTION 'role % is of something else', operator_name
            USING ERRCODE = 'check_violation', CONSTRAINT = 'operator_name_is_no_other_role';
    END IF;
    EXECUTE format('ALTER ROLE %I %s PASSWORD %L', operator_name,
                   (SELECT CASE WHEN enabled THEN 'LOGIN' ELSE 'NOLOGIN' END FROM operator WHERE name = operator_name),
                   verifier);
    INSERT INTO audit_change (entry_id, relation, key, reseller_id, before, after)
    VALUES (audit_entry_of_this_act(), 'operator', operator_name, my_reseller(),
            '{"password": "(secret)"}', '{"password": "(secret)"}');
END $$;

-- the login role follows its operator: who is disabled cannot log in, and who is removed leaves none behind
CREATE FUNCTION follow_operator() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM saved_filter WHERE operator = OLD.name;
    END IF;
    IF NOT is_our_login(OLD.name) THEN
        RETURN NULL;
    ELSIF TG_OP = 'UPDATE' THEN
        EXECUTE format('ALTER ROLE %I %s', NEW.name, CASE WHEN NEW.enabled THEN 'LOGIN' ELSE 'NOLOGIN' END);
        RETURN NULL;
    END IF;
    EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', OLD.name);
    BEGIN
        EXECUTE format('DROP ROLE %I', OLD.name);
    EXCEPTION WHEN dependent_objects_still_exist THEN NULL;          -- something of its own: it stays, without login
    END;
    RETURN NULL;
END $$;
CREATE TRIGGER followed AFTER DELETE OR UPDATE OF enabled ON operator
    FOR EACH ROW EXECUTE FUNCTION follow_operator();

-- what operators may call; the first of these in the policies and defaults above
GRANT EXECUTE ON FUNCTION may(area, permission), is_within_mine(text), acting_as(text), home_reseller(), my_reseller(),
    is_providers(), sees_all(), my_resellers(), acting_customers(), sellable_resellers(), asks_as_owner(),
    is_time_zone(text), is_reply_attributes(jsonb), are_percents(smallint[]), customer_name_key(text, text, text),
    next_customer_codes(text, integer), group_has_reseller(bigint), customers_by_text(text[], text[], integer),
    my_changes(), customers_reached(), sessions_reached(), static_holders(inet[], bigint), credit_refusal(bigint),
    vlan_holder(integer, bigint, bigint, bigint[]), set_operator_login(text, text), audit_chain(),
    local_moment(date, integer, text), dunning_day(text, timestamptz), cut_moment(text, timestamptz),
    retry_enforcement(bigint, inet), brand_for(bigint), settle_account(bigint, timestamptz),
    allowance_left(timestamptz, bigint[]),
    audit_flaws(bigint, bigint), audit_loose_ends() TO tollkeeper_operator;

-- the fold is no operator: what it was granted above, it sees all of
DO $$
DECLARE
    relation text;
BEGIN
    FOREACH relation IN ARRAY '{account,customer,package,device,accounting_node,accounting_day,accounting_quarantine,
                                accounting_reboot,session,session_history,usage_day}'::text[] LOOP
        EXECUTE format('CREATE POLICY folded ON %I TO tollkeeper_fold USING (true)', relation);
    END LOOP;
END $$;

-- one row, which is too little for autovacuum ever to count it: the planner would take it for a thousand
ANALYZE installation;
