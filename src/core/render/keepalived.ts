/**
 * keepalived.conf for one machine, for keepalived 2.2.7 (Debian 12) and later. The text depends on nothing but the
 * configuration. Its invariant: no tracker has a weight, because `nopreempt` ignores priorities and only FAULT moves the
 * VIP. The reasons stand in the rendered file, where the administrator reads them.
 */
import type { Config, NodeConfig } from '../config.ts'

export const VRRP_FIFO = '/run/apmode/vrrp.fifo'
export const VRRP_UNFIT = '/run/apmode/vrrp.unfit'

/** Near the top, because the time until a take-over shrinks with the priority: (256 - priority) / 256 of an interval. */
const HIGHEST_PRIORITY = 251

/**
 * Two that stand by wait for the same silent holder, and their priorities alone tell them apart: a step of 75 is 0.29 of an
 * interval (29 ms at 0.1 s). On a virtual machine whose host is busy even a process in real time is late by 10 to 30 ms
 * (docs/surprises.md). The one that was faster is heard, and the other one never becomes master.
 */
const STEP_OF_MANY = 75

/**
 * Of a pair in the order of the file, of more the active one first. Whoever takes the VIP back can do so only with the highest
 * priority (and is the active one).
 */
export function priorityOf(config: Pick<Config, 'nodes'>, node: NodeConfig): number {
  const isMany = config.nodes.length > 2
  const isFirst = (one: NodeConfig) => one.preempt || (isMany && one.role === 'active')
  const order = [...config.nodes].sort((one, other) => Number(isFirst(other)) - Number(isFirst(one)))
  const place = Math.max(
    0,
    order.findIndex(({ name }) => name === node.name),
  )
  const step = isMany ? Math.min(STEP_OF_MANY, Math.floor((HIGHEST_PRIORITY - 1) / (order.length - 1))) : 1
  return HIGHEST_PRIORITY - place * step
}

function globalDefs(node: NodeConfig): string {
  return `global_defs {
    router_id ${node.name}

    # Sub-second intervals exist only in version 3.
    vrrp_version 3

    # Scripts run as root, and only when nobody else can change them; without script_user they would be disabled silently.
    # Before the FIFO: at a reload keepalived 2.2.7 looks for its user as soon as it reads that line, and drops the FIFO otherwise.
    script_user root
    enable_script_security

    # What happens is written here, in order; notify scripts run unordered. The FIFO is made by systemd-tmpfiles.
    vrrp_notify_fifo ${VRRP_FIFO}

    # A process that is scheduled too late looks dead to its peer: both would be master. Real time, never swapped out.
    # The limit (microseconds of computing without a pause; the default, 10000, kills keepalived on a slow machine, and so
    # did half a second on a busy one) stops a runaway.
    vrrp_rt_priority 50
    vrrp_rlimit_rttime 5000000
    vrrp_no_swap

    # After the start, listen for a second before claiming the VIP: the first adverts may be lost while the link settles.
    vrrp_startup_delay 1

    # An interface that comes late or goes away is a fault that ends when it is back, not an error in this file.
    dynamic_interfaces

    # The network learns where the VIP is: five announcements at once, five more after a second, one every 5 seconds (a machine
    # that was master wrongly may have been believed).
    vrrp_garp_master_repeat 5
    vrrp_garp_master_delay 1
    vrrp_garp_master_refresh 5
    # After a split both were master: the one that stays announces the VIP again, and the one that leaves makes sure
    # that it does (by sending one more advert).
    vrrp_garp_lower_prio_repeat 5
    vrrp_garp_lower_prio_delay 1
    vrrp_higher_prio_send_advert true
}`
}

