/**
 * What is in the machines' images: data only. An image's name is a hash of everything in its recipe.
 * Invariant: the image is an ordinary Debian 12 with the three services installed as Debian installs them; what the
 * tests need beside that (accounts, a table, a quiet timer list) is said here and nowhere else. A bare one has no service
 * at all, and those packages only in apt's cache, as a machine has them that can reach Debian.
 */

export interface Recipe {
  readonly packages: readonly string[]
  /** For mmdebstrap, beside those of every image. */
  readonly options: readonly string[]
  /** Runs inside the new image, as root, with the seed on its standard input. */
  readonly customize: string
  readonly seed: string
}

export const SUITE = 'bookworm'

/** No Node among them, on purpose: the machines have only the one that the package brings. */
export const PACKAGES: readonly string[] = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'iproute2',
  'iputils-ping',
  'procps',
  'psmisc',
  'nftables',
  'less',
  'curl',
  // For a clock that jumps, in single services: containers share the kernel's.
  'libfaketime',
  'keepalived',
  'mariadb-server',
  'python3-minimal',
  'python3-pymysql',
  // What packages bring for people, and how another system installs them.
  'bash-completion',
  'man-db',
  'rpm',
]

/** Passwords of the lab's accounts; they open nothing but throw-away machines without a network. */
export const PROBE = { user: 'probe', password: 'probe', database: 'app' } as const
export const SAMPLER = { user: 'sampler', password: 'sampler' } as const

/**
 * Given to `mariadbd --bootstrap` while the image is made: no binary log is written, so both machines of a pair start
 * with the same rows and an empty GTID position. The accounts have no right to write while read_only is on.
 */
export const SEED_SQL = [
  'FLUSH PRIVILEGES;',
  `CREATE DATABASE ${PROBE.database};`,
  `CREATE TABLE ${PROBE.database}.entry (n BIGINT PRIMARY KEY, at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), via VARCHAR(64)) ENGINE=InnoDB;`,
  `CREATE USER ${PROBE.user}@'%' IDENTIFIED BY '${PROBE.password}';`,
  `GRANT SELECT, INSERT ON ${PROBE.database}.* TO ${PROBE.user}@'%';`,
  `CREATE USER ${SAMPLER.user}@localhost IDENTIFIED BY '${SAMPLER.password}';`,
  'CREATE USER api@localhost IDENTIFIED VIA unix_socket;',
  `GRANT SELECT, INSERT ON ${PROBE.database}.* TO api@localhost;`,
  '',
].join('\n')

/** Runs inside the new image, as root, with the seed on its standard input. */
export const CUSTOMIZE = `set -eu
useradd --system --no-create-home --shell /usr/sbin/nologin api
install -d -o mysql -g mysql /run/mysqld
mariadbd --no-defaults --user=mysql --datadir=/var/lib/mysql --bootstrap
rm -rf /run/mysqld
install -d /var/log/journal
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \\
  fstrim.timer man-db.timer systemd-tmpfiles-clean.timer console-getty.service getty.target systemd-networkd-wait-online.service
: > /etc/resolv.conf
`

export const FURNISHED: Recipe = { packages: PACKAGES, options: [], customize: CUSTOMIZE, seed: SEED_SQL }

/** What can be installed on a bare machine without a network. */
const IN_CACHE = ['keepalived', 'mariadb-server', 'nginx']

export const BARE: Recipe = {
  // sudo, less, vim and the like are no matter; ssh is how two machines are set up.
  packages: [
    'systemd',
    'systemd-sysv',
    'dbus',
    'iproute2',
    'iputils-ping',
    'procps',
    'openssh-server',
    'openssh-client',
  ],
  options: [
    '--skip=cleanup/apt',
    `--customize-hook=APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes --download-only install ${IN_CACHE.join(' ')}`,
  ],
  customize: `set -eu
install -d /var/log/journal
echo 'APT::Install-Recommends "false";' > /etc/apt/apt.conf.d/90lab
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \\
  fstrim.timer systemd-tmpfiles-clean.timer console-getty.service getty.target systemd-networkd-wait-online.service
: > /etc/resolv.conf
`,
  seed: '',
}
