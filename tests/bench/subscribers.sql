-- What tests/bench/subscribers.py fills a database with; {{names}} in braces are put in before.
INSERT INTO reseller (name) VALUES ('Karoo Net'), ('Coast Fibre');
INSERT INTO reseller (name, parent_id) SELECT 'Karoo West', id FROM reseller WHERE name = 'Karoo Net';
INSERT INTO customer_group (name) SELECT 'Group ' || n FROM generate_series(1, {groups}) AS n;
INSERT INTO package (name, download_bps, upload_bps, cap_octets, sessions_allowed)
SELECT 'Home ' || n * 10, n * 10000000, n * 2000000, CASE WHEN n % 2 = 0 THEN n * 100000000000 END, 2
FROM generate_series(1, {packages}) AS n;
INSERT INTO nas (name, address, secret)
SELECT 'edge' || n, ('10.255.0.' || n)::inet, '\\x00' FROM generate_series(1, 20) AS n;

INSERT INTO customer (code, reseller_id, group_id, type, title, first_name, last_name, company_name, namesake, phone, email,
                      billing_email, country, disabled, suspended, deleted_at, expires_at, billing_group, payment_method,
                      labels, category, portal_user_name, id_number, created_at)
SELECT upper(left(first, 3)) || lpad(n::text, 7, '0'),
       CASE n % 10 WHEN 1 THEN (SELECT id FROM reseller WHERE name = 'Karoo Net')
                   WHEN 2 THEN (SELECT id FROM reseller WHERE name = 'Coast Fibre') END,
       (SELECT min(id) FROM customer_group) + n % {groups},
       (CASE WHEN n % 7 = 0 THEN 'company' ELSE 'individual' END)::customer_type,
       CASE WHEN n % 11 = 0 THEN 'Dr' END, first, last,
       CASE WHEN n % 7 = 0 THEN last || ' ' || trade || ' ' || n END, true,
       '+27' || (600000000 + n * 2654435761 % 299999999),
       lower(first) || '.' || replace(lower(last), ' ', '') || n || '@' || (ARRAY['gmail.com', 'example.net', 'mweb.example'])[1 + n % 3],
       CASE WHEN n % 5 = 0 THEN 'accounts' || n || '@example.org' END, 'ZA',
       n % 50 = 0, n % 33 = 0, CASE WHEN n % 40 = 0 THEN now() END,
       CASE WHEN n % 60 = 0 THEN now() - interval '1 day' WHEN n % 3 = 0 THEN now() + interval '1 year' END,
       'BG' || n % 4, (ARRAY['debit order', 'card', 'eft'])[1 + n % 3],
       CASE WHEN n % 25 = 0 THEN ARRAY['fibre', 'area' || n % 100] WHEN n % 4 = 0 THEN ARRAY['wireless'] ELSE '{{}}' END,
       CASE WHEN n % 500 = 0 THEN 'VIP' END, 'portal' || n, 'ID' || n * 7919 % 100000007,
       now() - n % 3000 * interval '1 day'
FROM (SELECT n, (ARRAY['Frikkie', 'Tannie', 'Themba', 'Ayesha', 'Johannes', 'Nomsa', 'Pieter', 'Lerato', 'Gerhard', 'Zanele',
                       'Willem', 'Precious', 'Hendrik', 'Fatima', 'Andile', 'Marlene', 'Sipho', 'Annelie'])
                [1 + n * 31 % 18] AS first,
                (ARRAY['Visser', 'Naidoo', 'Dlamini', 'Botha', 'Khumalo', 'van der Merwe', 'Smit', 'Pillay', 'Mokoena', 'Nel',
                       'Jacobs', 'Ndlovu', 'Retief', 'Adams', 'Coetzee', 'Zulu', 'Fourie', 'Petersen', 'Mahlangu'])
                [1 + n * 17 % 19] || CASE WHEN n % 3 = 0 THEN '' ELSE to_hex(n % 997) END AS last,
                (ARRAY['Consulting', 'Butchery', 'Motors', 'Guest House', 'Farms'])[1 + n % 5] AS trade
      FROM generate_series(1::bigint, {customers}) AS n) AS made;
UPDATE customer SET parent_id = parent.id
FROM (SELECT id, code FROM customer WHERE type = 'company' AND reseller_id IS NULL ORDER BY id LIMIT {customers} / 50) AS parent
WHERE customer.id % ({customers} / 50) * 7 = parent.id AND customer.id <> parent.id AND customer.reseller_id IS NULL
  AND customer.type = 'individual' AND customer.id % 10 = 0;