function trackers(): string {
  return `# Fitness, written by the supervisor in the instant in which it changes: 0 fit, 1 unfit. keepalived watches the file and
# goes to FAULT (weight 0), which hands the VIP over at once. A missing file would count as fit; therefore init_file: where no
# supervisor has written since the boot, the machine starts unfit. Without "overwrite" a restart of keepalived alone
# keeps what the supervisor said.
track_file apmode_unfit {
    file ${VRRP_UNFIT}
    weight 0
    init_file 1
}

# The safety net: a machine without a working supervisor must not take the VIP, and a dead supervisor must never move it.
# So this exits 0 on the machine that holds the VIP, whatever the supervisor does, and elsewhere only when the supervisor
# answers. Not init_fail: it would begin in FAULT, which has a meaning; keepalived waits for the first result anyway.
vrrp_script apmode_check {
    script "/usr/bin/apmode check"
    interval 5
    # A script that takes longer counts as failed; it limits itself to less.
    timeout 3
    weight 0
    # One slow run on a busy machine means nothing.
    fall 2
    rise 1
    user root
}`
}

function preemption(config: Config, node: NodeConfig): string {
  if (!node.preempt)
    return `    # BACKUP and nopreempt on ${config.nodes.length > 2 ? 'all' : 'both'} machines: one that comes back never takes the VIP away. (With "state MASTER" nopreempt
    # would be void.)
    state BACKUP
    nopreempt`
  return `    # preempt = true: the VIP comes back to this machine, whose priority is the highest, when it has seen another one serve
    # for so many seconds. The delay counts only in "state BACKUP" and without nopreempt.
    state BACKUP
    preempt_delay ${config.vrrp.preemptDelay}`
}

/** Only of more than two machines there is something to say. */
function order(config: Config): string {
  if (config.nodes.length <= 2) return ''
  return `    # The highest of those that are there takes a VIP that nobody has. Far apart, so that two of them never claim it at once;
    # and if it happens (a cut that ends), the lower one gives way at the first advert that it hears.
`
}

function instance(config: Config, node: NodeConfig): string {
  const peers = config.nodes.filter((candidate) => candidate.name !== node.name)
  const unicast =
    peers.length === 0
      ? '    # One machine: there is no peer to talk to.'
      : `    # Unicast: works where multicast is filtered; adverts from anybody else are dropped.
    unicast_src_ip ${node.address}
    unicast_peer {
${peers.map((peer) => `        ${peer.address}`).join('\n')}
    }
    check_unicast_src
    # Without its own address the machine cannot be heard: FAULT until the address is there.
    track_src_ip`
  return `vrrp_instance ${config.vrrp.instance} {
${preemption(config, node)}

    # keepalived tracks this interface by itself: NIC down or no carrier is FAULT.
    interface ${node.interface}
    virtual_router_id ${config.vrrp.virtualRouterId}
${order(config)}    priority ${priorityOf(config, node)}
    # Seconds. A holder that falls silent is replaced after three of these.
    advert_int ${config.vrrp.advertInterval}

${unicast}

    virtual_ipaddress {
        ${config.vrrp.vip} dev ${node.interface}
    }
    # Removing the VIP must not take other addresses of the same network with it.
    promote_secondaries

    track_file {
        apmode_unfit
    }
    track_script {
        apmode_check
    }

    # No notify scripts: the FIFO tells everything. Where a FIFO cannot be used, these do the same; both at once are harmless.
    #   notify_master "/usr/bin/apmode notify master"
    #   notify_backup "/usr/bin/apmode notify backup"
    #   notify_fault  "/usr/bin/apmode notify fault"
    #   notify_stop   "/usr/bin/apmode notify stop"
}`
}

/** The whole file for `node`, which is one of the configuration's. */
export function renderKeepalived(config: Config, node: NodeConfig): string {
  const head = `# keepalived.conf of ${node.name}, made by: apmode render keepalived --node ${node.name}
# Belongs in /etc/keepalived/keepalived.conf, root:root, mode 0644. Check with: keepalived -t`
  return `${[head, globalDefs(node), trackers(), instance(config, node)].join('\n\n')}\n`
}
