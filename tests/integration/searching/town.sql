-- Customers of whom each differs in something: tests/integration/searching/conftest.py
INSERT INTO reseller (name) VALUES ('Karoo Net');
INSERT INTO reseller (name, parent_id) SELECT 'Karoo West', id FROM reseller;
INSERT INTO customer_group (name) VALUES ('Homes'), ('Shops');
INSERT INTO package (name, download_bps, upload_bps, cap_octets)
VALUES ('Home 50', 50000000, 10000000, 100000000000), ('Home 10', 10000000, 2000000, NULL);
INSERT INTO nas (name, address, secret) VALUES ('edge1', '192.0.2.1', ''), ('edge2', '192.0.2.2', '');
INSERT INTO customer (code, group_id, reseller_id, type, title, first_name, last_name, company_name, phone, email,
                      billing_email, disabled, suspended, deleted_at, expires_at, billing_group, payment_method, labels,
                      category, portal_user_name, created_at, kind)
VALUES
('FRI001', 1, NULL, 'individual', 'Dr', 'Frikkie', 'Visser', NULL, '+27 82 555 1234', 'frikkie@example.net', NULL,
 false, false, NULL, NULL, 'A', 'debit order', '{fibre,north}', 'VIP', 'frikkie.v', '2026-01-01', 'residential'),
('VIS001', 2, NULL, 'company', NULL, 'Ann', 'Botha', 'Visser & Sons 100% Meat', '021 555 0100', NULL,
 'accounts@visser.example', false, false, NULL, NULL, 'B', 'eft', '{fibre}', NULL, NULL, '2026-02-01', 'normal'),
('BRA001', 2, NULL, 'individual', NULL, 'Bram', 'Nel', NULL, NULL, NULL, NULL, false, true, NULL, NULL, NULL, NULL,
 '{}', NULL, NULL, '2026-03-01', 'normal'),
('DIS001', 1, NULL, 'individual', NULL, 'Dina', 'Smit', NULL, NULL, NULL, NULL, true, true, NULL, NULL, NULL, NULL, '{}',
 NULL, NULL, '2026-04-01', 'normal'),
('EXP001', 1, NULL, 'individual', NULL, 'Elsa', 'Roux', NULL, NULL, NULL, NULL, false, true, NULL, '2026-05-05', NULL, NULL,
 '{}', NULL, NULL, '2026-05-01', 'normal'),
('DEL001', 1, NULL, 'individual', NULL, 'Daan', 'Gous', NULL, NULL, NULL, NULL, true, false, '2026-06-06', NULL, NULL, NULL,
 '{}', NULL, NULL, '2026-06-01', 'normal'),
('KAR001', 1, 1, 'individual', NULL, 'Karel', 'Kies', NULL, NULL, 'karel_k@example.net', NULL, false, false, NULL, NULL,
 NULL, NULL, '{}', NULL, NULL, '2026-07-01', 'normal'),
('WES001', 1, 2, 'individual', NULL, 'Wessel', 'Kies', NULL, NULL, 'karelxk@example.net', NULL, false, false, NULL, NULL,
 NULL, NULL, '{}', NULL, NULL, '2026-08-01', 'normal');
UPDATE customer SET parent_id = (SELECT id FROM customer WHERE code = 'VIS001') WHERE code = 'BRA001';
INSERT INTO contact (customer_id, name, phone, email)
SELECT id, 'Oom Jan', '+27215550177', 'jan@visser.example' FROM customer WHERE code = 'VIS001';
INSERT INTO address (customer_id, street, city, postal_code)
SELECT id, '12 Kerk Street', 'Carnarvon', '8925' FROM customer WHERE code = 'FRI001';
INSERT INTO external_id (system, value, customer_id) SELECT 'sage', 'C-10442', id FROM customer WHERE code = 'FRI001';
INSERT INTO account (customer_id, package_id, user_name, ipv4_address, delegated_ipv6_prefix, routes)
SELECT id, 1, 'frikkie@example', NULL::inet, NULL::cidr, '{}'::text[] FROM customer WHERE code = 'FRI001'
UNION ALL SELECT id, 2, 'Office_1@visser', '198.51.100.7', '2001:db8:1:100::/56', '{"203.0.113.0/29 198.51.100.7 1"}'
FROM customer WHERE code = 'VIS001'
UNION ALL SELECT id, 1, 'karel@example', NULL, NULL, '{}' FROM customer WHERE code = 'KAR001';
INSERT INTO device (account_id, mac, description)
SELECT id, '00:00:5e:00:53:01', 'router' FROM account WHERE user_name = 'frikkie@example';
INSERT INTO session (user_name, account_id, nas_address, acct_session_id, started_at, last_heard_at, calling_station_id,
                     ipv4_address, ipv6_prefix, octets_in, octets_out, session_seconds, time_zone, billing_day)
SELECT user_name, id, '192.0.2.1', '8A00F1', now() - interval '1 hour', now(), '00-00-5E-00-53-AA:home', '100.64.0.9',
       '2001:db8:9:1::/64', 1000, 9000, 3600, 'UTC', 1 FROM account WHERE user_name = 'frikkie@example';
INSERT INTO session_history (id, user_name, account_id, nas_address, acct_session_id, started_at, last_heard_at,
                             calling_station_id, ipv4_address, session_seconds, octets_in, octets_out, time_zone,
                             billing_day, flags, points, stopped_at, state)
SELECT 900, user_name, id, '192.0.2.2', '8A00F0', now() - interval '3 hours', now() - interval '2 hours',
       '00-00-5E-00-53-AA:home', '100.64.0.8', 3600, 5, 6, 'UTC', 1, '{}', '[]', now() - interval '2 hours', 'stopped'
FROM account WHERE user_name = 'frikkie@example';
INSERT INTO invoice (customer_id, number, issued_on, due_on, amount_cents)
SELECT id, 'INV-' || code, '2026-08-01', '2026-08-31', CASE code WHEN 'FRI001' THEN 49950 ELSE 10000 END
FROM customer WHERE code IN ('FRI001', 'BRA001');
INSERT INTO payment (customer_id, receipt, received_on, amount_cents)
SELECT id, 'REC-7', '2026-08-01', 12345 FROM customer WHERE code = 'VIS001';
