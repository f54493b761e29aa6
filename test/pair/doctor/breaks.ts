/**
 * How each check of `apmode doctor` is made to fail on a real pair, and how that is mended. Data: scripts for the console of a
 * machine. What can be broken at the same time is in one batch, so that doctor runs once for all of it.
 */
export interface Break {
  readonly check: string
  /** Where doctor says it. */
  readonly on: 'standby' | 'holder'
  /** Where it is broken and mended, if not there. */
  readonly at?: 'holder'
  readonly strike: string
  /** `as told`: what doctor says is typed. `follows`: another mend of the batch ends it. Otherwise a script. */
  readonly mend: 'as told' | 'follows' | (string & {})
  /** Takes away what the break left behind once it was mended. */
  readonly tidy?: string
}

export interface Batch {
  readonly name: string
  /** Before the words `apmode doctor`. */
  readonly environment?: string
  readonly breaks: readonly Break[]
  /** The machine puts it right by itself now and then, maybe before doctor has looked. */
  readonly putRight?: boolean
}

const CONF = '/etc/keepalived/keepalived.conf'
const standby = (check: string, strike: string, mend: Break['mend'] = 'as told', tidy?: string): Break => ({
  check,
  on: 'standby',
  strike,
  mend,
  ...(tidy === undefined ? {} : { tidy }),
})
const holder = (...given: Parameters<typeof standby>): Break => ({ ...standby(...given), on: 'holder' })
const edit = (check: string, expression: string) => standby(`keepalived.${check}`, `sed -i '${expression}' ${CONF}`)
/** Not into the binary log: it is about this machine alone. */
const sql = (text: string) => `mariadb -e "SET SESSION sql_log_bin = 0; ${text}"`
const drop = (hook: string, match: string) =>
  `nft add table inet doctor && nft add chain inet doctor ${hook} "{ type filter hook ${hook} priority 0; }" && ` +
  `nft add rule inet doctor ${hook} ${match} drop`
/** New connections alone: what is there already goes on. */
const NEW = "'tcp dport 3306 tcp flags & (fin | syn | rst | ack) == syn'"
const NO_TABLE = 'nft delete table inet doctor 2>/dev/null || true'

const FILES: readonly Break[] = [
  standby('files.password', 'chmod 0644 /etc/apmode/replication.password'),
  standby('files.fifo', 'chmod 0666 /run/apmode/vrrp.fifo'),
  standby('files.unfit', 'chmod 0666 /run/apmode/vrrp.unfit'),
  standby('files.mode', 'chmod 0666 /opt/ap-mode'),
  standby(
    'files.hooks',
    'mkdir -p /etc/apmode/hooks.d && install -m 0757 /bin/true /etc/apmode/hooks.d/90-anybodys',
    'as told',
    'rm /etc/apmode/hooks.d/90-anybodys',
  ),
  standby('files.state', 'chmod 0755 /var/lib/apmode'),
]

const KEEPALIVED: readonly Break[] = [
  edit('nopreempt', '/^ *nopreempt$/d'),
  edit('weight', 's/^    weight 0/    weight -20/'),
  edit('router-id', 's/virtual_router_id 50/virtual_router_id 51/'),
  edit('unicast', 's/^ *192.168.33.101$/192.168.33.109/'),
  edit('interface', 's/^    interface eth0/    interface eth9/'),
  edit('vip', 's#192.168.33.100/24#192.168.33.200/24#'),
  edit('adverts', 's/advert_int 0.1/advert_int 1/'),
  edit('events', '/vrrp_notify_fifo/d'),
  edit('fitness', '/^ *init_file/d'),
  edit('check', 's#"/usr/bin/apmode check"#"/usr/local/bin/anybodys"#'),
  edit('script-security', '/^ *enable_script_security/d'),
  edit('rendered', 's/vrrp_garp_master_repeat 5/vrrp_garp_master_repeat 3/'),
  standby('keepalived.accepted', `echo 'no_such_word 1' >> ${CONF}`),
  standby('keepalived.loaded', `touch ${CONF}`),
  standby(
    'keepalived.script-path',
    'install -m 0777 /bin/true /usr/local/bin/anybodys',
    'as told',
    'rm /usr/local/bin/anybodys',
  ),
  standby('keepalived.file', `chmod 0666 ${CONF}`),
]

