import { describe, expect, test } from 'vitest'
import { mariadb } from '../../../../src/core/doctor/check.ts'
import { type Packet, parseRuleset, passage } from '../../../../src/core/doctor/firewall.ts'
import { flat, instanceOf, parseKeepalived, scriptsIn } from '../../../../src/core/doctor/keepalived-file.ts'
import { startOptionsIn } from '../../../../src/core/doctor/start-options.ts'

describe('keepalived.conf is read', () => {
  test('with comments, quotes, and braces on lines of their own', () => {
    const tree = parseKeepalived(`! a comment
global_defs { router_id "host 1" } # another
vrrp_instance VI_1
{
  unicast_peer { 10.0.0.1 }
  notify_master "/usr/bin/apmode notify master" root
  advert_int 0.1   ! why
}
`)
    expect(flat(tree)).toEqual([
      'global_defs / router_id host 1',
      'vrrp_instance VI_1 / unicast_peer / 10.0.0.1',
      'vrrp_instance VI_1 / notify_master /usr/bin/apmode notify master root',
      'vrrp_instance VI_1 / advert_int 0.1',
    ])
    expect(instanceOf(tree, 'VI_1')).toHaveLength(3)
    expect(scriptsIn(tree)).toEqual(['/usr/bin/apmode'])
  })

  test.each(['}', '{', '}}{{', 'a { b', '"open', '#', ''])('to an end, whatever stands there: %j', (text) => {
    expect(Array.isArray(parseKeepalived(text))).toBe(true)
  })
})

describe('a start of MariaDB', () => {
  test('is known from --print-defaults: the last one counts, names and values have many spellings', () => {
    const text = `mariadbd would have been started with the following arguments:
--user=mysql --read-only=0 --skip-slave-start --loose-rpl_x=off --init_connect=SET a = b --read_only=ON `
    expect(startOptionsIn(text)).toEqual({
      user: 'MYSQL',
      read_only: '1',
      skip_slave_start: '1',
      rpl_x: '0',
      init_connect: 'SET A = B',
    })
  })
})

test('SQL in a command survives the shell', () => {
  expect(mariadb('ALTER TABLE `a`.`$b` COMMENT "\\"')).toBe(
    'mariadb -e "ALTER TABLE \\`a\\`.\\`\\$b\\` COMMENT \\"\\\\\\""',
  )
})

const PACKET: Packet = {
  hook: 'input',
  interface: 'eth0',
  from: '10.0.0.1',
  to: '10.0.0.2',
  protocol: 'tcp',
  port: 3306,
}
const VRRP: Packet = { ...PACKET, protocol: 'vrrp' }
const match = (left: object, right: unknown, op = '==') => ({ match: { op, left, right } })
const payload = (protocol: string, field: string) => ({ payload: { protocol, field } })
const meta = (key: string) => ({ meta: { key } })
const DROP = { drop: null }
const ACCEPT = { accept: null }
const chain = (name: string, more: object = {}) => ({ chain: { family: 'inet', table: 't', name, ...more } })
const base = (policy: string) => chain('in', { type: 'filter', hook: 'input', prio: 0, policy })
const rule = (expr: readonly object[], name = 'in') => ({ rule: { family: 'inet', table: 't', chain: name, expr } })
const outcome = (packet: Packet, ...items: readonly object[]) =>
  passage(parseRuleset(JSON.stringify({ nftables: [{ metainfo: {} }, ...items] })), packet).outcome

describe('the firewall', () => {
  const port = match(payload('tcp', 'dport'), { set: [22, 3306] })
  const peer = match(payload('ip', 'saddr'), { prefix: { addr: '10.0.0.0', len: 24 } })
  const syn = match({ '&': [payload('tcp', 'flags'), ['fin', 'syn', 'rst', 'ack']] }, 'syn')

  test.each<[string, string, Packet, readonly object[]]>([
    ['without a rule lets everything through', 'passes', PACKET, []],
    ['with the policy accept lets through what no rule drops', 'passes', PACKET, [base('accept')]],
    ['with the policy drop drops what no rule accepts', 'dropped', PACKET, [base('drop')]],
    ['accepts a port of a set', 'passes', PACKET, [base('drop'), rule([peer, port, ACCEPT])]],
    [
      'accepts a range of ports',
      'passes',
      PACKET,
      [base('drop'), rule([match(payload('tcp', 'dport'), { range: [3000, 4000] }), ACCEPT])],
    ],
    ['does not take VRRP for TCP', 'dropped', VRRP, [base('drop'), rule([peer, port, ACCEPT])]],
    ['knows VRRP by its number', 'passes', VRRP, [base('drop'), rule([match(meta('l4proto'), 112), ACCEPT])]],
    [
      'knows VRRP by its name',
      'dropped',
      VRRP,
      [base('accept'), rule([match(payload('ip', 'protocol'), 'vrrp'), DROP])],
    ],
    ['drops what opens a connection', 'dropped', PACKET, [base('accept'), rule([port, syn, DROP])]],
    [
      'takes a new connection for new',
      'dropped',
      PACKET,
      [base('drop'), rule([match({ ct: { key: 'state' } }, ['established', 'related'], 'in'), ACCEPT])],
    ],
    ['looks at the interface', 'passes', PACKET, [base('accept'), rule([match(meta('iifname'), 'eth1'), DROP])]],
    ['reads "not"', 'dropped', PACKET, [base('accept'), rule([match(meta('iifname'), 'lo', '!='), DROP])]],
    [
      'follows jumps, and comes back',
      'dropped',
      PACKET,
      [
        base('drop'),
        chain('more'),
        rule([{ jump: { target: 'more' } }]),
        rule([match(payload('tcp', 'dport'), 22), ACCEPT], 'more'),
      ],
    ],
    [
      'follows jumps to their verdict',
      'passes',
      PACKET,
      [base('drop'), chain('more'), rule([{ jump: { target: 'more' } }]), rule([ACCEPT], 'more')],
    ],
    [
      'is unclear where a rule is not understood',
      'unclear',
      PACKET,
      [base('drop'), rule([{ xt: { type: 'match' } }, ACCEPT])],
    ],
    [
      'is unclear with a named set',
      'unclear',
      PACKET,
      [base('drop'), rule([match(payload('ip', 'saddr'), '@peers'), ACCEPT])],
    ],
    ['is unclear with a limit', 'unclear', PACKET, [base('accept'), rule([{ limit: { rate: 1 } }, DROP])]],
    [
      'is not unclear about what does not concern the packet',
      'passes',
      PACKET,
      [base('accept'), rule([match(payload('udp', 'dport'), 53), { xt: {} }, DROP])],
    ],
  ])('%s', (_name, expected, packet, items) => {
    expect(outcome(packet, ...items)).toBe(expected)
  })
})
