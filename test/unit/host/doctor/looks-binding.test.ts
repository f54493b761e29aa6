import { expect, test } from 'vitest'
import { lookAtBinding } from '../../../../src/host/doctor/looks-binding.ts'
import { examinationOf } from '../../../fakes/examination.ts'
import { CONFIG, unitOf } from '../../core/doctor/healthy.ts'

const SOCKET = 'tcp LISTEN 0 128 192.168.33.100:80 0.0.0.0:* users:(("nginx",pid=12,fd=5),("nginx",pid=13,fd=5))\n'

/** A machine on which these programs say so, and nginx.service is in that state. */
function machine(said: Readonly<Record<string, string>>, nginx = 'active') {
  const asked: string[] = []
  const outside = examinationOf({
    run: async (argv) => {
      asked.push(argv.join(' '))
      return { code: 0, out: said[argv[0] ?? ''] ?? '', err: '' }
    },
    units: async (names) => names.map((name) => unitOf(name, name === 'nginx.service' ? { active: nginx } : {})),
  })
  return { outside, asked }
}

test('who listens on the VIP is known by the unit of its process, and only units that run everywhere count', async () => {
  const { outside, asked } = machine({ sysctl: '0\n', ss: SOCKET, ps: 'nginx.service\nnginx.service\nssh.service\n' })
  expect(await lookAtBinding(outside, CONFIG)).toEqual({ nonlocal: false, bound: ['nginx.service'], refused: [] })
  expect(asked).toContain('ps -o unit= -p 12,13')
  expect(asked.join()).not.toContain('journalctl')
})

test('one that is down and was refused the address is found by its last words', async () => {
  const words = 'Starting frontend web: cannot bind socket (Cannot assign requested address) [192.168.33.100:80]'
  const { outside } = machine({ sysctl: '0\n', journalctl: words }, 'failed')
  expect(await lookAtBinding(outside, CONFIG)).toMatchObject({ bound: [], refused: ['nginx.service'] })
  const other = machine({ sysctl: '1\n', journalctl: 'segmentation fault' }, 'failed')
  expect(await lookAtBinding(other.outside, CONFIG)).toEqual({ nonlocal: true, bound: [], refused: [] })
})

test('an address of IPv6 has its own switch', async () => {
  const { outside, asked } = machine({ sysctl: '1\n' })
  await lookAtBinding(outside, { ...CONFIG, vrrp: { ...CONFIG.vrrp, vip: '2001:db8::1/64' } })
  expect(asked).toContain('sysctl -n net.ipv6.ip_nonlocal_bind')
})