const SETTINGS: readonly Break[] = [
  standby('mariadb.durable', sql('SET GLOBAL sync_binlog = 0')),
  standby('mariadb.binary-log', sql('SET GLOBAL binlog_format = MIXED')),
  standby('mariadb.strict', sql('SET GLOBAL gtid_strict_mode = 0')),
  standby('mariadb.server-id', sql('SET GLOBAL server_id = 1')),
  standby('mariadb.semi-sync', sql('SET GLOBAL rpl_semi_sync_master_timeout = 10000')),
  standby('mariadb.patience', sql('SET GLOBAL slave_net_timeout = 60')),
  standby('mariadb.connections', sql('SET GLOBAL max_connections = 40')),
  standby('mariadb.grants', sql("GRANT INSERT ON *.* TO 'replication'@'192.168.33.101'")),
  standby('mariadb.privileged', sql("GRANT READ ONLY ADMIN ON *.* TO probe@'%'")),
  standby(
    'mariadb.harmless-start',
    "printf '[mariadbd]\\nread_only = 0\\nsync_binlog = 0\\n' > /etc/mysql/mariadb.conf.d/99-later.cnf",
    'rm /etc/mysql/mariadb.conf.d/99-later.cnf',
  ),
  standby('mariadb.start-options', 'true', 'follows'),
]

const UNITS: readonly Break[] = [
  standby(
    'units.boot',
    'cp /usr/lib/systemd/system/ap.service /etc/systemd/system/ap.service && systemctl daemon-reload',
  ),
  standby(
    'units.restart',
    "mkdir -p /etc/systemd/system/mariadb.service.d && printf '[Service]\\nRestart=always\\n' > /etc/systemd/system/mariadb.service.d/override.conf && systemctl daemon-reload",
  ),
  standby('units.overridden', 'true', 'follows'),
  // Last, as every reload ends it.
  standby('units.stale', 'touch /usr/local/lib/systemd/system/api.service'),
]

const SYSTEM: readonly Break[] = [
  standby('system.space', 'mount -t tmpfs -o size=8m tmpfs /tmp', 'umount -l /tmp'),
  standby(
    'system.programs',
    'mv /usr/bin/mariadb-binlog /usr/bin/mariadb-binlog.away',
    'mv /usr/bin/mariadb-binlog.away /usr/bin/mariadb-binlog',
  ),
  standby('system.journal', 'mv /var/log/journal /var/log/journal.away', 'mv /var/log/journal.away /var/log/journal'),
  standby(
    'system.denials',
    'mkdir -p /var/log/audit && echo "type=AVC msg=audit($(date +%s).123:7): avc:  denied  { write } for pid=1 comm=\\"mariadbd\\" name=\\"mysql\\"" > /var/log/audit/audit.log',
    'rm -r /var/log/audit',
  ),
  standby(
    'system.versions',
    "printf '#!/bin/sh\\necho Keepalived v2.0.0 >&2\\n' > /root/old-keepalived && chmod 0755 /root/old-keepalived && mount --bind /root/old-keepalived /usr/sbin/keepalived",
    'umount /usr/sbin/keepalived',
  ),
]

const FIREWALL: readonly Break[] = [
  standby('network.vrrp-out', drop('output', 'meta l4proto 112'), 'as told', NO_TABLE),
  standby('network.sql-out', `nft add rule inet doctor output ${NEW} drop`, 'as told', NO_TABLE),
  standby('network.sql-in', drop('input', NEW), 'as told', NO_TABLE),
  standby('network.vip', 'ip address add 192.168.33.100/32 dev lo'),
]

const TOML = '/etc/apmode/apmode.toml'
const KEEP = `cp -p ${TOML} ${TOML}.kept`
const BACK = `mv ${TOML}.kept ${TOML}`
const said = (change: string) => sql(`UPDATE apmode.node SET ${change} WHERE node = 'host1'`)