INSERT INTO address (customer_id, kind, street, city, region, postal_code)
SELECT id, 'install', id % 4000 || ' ' || (ARRAY['Kerk', 'Main', 'Voortrekker', 'Long', 'Mandela'])[1 + id % 5] || ' Street '
       || id, (ARRAY['Carnarvon', 'Cape Town', 'Beaufort West', 'Prieska', 'Upington', 'Calvinia'])[1 + id % 6], 'Karoo',
       lpad((id % 9999)::text, 4, '0') FROM customer;
INSERT INTO contact (customer_id, name, purposes, phone, email)
SELECT id, 'Contact ' || to_hex(id), '{{technical}}', '+2721' || 1000000 + id, 'tech' || id || '@example.com' FROM customer
WHERE id % 3 = 0;
INSERT INTO note (customer_id, kind, text)
SELECT id, (CASE WHEN id % 20 = 0 THEN 'popup' ELSE 'note' END)::note_kind, 'called about the line' FROM customer
WHERE id % 4 = 0;
INSERT INTO external_id (system, value, customer_id) SELECT 'billing', 'B-' || id, id FROM customer WHERE id % 2 = 0;

INSERT INTO account (customer_id, package_id, user_name, blocked, cap_reached, ipv4_address, delegated_ipv6_prefix, routes)
SELECT id, (SELECT min(id) FROM package) + id % {packages}, lower(first_name) || id || '@example', id % 70 = 0, id % 90 = 0,
       CASE WHEN id % 10 = 0 THEN '100.64.0.0'::inet + id END,
       CASE WHEN id % 20 = 0 THEN ('2001:db8:' || to_hex(id / 256) || ':' || to_hex(id % 256 * 256) || '::/56')::cidr END,
       CASE WHEN id % 1000 = 0 THEN ARRAY[host('172.16.0.0'::inet + id / 1000 * 8) || '/29'] ELSE '{{}}' END
FROM customer;
INSERT INTO device (account_id, mac)
SELECT id, ('02' || lpad(to_hex(id), 10, '0'))::macaddr FROM account WHERE id % 2 = 0;
INSERT INTO package_change (account_id, package_id, activates_at)
SELECT id, package_id, now() + interval '10 days' FROM account WHERE id % 100 = 0;
INSERT INTO session (user_name, account_id, nas_address, acct_session_id, session_class, started_at, last_heard_at,
                     calling_station_id, ipv4_address, octets_in, octets_out, time_zone, billing_day)
SELECT user_name, id, '10.255.0.0'::inet + 1 + id % 20, to_hex(id * 7919), '0x544b' || md5(id::text),
       now() - id % 90000 * interval '1 second', now(),
       upper(translate(('02' || lpad(to_hex(id), 10, '0'))::macaddr::text, ':', '-')), '10.0.0.0'::inet + id,
       id * 1000, id * 9000, 'UTC', 1 FROM account WHERE id % 2 = 0;
SELECT make_session_partitions(now()::date, 1);
INSERT INTO session_history (id, user_name, account_id, nas_address, acct_session_id, started_at, last_heard_at,
                             calling_station_id, ipv4_address, session_seconds, octets_in, octets_out, time_zone, billing_day,
                             flags, points, stopped_at, state)
SELECT nextval('session_id_seq'), user_name, id, '10.255.0.0'::inet + 1 + id % 20, 'h' || to_hex(id) || day,
       now() - (day + 1) * interval '1 day', now() - day * interval '1 day',
       upper(translate(('02' || lpad(to_hex(id), 10, '0'))::macaddr::text, ':', '-')), '10.0.0.0'::inet + id,
       86400, id * 1000, id * 9000, 'UTC', 1, '{{}}', '[]', now() - day * interval '1 day', 'stopped'
FROM account, generate_series(1, 3) AS day;
INSERT INTO usage_day (account_id, day, period_start, octets_in, octets_out)
SELECT id, now()::date - day, date_trunc('month', now() - day * interval '1 day')::date, id * 1000, id * 9000
FROM account, generate_series(0, 9) AS day;

INSERT INTO invoice (customer_id, number, issued_on, due_on, amount_cents)
SELECT id, 'INV' || id, now()::date - 40, now()::date - 10, 10000 + id % 90000 FROM customer;
INSERT INTO payment (customer_id, receipt, received_on, amount_cents)
SELECT id, 'R' || id, now()::date - 5, 10000 + id % 90000 FROM customer WHERE id % 5 > 0;
INSERT INTO customer_balance
SELECT id, CASE WHEN id % 5 > 0 THEN 0 ELSE 10000 + id % 90000 END FROM customer;
