-- Made by: apmode render grants. Run it on one member, the others get it from there (on each before there is a cluster):  apmode render grants | mariadb
-- In a password a backslash is a backslash.
SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_BACKSLASH_ESCAPES');

-- For host1.
CREATE USER IF NOT EXISTS 'replication'@'192.168.33.101' IDENTIFIED BY 'secret';
-- The account may be there with another password.
ALTER USER 'replication'@'192.168.33.101' IDENTIFIED BY 'secret';
-- To see who leads, what the other supervisor says of its machine, and whether it replicates from outside. It can write no row.
GRANT SLAVE MONITOR, SELECT ON *.* TO 'replication'@'192.168.33.101';

-- For host2.
CREATE USER IF NOT EXISTS 'replication'@'192.168.33.102' IDENTIFIED BY 'secret';
-- The account may be there with another password.
ALTER USER 'replication'@'192.168.33.102' IDENTIFIED BY 'secret';
-- To see who leads, what the other supervisor says of its machine, and whether it replicates from outside. It can write no row.
GRANT SLAVE MONITOR, SELECT ON *.* TO 'replication'@'192.168.33.102';

-- For host3.
CREATE USER IF NOT EXISTS 'replication'@'192.168.33.103' IDENTIFIED BY 'secret';
-- The account may be there with another password.
ALTER USER 'replication'@'192.168.33.103' IDENTIFIED BY 'secret';
-- To see who leads, what the other supervisor says of its machine, and whether it replicates from outside. It can write no row.
GRANT SLAVE MONITOR, SELECT ON *.* TO 'replication'@'192.168.33.103';