const CONFIGURATION: readonly Break[] = [
  standby('files.loaded', KEEP, BACK),
  standby('units.known', `sed -i 's/api.service/no-such-api.service/' ${TOML}`, 'follows'),
  standby('network.interface', `sed -i 's/"eth0"/"eth9"/' ${TOML}`, 'follows'),
  standby('network.witness', `sed -i 's/^\\[vrrp\\]/[vrrp]\\nwitness = ["192.168.33.250"]/' ${TOML}`, 'follows'),
  standby('network.health', `printf '[health]\\nlisten = "127.0.0.1:8999"\\n' >> ${TOML}`, 'follows'),
  standby('pair.configuration', 'true', 'follows'),
]

/** A unit that listens on the VIP, and has begun to. */
const BINDER =
  "systemd-run --quiet --unit=binder python3 -c 'import socket, time; " +
  's = socket.create_server(("192.168.33.100", 8099)); time.sleep(600)\' && ' +
  'until ss -Hltn src 192.168.33.100 | grep -q :8099; do sleep 0.1; done'

/** What the other machine says, as this one reads it. It says it anew when its supervisor starts. */
const WORDS: readonly Break[] = [
  { ...standby('pair.word', said("version = '0.0.1', mode = 'm', at = at - INTERVAL 10 MINUTE")), at: 'holder' },
  standby('pair.versions', 'true', 'follows'),
  standby('pair.whole', 'true', 'follows'),
]

export const BATCHES: readonly Batch[] = [
  { name: 'files, units, settings', breaks: [...FILES, ...KEEPALIVED, ...SETTINGS, ...UNITS] },
  { name: 'the system and the firewall', breaks: [...SYSTEM, ...FIREWALL] },
  { name: 'another configuration', breaks: CONFIGURATION },
  { name: 'what the peer says', breaks: WORDS, putRight: true },
  {
    name: 'the machine that serves',
    breaks: [
      holder(
        'mariadb.engines',
        'mariadb -e "CREATE TABLE app.old (n INT PRIMARY KEY) ENGINE=MyISAM"',
        'as told',
        'mariadb -e "DROP TABLE app.old"',
      ),
      holder(
        'mariadb.keys',
        'mariadb -e "CREATE TABLE app.bare (n INT)"',
        'as told',
        'mariadb -e "DROP TABLE app.bare"',
      ),
      holder('mariadb.filters', sql("SET GLOBAL replicate_ignore_db = 'elsewhere'")),
      holder(
        'network.nonlocal-bind',
        `${KEEP} && printf '[[unit]]\\nname = "binder.service"\\nkind = "other"\\n' >> ${TOML} && ${BINDER}`,
        'as told',
        `systemctl stop binder; ${BACK}; rm /etc/sysctl.d/60-nonlocal-bind.conf; sysctl -qw net.ipv4.ip_nonlocal_bind=0`,
      ),
      holder('network.vrrp-in', drop('input', 'meta l4proto 112'), 'as told', NO_TABLE),
    ],
  },
  {
    name: 'another clock',
    environment:
      'LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1 FAKETIME=+60s FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1',
    breaks: [standby('pair.clock', 'true', 'follows')],
  },
  {
    name: 'a configuration with a fault',
    breaks: [standby('files.configuration', `${KEEP} && echo 'nonsense = 1' >> ${TOML}`, BACK)],
  },
  {
    name: 'a dead database',
    breaks: [
      standby('units.running', 'systemctl stop api mariadb'),
      standby('mariadb.answers', 'true', 'follows'),
      standby('pair.fit', 'sleep 0.3', 'follows'),
    ],
  },
  {
    name: 'a dead supervisor',
    breaks: [
      standby('units.supervisor', 'systemctl stop apmode.socket apmode.service', 'follows'),
      standby('units.files', 'systemctl enable api.service'),
      standby(
        'pair.login',
        'cp -p /etc/apmode/replication.password /root/kept && echo another > /etc/apmode/replication.password',
        'mv /root/kept /etc/apmode/replication.password && systemctl enable --now apmode.socket apmode.service',
      ),
      standby('pair.replication', 'mariadb -e "STOP SLAVE"'),
      standby('pair.acknowledged', 'true', 'follows'),
    ],
  },
]
