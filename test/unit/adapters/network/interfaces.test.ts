import { expect, test } from 'vitest'
import { interfacesIn } from '../../../../src/adapters/network/interfaces.ts'

/** ip -json address show, iproute2 6.1, shortened. */
const SAID = JSON.stringify([
  { ifname: 'lo', addr_info: [{ family: 'inet', local: '127.0.0.1', prefixlen: 8, scope: 'host' }] },
  {
    ifname: 'eth0',
    addr_info: [
      { family: 'inet', local: '192.168.33.101', prefixlen: 24, scope: 'global' },
      { family: 'inet6', local: 'fe80::1', prefixlen: 64, scope: 'link' },
      { family: 'inet6', local: 'fd00::101', prefixlen: 64, scope: 'global' },
    ],
  },
  { ifname: 'eth1', addr_info: [] },
  {},
])

test('interfaces are told with what others can reach them by, without the loopback', () => {
  expect(interfacesIn(SAID)).toEqual([
    {
      name: 'eth0',
      addresses: [
        { address: '192.168.33.101', prefix: 24 },
        { address: 'fd00::101', prefix: 64 },
      ],
    },
    { name: 'eth1', addresses: [] },
  ])
  expect(interfacesIn('')).toEqual([])
})

test('what is no JSON is an error in a sentence', () => {
  expect(() => interfacesIn('Usage: ip')).toThrow('cannot list the interfaces')
})
