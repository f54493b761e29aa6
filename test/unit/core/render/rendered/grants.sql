-- Made by: apmode render grants. Run it on each of the two machines:  apmode render grants | mariadb
-- Not into the binary log: accounts are each machine's own, and a transaction that only one of them has would keep it from
-- following the other.
SET SESSION sql_log_bin = 0;
-- In a password a backslash is a backslash.
SET SESSION sql_mode = CONCAT(@@SESSION.sql_mode, ',NO_BACKSLASH_ESCAPES');

-- For host1.
CREATE USER IF NOT EXISTS 'replication'@'192.168.33.101' IDENTIFIED BY 'secret';
-- The account may be there with another password.
ALTER USER 'replication'@'192.168.33.101' IDENTIFIED BY 'secret';
-- To replicate; to see how far replication and the binary log are.
GRANT REPLICATION SLAVE, SLAVE MONITOR, BINLOG MONITOR ON *.* TO 'replication'@'192.168.33.101';
-- To read everything: who leads, and the data, for apmode reclone. Every change is in the binary log, which it may read
-- anyway. It can write no row; MariaDB shows triggers and events only to who may make them too.
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO 'replication'@'192.168.33.101';

-- For host2.
CREATE USER IF NOT EXISTS 'replication'@'192.168.33.102' IDENTIFIED BY 'secret';
-- The account may be there with another password.
ALTER USER 'replication'@'192.168.33.102' IDENTIFIED BY 'secret';
-- To replicate; to see how far replication and the binary log are.
GRANT REPLICATION SLAVE, SLAVE MONITOR, BINLOG MONITOR ON *.* TO 'replication'@'192.168.33.102';
-- To read everything: who leads, and the data, for apmode reclone. Every change is in the binary log, which it may read
-- anyway. It can write no row; MariaDB shows triggers and events only to who may make them too.
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON *.* TO 'replication'@'192.168.33.102';
