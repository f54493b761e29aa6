/** The checks of what keepalived.conf says of the pair: one VIP, one number, two addresses, and how it hears apmode. Data. */
import type { NodeConfig } from '../config.ts'
import { VRRP_FIFO, VRRP_UNFIT } from '../render/keepalived.ts'
import type { Check } from './check.ts'
import { all, blockOf, has, settingOf } from './keepalived-file.ts'
import { rule } from './keepalived-rule.ts'

const addressesOf = (nodes: readonly NodeConfig[]) => nodes.map(({ address }) => address).join(', ')

export const KEEPALIVED_VRRP: readonly Check[] = [
  rule({
    id: 'keepalived.nopreempt',
    title: 'state BACKUP and nopreempt',
    looks: 'vrrp_instance: state, nopreempt (the other machine: its own doctor)',
    why: 'A machine that comes back would take the VIP away; with state MASTER nopreempt is void.',
    good: ({ config: { node } }) => (node.preempt ? 'state BACKUP, preempts' : 'state BACKUP, nopreempt'),
    wrong: ({ config: { node }, instance }) => [
      ...(settingOf(instance, 'state') === 'BACKUP' ? [] : [`state ${settingOf(instance, 'state') ?? 'is missing'}`]),
      ...(node.preempt || has(instance, 'nopreempt') ? [] : ['nopreempt is missing']),
      ...(node.preempt && has(instance, 'nopreempt') ? ['nopreempt, though preempt = true here'] : []),
    ],
  }),
  rule({
    id: 'keepalived.weight',
    title: 'every tracker has weight 0',
    looks: 'weight of each track_file and vrrp_script, and where the instance tracks them',
    why: 'nopreempt ignores priorities: with a weight the VIP does not move at all.',
    good: () => 'none has another one',
    wrong: ({ tree, instance }) => {
      const trackers = [...all(tree, 'vrrp_track_file'), ...all(tree, 'track_file'), ...all(tree, 'vrrp_script')]
      const own = trackers.map(({ words, block }) => ({
        name: words[1] ?? '',
        weight: settingOf(block, 'weight') ?? '0',
      }))
      const tracked = ['track_file', 'track_script', 'track_interface', 'track_process'].flatMap((name) =>
        blockOf(instance, name).map(({ words }) => ({
          name: words[0] ?? '',
          weight: words[words.indexOf('weight') + 1] ?? '0',
        })),
      )
      const weighed = [...own, ...tracked.filter(({ name, weight }) => weight !== name)]
      return weighed
        .filter(({ weight }) => Number(weight) !== 0)
        .map(({ name, weight }) => `${name} has weight ${weight}`)
    },
  }),
  rule({
    id: 'keepalived.router-id',
    title: "the virtual_router_id is the pair's",
    looks: 'vrrp_instance: virtual_router_id, against vrrp.virtual_router_id',
    why: 'With two numbers the machines do not hear each other: both are MASTER.',
    good: ({ config }) => String(config.vrrp.virtualRouterId),
    wrong: ({ config, instance }) => {
      const found = settingOf(instance, 'virtual_router_id')
      const wanted = String(config.vrrp.virtualRouterId)
      return found === wanted ? [] : [`found ${found ?? 'none'}, expected ${wanted}`]
    },
  }),
  rule({
    id: 'keepalived.unicast',
    title: 'adverts go from this machine to every other one, and to nobody else',
    looks: 'vrrp_instance: unicast_src_ip, unicast_peer, check_unicast_src, against [[node]]',
    why: 'A wrong address is silence: two machines are MASTER.',
    good: ({ config: { node, peers } }) =>
      peers.length === 0 ? 'there is no peer' : `from ${node.address} to ${addressesOf(peers)}`,
    wrong: ({ config: { node, peers }, instance }) => {
      if (peers.length === 0) return []
      const source = settingOf(instance, 'unicast_src_ip')
      const found = blockOf(instance, 'unicast_peer').map(({ words }) => words[0] ?? '')
      const wanted = peers.map(({ address }) => address)
      return [
        ...(source === node.address ? [] : [`unicast_src_ip ${source ?? 'is missing'}, expected ${node.address}`]),
        ...(found.toSorted().join() === wanted.toSorted().join()
          ? []
          : [`unicast_peer ${found.join(', ') || 'is missing'}, expected ${addressesOf(peers)}`]),
        ...(has(instance, 'check_unicast_src') ? [] : ['check_unicast_src is missing']),
      ]
    },
  }),
  rule({
    id: 'keepalived.interface',
    title: 'the instance is on the configured interface',
    looks: 'vrrp_instance: interface, against the interface of this [[node]]',
    why: 'keepalived watches the carrier of that one, and apmode looks for the VIP there.',
    good: ({ config }) => config.node.interface,
    wrong: ({ config: { node }, instance }) => {
      const found = settingOf(instance, 'interface')
      return found === node.interface ? [] : [`found ${found ?? 'none'}, expected ${node.interface}`]
    },
  }),
  rule({
    id: 'keepalived.vip',
    title: 'the VIP is the configured one, and the only one',
    looks: 'vrrp_instance: virtual_ipaddress, against vrrp.vip',
    why: 'Who serves is known by the VIP on the interface; another one would never be seen there.',
    good: ({ config }) => config.vrrp.vip,
    wrong: ({ config, instance }) => {
      const found = blockOf(instance, 'virtual_ipaddress').map(({ words }) => words[0] ?? '')
      return found.join() === config.vrrp.vip
        ? []
        : [`found ${found.join(', ') || 'none'}, expected ${config.vrrp.vip}`]
    },
  }),
  rule({
    id: 'keepalived.adverts',
    title: 'VRRP version 3, and the interval of the pair',
    looks: 'vrrp_version and advert_int, against vrrp.advert_interval',
    why: 'Version 2 rounds to whole seconds; two intervals make one machine think that the other one is dead.',
    good: ({ config }) => `version 3, every ${config.vrrp.advertInterval} s`,
    wrong: ({ config, tree, instance }) => {
      const interval = settingOf(instance, 'advert_int')
      const version = settingOf(blockOf(tree, 'global_defs'), 'vrrp_version')
      return [
        ...(version === '3' ? [] : [`vrrp_version ${version ?? 'is missing'}, expected 3`]),
        ...(Number(interval) === config.vrrp.advertInterval
          ? []
          : [`advert_int ${interval ?? 'is missing'}, expected ${config.vrrp.advertInterval}`]),
      ]
    },
  }),
  rule({
    id: 'keepalived.events',
    title: 'keepalived tells apmode what it does',
    looks: 'global_defs: vrrp_notify_fifo; or the notify scripts of the instance',
    why: 'Without it the supervisor learns of a takeover at its next look only.',
    good: ({ tree }) =>
      settingOf(blockOf(tree, 'global_defs'), 'vrrp_notify_fifo') === VRRP_FIFO ? VRRP_FIFO : 'notify scripts',
    wrong: ({ tree, instance }) => {
      const fifo = settingOf(blockOf(tree, 'global_defs'), 'vrrp_notify_fifo')
      if (fifo === VRRP_FIFO) return []
      const scripts = ['notify_master', 'notify_backup', 'notify_fault']
      const told = (name: string) =>
        /apmode notify/.test(settingOf(instance, name) ?? settingOf(instance, 'notify') ?? '')
      if (scripts.every(told)) return []
      return [`vrrp_notify_fifo ${fifo ?? 'is missing'}, expected ${VRRP_FIFO}; and no notify scripts`]
    },
  }),
  rule({
    id: 'keepalived.fitness',
    title: 'keepalived follows the tracked file, and begins unfit',
    looks: `track_file: ${VRRP_UNFIT}, init_file 1, tracked by the instance`,
    why: 'It is how a dead unit moves the VIP at once; a file that is missing would count as fit.',
    good: () => `${VRRP_UNFIT}, init_file 1`,
    wrong: ({ tree, instance }) => {
      const file = [...all(tree, 'vrrp_track_file'), ...all(tree, 'track_file')].find(
        ({ block }) => settingOf(block, 'file') === VRRP_UNFIT,
      )
      if (file === undefined) return [`no track_file with ${VRRP_UNFIT}`]
      const name = file.words[1] ?? ''
      const tracked = blockOf(instance, 'track_file').some(({ words }) => words[0] === name)
      const start = settingOf(file.block, 'init_file') ?? ''
      return [
        ...(/^1\b/.test(start) ? [] : [`init_file ${start || 'is missing'}, expected 1`]),
        ...(tracked ? [] : [`the instance does not track ${name}`]),
      ]
    },
  }),
  rule({
    id: 'keepalived.check',
    title: 'a machine without a working supervisor does not take the VIP',
    looks: 'vrrp_script: /usr/bin/apmode check, tracked by the instance',
    why: 'The tracked file of a dead supervisor still says what it said last.',
    good: () => '/usr/bin/apmode check',
    wrong: ({ tree, instance }) => {
      const script = all(tree, 'vrrp_script').find(({ block }) =>
        /^\/usr\/bin\/apmode check\b/.test(settingOf(block, 'script') ?? ''),
      )
      if (script === undefined) return ['no vrrp_script runs "/usr/bin/apmode check"']
      const name = script.words[1] ?? ''
      const tracked = blockOf(instance, 'track_script').some(({ words }) => words[0] === name)
      return tracked ? [] : [`the instance does not track ${name}`]
    },
  }),
  rule({
    id: 'keepalived.script-security',
    title: "scripts run as root, and only those that are root's",
    looks: 'global_defs: enable_script_security, script_user',
    why: "Without a user keepalived disables its scripts, and says so only in its log; without the check anybody's run as root.",
    good: () => 'enable_script_security, script_user root',
    wrong: ({ tree }) => {
      const globals = blockOf(tree, 'global_defs')
      const user = settingOf(globals, 'script_user')
      return [
        ...(has(globals, 'enable_script_security') ? [] : ['enable_script_security is missing']),
        ...(/^root\b/.test(user ?? '') ? [] : [`script_user ${user ?? 'is missing'}, expected root`]),
      ]
    },
  }),
]
