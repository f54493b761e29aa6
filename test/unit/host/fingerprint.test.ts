import { expect, test } from 'vitest'
import type { Config } from '../../../src/core/config.ts'
import { fingerprint } from '../../../src/host/fingerprint.ts'
import { changed, configOf, EXAMPLE, GALERA, THREE } from '../core/config/example.ts'

const on = (hostname: string, text = EXAMPLE): Config => configOf(text, { hostname, nodeFile: null })

test('it is twelve hexadecimal digits', () => {
  expect(fingerprint(on('host1'))).toMatch(/^[0-9a-f]{12}$/)
})

test('the two machines of one file agree', () => {
  expect(fingerprint(on('host2'))).toBe(fingerprint(on('host1')))
})

test('so do the three of one file', () => {
  const names = ['host1', 'host2', 'host3']
  expect(new Set(names.map((name) => fingerprint(on(name, THREE)))).size).toBe(1)
})

test('so do the members of a Galera cluster, each of which listens on its own address', () => {
  const names = ['host1', 'host2', 'host3']
  expect(new Set(names.map((name) => fingerprint(on(name, GALERA)))).size).toBe(1)
  expect(fingerprint(on('host1', `${GALERA}[health]\nlisten = "0.0.0.0:8008"\n`))).not.toBe(
    fingerprint(on('host1', GALERA)),
  )
})

test('comments, and the order in which the machines stand, make no difference', () => {
  const swapped = EXAMPLE.replace(/(\[\[node\]\][^[]*)(\[\[node\]\][^[]*)/, '$2$1')
  expect(swapped).not.toBe(EXAMPLE)
  expect(fingerprint(on('host1', swapped))).toBe(fingerprint(on('host1')))
  expect(fingerprint(on('host1', `# another comment\n${EXAMPLE}`))).toBe(fingerprint(on('host1')))
})

test.each<[string, string, string]>([
  ['VIP', '192.168.33.100/24', '192.168.33.99/24'],
  ['address of a machine', '192.168.33.102', '192.168.33.103'],
  ['router id', 'virtual_router_id = 50', 'virtual_router_id = 51'],
  ['unit', 'nginx.service', 'httpd.service'],
  ['durability', '"semi-sync"', '"async"'],
])('another %s is told', (_what, from, to) => {
  expect(fingerprint(on('host1', changed(EXAMPLE, [from, to])))).not.toBe(fingerprint(on('host1')))
})
